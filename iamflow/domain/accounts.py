"""The accounts of an organisation, and how the settings choose among them: by id, name, organisational unit and tag."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Self

from iamflow.domain.ids import AccountId

ACTIVE = "ACTIVE"
"""The state of an account that is in use (Organizations API reference, Account: State, and Status before it)."""

_UNIT = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberAccount:
    """One account as Organizations lists it."""

    account_id: AccountId
    name: str
    """Written by others, and changed at any time."""
    state: str = ACTIVE
    units: frozenset[str] = frozenset()
    """Which of the units that were asked about it lies under, at any depth."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Empty where they were not asked for."""

    @property
    def active(self) -> bool:
        """Whether the account can be entered at all."""
        return self.state == ACTIVE


class By(StrEnum):
    """What of an account a pattern is about."""

    NAME = "name"
    UNIT = "ou"
    TAG = "tag"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountPattern:
    """What the settings choose accounts by, beside their ids. Only the organisation can tell which accounts it fits."""

    by: By
    text: str
    """A shell pattern over the whole name in any case; the id of a unit or root; the key of a tag."""
    value: str = "*"
    """A shell pattern over the whole value of the tag."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``prod-*``, ``ou:ou-ab12-11111111`` or ``tag:Key=Value``. Raises ``ValueError`` with what is wrong."""
        kind, mark, rest = text.partition(":")
        if mark and kind == By.UNIT:
            if _UNIT.fullmatch(rest) is None:
                message = "takes the id of an organisational unit or root after ou:, such as ou:ou-ab12-11111111"
                raise ValueError(message)
            return cls(by=By.UNIT, text=rest)
        if mark and kind == By.TAG:
            key, _, value = rest.partition("=")
            if not key:
                message = "takes a tag after tag:, such as tag:Environment=prod*"
                raise ValueError(message)
            return cls(by=By.TAG, text=key, value=value or "*")
        return cls(by=By.NAME, text=text)

    def fits(self, account: MemberAccount) -> bool:
        """Return whether it fits an account of which everything that it asks about is known."""
        match self.by:
            case By.NAME:
                return fnmatchcase(account.name.casefold(), self.text.casefold())
            case By.UNIT:
                return self.text in account.units
            case By.TAG:
                value = account.tags.get(self.text)
                return value is not None and fnmatchcase(value, self.value)

    def __str__(self) -> str:
        """Write it as the settings do."""
        match self.by:
            case By.NAME:
                return self.text
            case By.UNIT:
                return f"ou:{self.text}"
            case By.TAG:
                return f"tag:{self.text}={self.value}"
