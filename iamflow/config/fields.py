"""The types of settings: durations, account ids, references to secrets."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer

from iamflow.domain.ids import AccountId

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_duration(value: object) -> timedelta:
    """Return the duration that ``7d``, ``48h``, ``90s``, ``30m`` or ``1w`` stands for; a sum such as ``1d 12h`` too.

    A bare number is refused: 7 could be days or seconds, and a wait must not be shortened by a guess.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        message = f"a duration needs a unit, such as 7d, 48h, 90s: not {value!r}"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
    text = value.strip().lower()
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        message = f"{value!r} is no duration: write 7d, 48h, 30m or 90s"
        raise ValueError(message)
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))


def write_duration(value: timedelta) -> str:
    """Return the shortest text that reads back as this duration."""
    seconds = value.total_seconds()
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"


def parse_account(value: object) -> AccountId:
    """Return an account id. A number is refused: YAML has dropped its leading zeros already."""
    if not isinstance(value, str):
        message = f'account ids must be quoted: write "{value!s:0>12}" in quotes, since ids can begin with zeros'
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
    if re.fullmatch(r"\d{12}", value) is None:
        message = f"{value!r} is no account id: it takes 12 digits"
        raise ValueError(message)
    return AccountId(value)


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
Account = Annotated[AccountId, BeforeValidator(parse_account)]
AccountSet = Literal["all"] | list[Account]
