"""The rules that make a finding of what a report says: which key is too old, which user signs in without MFA, who is unused.

"Never used" and "not known" look the same in every report; where that matters, a rule counts from the day of creation, and
AWS is read again before anything follows from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iamflow.domain.facts import Finding, KeyStatus, UserFacts, dated, marked
from iamflow.domain.ids import AccountId
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import RuleName


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a rule says of one subject of a report."""

    rule: RuleName
    finding: Finding
    applies: bool
    retires: bool
    """Whether an earlier finding of this rule about the subject, if there was one, no longer holds."""
    in_use: bool = False
    """Whether it is about a key that was used lately, for which the settings may name another workflow."""

    @property
    def dealt_with_as(self) -> RuleName:
        """The rule under which the settings name the workflow for this."""
        return RuleName.KEY_IN_USE if self.in_use else self.rule

    @property
    def staged(self) -> Finding:
        """The finding as it is to be listed, or as it takes an earlier one off the list."""
        if self.applies:
            return self.finding
        return replace(self.finding, facts=marked(self.finding.facts, holds=False))


def judge_key(finding: Finding, policy: Policy, now: datetime) -> Verdict:
    """Judge one key of a report."""
    current = _not_ahead(finding, now)
    facts = current.key_facts
    old = now - facts.created_at > policy.rules.at_intake(finding.account_id, finding.account_name).max_key_age
    applies = old and facts.status is KeyStatus.ACTIVE
    used = facts.last_use.at
    return Verdict(
        rule=RuleName.KEY_TOO_OLD,
        finding=current,
        applies=applies,
        retires=old and not applies,
        in_use=used is not None and used > now - policy.rules.recent_use,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedUser:
    """A user as a report tells of them, over all rows about their keys."""

    account_id: AccountId
    account_name: str
    username: str
    facts: UserFacts
    row: int = 0
    other_credentials: bool = False
    """Whether there are credentials of whose use AWS tells nothing: then nobody can say that the user is unused."""


def judge_user(user: ReportedUser, policy: Policy, now: datetime) -> tuple[Verdict, ...]:
    """Judge one user of a report by every rule about users, the one that takes precedence first."""
    finding = _not_ahead(
        Finding(
            account_id=user.account_id,
            account_name=user.account_name,
            username=user.username,
            facts=user.facts,
            row=user.row,
        ),
        now,
    )
    unused_after = policy.rules.at_intake(user.account_id, user.account_name).unused_after
    judged = (
        (RuleName.USER_UNUSED, not user.other_credentials and is_unused(user.facts, unused_after, now)),
        (RuleName.CONSOLE_WITHOUT_MFA, user.facts.console and not user.facts.mfa),
    )
    return tuple(Verdict(rule=rule, finding=finding, applies=applies, retires=not applies) for rule, applies in judged)


def judge_root(finding: Finding, policy: Policy, now: datetime) -> tuple[Verdict, ...]:  # noqa: ARG001 - the rules' signature
    """Judge the root user of one account of a report by every rule about root users."""
    current = _not_ahead(finding, now)
    facts = current.root_facts
    judged = (
        (RuleName.ROOT_WITHOUT_MFA, facts.mfa is False),
        (RuleName.ROOT_WITH_ACCESS_KEYS, facts.access_key is True),
    )
    return tuple(Verdict(rule=rule, finding=current, applies=applies, retires=not applies) for rule, applies in judged)


def dealt_with_by(verdict: Verdict, policy: Policy) -> str | None:
    """Return the workflow that deals with what a rule found in that account; None where the rule is not applied there."""
    finding = verdict.finding
    return policy.rules.at_intake(finding.account_id, finding.account_name).opened_by(verdict.dealt_with_as)


def is_unused(facts: UserFacts, unused_after: timedelta, now: datetime) -> bool:
    """Return whether nobody has used the user for ``unused_after``. Where no use and no age is known, it is not unused."""
    used = _latest((facts.password_last_used, facts.key_last_used))
    idle_since = used or facts.created_at
    return idle_since is not None and now - idle_since > unused_after


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)


def _not_ahead(finding: Finding, now: datetime) -> Finding:
    """Return the finding as of now at the latest: dated ahead, a report would make every later one look old."""
    if finding.facts.as_of <= now:
        return finding
    return replace(finding, facts=dated(finding.facts, now))


__all__ = ["ReportedUser", "RuleName", "Verdict", "dealt_with_by", "is_unused", "judge_key", "judge_root", "judge_user"]
