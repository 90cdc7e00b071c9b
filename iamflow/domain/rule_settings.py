"""The rules by name, when each applies, and what differs in some accounts or for some users."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from iamflow.domain.ids import AccountId
from iamflow.domain.overrides import Override
from iamflow.domain.waits import DAY


class RuleName(StrEnum):
    """The name of a rule, as ``finding list --rule`` takes it."""

    KEY_TOO_OLD = "key-too-old"
    """Active, and created more than ``rules.max_key_age`` ago."""
    KEY_IN_USE = "key-in-use"
    """As ``key-too-old``, of a key that was used within ``rules.recent_use``: listed as that, but for another workflow."""
    CONSOLE_WITHOUT_MFA = "console-without-mfa"
    """A console password, and no MFA device."""
    ROOT_WITHOUT_MFA = "root-without-mfa"
    """An account's root user without an MFA device."""
    ROOT_WITH_ACCESS_KEYS = "root-with-access-keys"
    """An account's root user that has access keys."""
    USER_UNUSED = "user-unused"
    """No use of console or keys for ``rules.unused_after``; where none is known, the oldest key is older than that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """When something is a finding, and how long a closed one stays closed."""

    max_key_age: timedelta = 90 * DAY
    unused_after: timedelta = 90 * DAY
    recent_use: timedelta = 7 * DAY
    auto_deactivate_after: timedelta | None = None
    """For how long a key must be known not to have been used for its deactivation by time alone; None for ``recent_use``."""
    reopen_after: timedelta = 30 * DAY
    max_fact_age: timedelta = 7 * DAY
    opens: Mapping[RuleName, str] = field(
        default_factory=lambda: {
            RuleName.KEY_TOO_OLD: "disable-key",
            RuleName.KEY_IN_USE: "disable-key",
            RuleName.CONSOLE_WITHOUT_MFA: "enforce-mfa",
            RuleName.ROOT_WITHOUT_MFA: "root-hygiene",
            RuleName.ROOT_WITH_ACCESS_KEYS: "root-hygiene",
            RuleName.USER_UNUSED: "delete-user",
        }
    )
    """Which workflow each rule opens a ticket of. A rule that is not named is not applied."""
    overrides: tuple[Override, ...] = ()
    """What differs in some accounts or for some users. The first that fits counts, and no other."""

    def opened_by(self, rule: RuleName) -> str | None:
        """Return the workflow that deals with what a rule finds; None for a rule that is not applied."""
        return self.opens.get(rule)

    def override_for(self, account_id: AccountId, account_name: str, tags: Mapping[str, str]) -> Override | None:
        """Return the override that counts for a user with these tags; None where the general rules do."""
        possible = (one for one in self.overrides if one.fits_account(account_id, account_name))
        return next((one for one in possible if one.fits_tags(tags)), None)

    def of(self, account_id: AccountId, account_name: str, tags: Mapping[str, str]) -> "Rules":
        """Return the rules for a user with these tags, as read from AWS."""
        return self._under(self.override_for(account_id, account_name, tags))

    def at_intake(self, account_id: AccountId, account_name: str) -> "Rules":
        """Return the rules for a user whose tags are not known yet: the strictest of those that may turn out to count.

        A ticket that is opened by them waits where the tags say otherwise, once they have been read.
        """
        if not self.overrides:
            return self
        possible = [self._under(one) for one in self._possible(account_id, account_name)]
        return replace(
            possible[-1],
            max_key_age=min(rules.max_key_age for rules in possible),
            unused_after=min(rules.unused_after for rules in possible),
        )

    @property
    def least_key_age(self) -> timedelta:
        """The age above which a key may be a finding in any account at all."""
        return min([self.max_key_age, *(one.max_key_age for one in self.overrides if one.max_key_age is not None)])

    @property
    def applied(self) -> frozenset[str]:
        """The names of the rules that are applied in any account at all."""
        more = {rule for one in self.overrides for rule, workflow in one.opens.items() if workflow is not None}
        return frozenset({*self.opens, *more})

    @property
    def by_tag(self) -> bool:
        """Whether any override depends on tags."""
        return any(one.tags for one in self.overrides)

    def _possible(self, account_id: AccountId, account_name: str) -> Iterator[Override | None]:
        """Yield what may count in an account, ending with what counts for users whose tags fit nothing."""
        for one in self.overrides:
            if one.fits_account(account_id, account_name):
                yield one
                if not one.tags:
                    return
        yield None

    def _under(self, one: Override | None) -> "Rules":
        if one is None:
            return replace(self, overrides=())
        merged: dict[str, str | None] = {rule.value: workflow for rule, workflow in self.opens.items()}
        merged.update(one.opens)
        return replace(
            self,
            max_key_age=self.max_key_age if one.max_key_age is None else one.max_key_age,
            unused_after=self.unused_after if one.unused_after is None else one.unused_after,
            opens={RuleName(rule): workflow for rule, workflow in merged.items() if workflow is not None},
            overrides=(),
        )
