"""The types of settings: durations, accounts, lists of names. Each says in its own words what it cannot use."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, PlainValidator

from iamflow.domain.accounts import AccountPattern
from iamflow.domain.encoding import for_log
from iamflow.domain.ids import AccountId, Region

_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([smhdw])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 3650 * 86_400
"""Ten years, in seconds."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d{1,2}", re.ASCII)
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


def quoted(value: object) -> str:
    """Return a value as a message shows it."""
    return repr(for_log(str(value), limit=60))


def parse_duration(value: object) -> timedelta:
    """Return the duration that ``7d``, ``48h``, ``90s``, ``30m`` or ``1w`` stands for; a sum such as ``1d 12h`` too.

    A bare number is refused: 7 could be days or seconds, and a wait must not be shortened by a guess.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        message = f"a duration needs a unit, such as 7d, 48h, 90s: not {quoted(value)}"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
    text = value.strip().lower()
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        message = f"{quoted(value)} is no duration: write 7d, 48h, 30m or 90s"
        raise ValueError(message)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST:
        message = f"{quoted(value)} is longer than 3650d (ten years)"
        raise ValueError(message)
    return timedelta(seconds=seconds)


def write_duration(value: timedelta) -> str:
    """Return the shortest text that reads back as this duration."""
    seconds = value.total_seconds()
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"


def parse_account(value: object) -> AccountId:
    """Return an account id. A number is refused: YAML has dropped its leading zeros, or read it as an octal number."""
    if not isinstance(value, str):
        message = 'account ids must be quoted, all 12 digits: "012345678901"; without quotes YAML reads a number'
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
    if _ACCOUNT.fullmatch(value) is None:
        message = f"{quoted(value)} is no account id: it takes 12 digits"
        raise ValueError(message)
    return AccountId(value)


def parse_accounts(value: object) -> Literal["all"] | list[AccountId]:
    """Return the word ``all``, or the listed accounts."""
    if value == "all":
        return "all"
    items = listed(value)
    if not isinstance(items, list):
        message = f"must be the word all or a list of account ids, not {quoted(value)}"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
    return [parse_account(item) for item in items]


def parse_choice(value: object) -> AccountId | AccountPattern:
    """Return what an account is chosen by: its id, or a pattern. Digits alone are an id, and refused if they are not 12."""
    if not isinstance(value, str) or not value or value.isdecimal():
        return parse_account(value)
    try:
        return AccountPattern.read(value)
    except ValueError as error:
        message = f"{quoted(value)} {error}"
        raise ValueError(message) from None


def parse_choices(value: object) -> Literal["all"] | list[AccountId | AccountPattern]:
    """Return the word ``all``, or what accounts are chosen by."""
    if value == "all":
        return "all"
    items = listed(value)
    if not isinstance(items, list):
        message = f"must be the word all or a list of accounts, not {quoted(value)}"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
    return [parse_choice(item) for item in items]


def parse_regions(value: object) -> Literal["enabled"] | list[Region]:
    """Return the word ``enabled``, or the listed regions, at least one."""
    if value == "enabled":
        return "enabled"
    items = listed(value)
    if not isinstance(items, list) or not items:
        message = f"must be the word enabled or a list of regions, not {quoted(value)}"
        raise ValueError(message)
    return [parse_region(item) for item in items]


def parse_region(value: object) -> Region:
    """Return a region's name."""
    if not isinstance(value, str) or _REGION.fullmatch(value) is None:
        message = f"{quoted(value)} is not the name of a region, such as eu-west-1"
        raise ValueError(message)
    return Region(value)


def parse_domain(value: object) -> str:
    """Return a mail domain, in lower case."""
    if not isinstance(value, str) or _DOMAIN.fullmatch(value) is None:
        message = f"{quoted(value)} is no mail domain: write example.com, without an @"
        raise ValueError(message)
    return value.lower()


def listed(value: object) -> object:
    """Return a list where the environment gave ``one,two``; anything else as it is."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def distinct(values: list[str]) -> list[str]:
    """Return the list, in which nothing may stand twice."""
    twice = next((value for place, value in enumerate(values) if value in values[:place]), None)
    if twice is not None:
        message = f"{quoted(twice)} stands twice"
        raise ValueError(message)
    return values


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
Account = Annotated[AccountId, PlainValidator(parse_account)]
AccountList = Annotated[list[Account], BeforeValidator(listed)]
AccountChoices = Annotated[Literal["all"] | list[AccountId | AccountPattern], PlainValidator(parse_choices)]
AccountExclusions = Annotated[
    list[Annotated[AccountId | AccountPattern, PlainValidator(parse_choice)]], BeforeValidator(listed)
]
AccountSet = Annotated[Literal["all"] | list[AccountId], PlainValidator(parse_accounts)]
RegionName = Annotated[Region, PlainValidator(parse_region)]
RegionSet = Annotated[Literal["enabled"] | list[Region], PlainValidator(parse_regions)]
Domains = Annotated[list[Annotated[str, PlainValidator(parse_domain)]], BeforeValidator(listed)]
Names = Annotated[list[str], BeforeValidator(listed)]
"""A list; in the environment also ``one,two``."""
