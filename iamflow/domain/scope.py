"""Which accounts are looked at, and in which of them iamflow may act."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from iamflow.domain.accounts import AccountPattern, By, MemberAccount
from iamflow.domain.ids import AccountId


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountScope:
    """Which accounts are looked at, and in which of them iamflow may act. ``None`` means all of them.

    Which accounts a pattern fits, only the organisation knows. Until it was asked (``resolved``), an account is chosen by
    nothing but its id, and where there is a pattern for what is left out, none is: it could be one of those.
    """

    include: frozenset[AccountId] | None = None
    exclude: frozenset[AccountId] = frozenset()
    enforce: frozenset[AccountId] | None = frozenset()
    include_patterns: tuple[AccountPattern, ...] = ()
    exclude_patterns: tuple[AccountPattern, ...] = ()

    def selected(self, account_id: AccountId) -> bool:
        """Return whether the account is looked at, at all."""
        if account_id in self.exclude or self.exclude_patterns:
            return False
        return self.include is None or account_id in self.include

    def enforced(self, account_id: AccountId) -> bool:
        """Return whether iamflow may act in the account when the mode is ``enforce``."""
        return self.selected(account_id) and (self.enforce is None or account_id in self.enforce)

    @property
    def patterns(self) -> tuple[AccountPattern, ...]:
        """Every pattern; none, where ids alone choose."""
        return self.include_patterns + self.exclude_patterns

    @property
    def units(self) -> tuple[str, ...]:
        """The organisational units that must be asked about."""
        return tuple(dict.fromkeys(pattern.text for pattern in self.patterns if pattern.by is By.UNIT))

    @property
    def by_tags(self) -> bool:
        """Whether the tags of accounts must be asked for."""
        return any(pattern.by is By.TAG for pattern in self.patterns)

    def chooses(self, account: MemberAccount) -> bool:
        """Return whether an account is looked at, of which everything is known that the patterns ask about."""
        if account.account_id in self.exclude or any(pattern.fits(account) for pattern in self.exclude_patterns):
            return False
        if self.include is None or account.account_id in self.include:
            return True
        return any(pattern.fits(account) for pattern in self.include_patterns)

    def resolved(self, accounts: Iterable[MemberAccount]) -> "AccountScope":
        """Return the scope with ids in the place of patterns. Accounts that joined the organisation since are not in it."""
        if not self.patterns:
            return self
        chosen = {account.account_id for account in accounts if self.chooses(account)}
        # An account outside of the organisation may be named, but nobody can say that no pattern leaves it out.
        named = {one for one in self.include or () if self.selected(one)}
        return replace(self, include=frozenset(chosen | named), include_patterns=(), exclude_patterns=())
