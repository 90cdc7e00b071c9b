"""Rules that differ in some accounts, or for users with some tags.

Account names come from reports that others write, and tags are written by whoever may tag a user: both can be wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

from iamflow.domain.ids import AccountId


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """What differs from the general rules, and where. What it does not say is as the general rules have it."""

    accounts: tuple[str, ...] = ()
    """Shell patterns of ids or names, one of which must fit, in any case; none for every account."""
    tags: tuple[tuple[str, str], ...] = ()
    """(name, shell pattern of the value) of tags that the user must all have, in any case; none for every user."""
    max_key_age: timedelta | None = None
    unused_after: timedelta | None = None
    opens: Mapping[str, str | None] = field(default_factory=dict)
    """Rule → workflow; None for a rule that is not applied."""

    def fits_account(self, account_id: AccountId, account_name: str) -> bool:
        """Return whether it counts in this account, for some users at least."""
        return not self.accounts or account_fits(self.accounts, account_id, account_name)

    def fits_tags(self, tags: Mapping[str, str]) -> bool:
        """Return whether it counts for a user with these tags."""
        return all(tag_fits(tags, name, pattern) for name, pattern in self.tags)

    @property
    def where(self) -> str:
        """Where it counts, in words."""
        parts = [f"accounts {', '.join(self.accounts)}"] if self.accounts else []
        parts += [f"users tagged {name}={pattern}" for name, pattern in self.tags]
        return ", ".join(parts)


def account_fits(patterns: Sequence[str], account_id: AccountId, account_name: str) -> bool:
    """Return whether one of the shell patterns fits the account's id or its name, in any case."""
    names = (account_id, account_name.casefold())
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns for name in names)


def tag_fits(tags: Mapping[str, str], name: str, pattern: str) -> bool:
    """Return whether there is a tag of this name, in any case, whose value fits the shell pattern."""
    return any(
        tag.casefold() == name.casefold() and fnmatchcase(value.casefold(), pattern.casefold())
        for tag, value in tags.items()
    )
