"""Says of one user or key which rule applies, and why the others do not: for people who write rules, not for the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from iamflow.domain.facts import (
    Facts,
    Finding,
    KeyFacts,
    KeyState,
    KeyStatus,
    LastUse,
    RootFacts,
    UserFacts,
    UserReading,
)
from iamflow.domain.ids import KeyId
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import RuleName, Rules


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What one rule says of one subject."""

    rule: RuleName
    key_id: KeyId | None
    """The key that it is about; None where it is about the user."""
    applies: bool | None
    """None where too little is known."""
    because: str
    workflow: str | None
    """The workflow that would deal with it; None where the rule does not apply, or is not applied there."""
    under: str
    """``rules``, or where the override counts that decides."""
    source: str
    as_of: datetime


def explain(finding: Finding, tags: Mapping[str, str] | None, policy: Policy, now: datetime) -> tuple[Explanation, ...]:
    """Return what every rule about such a subject says of it.

    ``tags`` None means that AWS has not been read: the rules are then those by which a report opens tickets.
    """
    account = (finding.account_id, finding.account_name)
    override = policy.rules.override_for(*account, tags or {})
    rules = policy.rules.at_intake(*account) if tags is None else policy.rules.of(*account, tags)
    facts = finding.facts
    match facts:
        case KeyFacts():
            judged = [_key(facts, rules, now)]
        case UserFacts():
            judged = [_unused(facts, rules, now), _console(facts)]
        case RootFacts():
            judged = [
                _root(RuleName.ROOT_WITHOUT_MFA, "MFA device", has=facts.mfa, should=True),
                _root(RuleName.ROOT_WITH_ACCESS_KEYS, "access keys", has=facts.access_key, should=False),
            ]
        case _:
            judged = []
    return tuple(
        Explanation(
            rule=rule,
            key_id=finding.key_id,
            applies=applies,
            because=because if not applies or rules.opened_by(rule) else f"{because}; but the rule is not applied",
            workflow=rules.opened_by(rule) if applies else None,
            under="rules" if override is None else f"rules.overrides: {override.where}",
            source=facts.source,
            as_of=facts.as_of,
        )
        for rule, applies, because in judged
    )


def from_live(reading: UserReading, account_name: str, username: str) -> tuple[Finding, ...]:
    """Return what a live reading tells of a user and of each of its keys. It must hold console, MFA and the uses of the keys."""
    uses = reading.uses or {}
    user = UserFacts(
        console=bool(reading.console),
        mfa=bool(reading.mfa),
        password_last_used=reading.password_last_used,
        key_last_used=max((use.at for use in uses.values() if use.at is not None), default=None),
        created_at=reading.created_at,
        as_of=reading.read_at,
        source="live",
    )
    of_keys = [_live_key(reading, key, uses.get(key.key_id, LastUse())) for key in reading.keys]
    found: list[tuple[KeyId | None, Facts]] = [(None, user), *of_keys]
    return tuple(
        Finding(account_id=reading.account_id, account_name=account_name, username=username, key_id=key_id, facts=facts)
        for key_id, facts in found
    )


def _live_key(reading: UserReading, key: KeyState, use: LastUse) -> tuple[KeyId, KeyFacts]:
    return key.key_id, KeyFacts(
        status=key.status, created_at=key.created_at, last_use=use, as_of=reading.read_at, source="live"
    )


_Judged = tuple[RuleName, bool | None, str]


def _key(facts: KeyFacts, rules: Rules, now: datetime) -> _Judged:
    used, age = facts.last_use.at, now - facts.created_at
    recently = used is not None and used > now - rules.recent_use
    rule = RuleName.KEY_IN_USE if recently else RuleName.KEY_TOO_OLD
    told = f"created {facts.created_at:%Y-%m-%d}, {age.days} d ago"
    if facts.status is not KeyStatus.ACTIVE:
        return rule, False, f"the key is {facts.status.value}"
    if age <= rules.max_key_age:
        return rule, False, f"{told}: not more than max_key_age ({_days(rules.max_key_age)})"
    use = f"used {used:%Y-%m-%d}" if used is not None else "no last use is known"
    within = "within recent_use" if recently else "not within recent_use"
    return rule, True, f"{told}: more than max_key_age ({_days(rules.max_key_age)}); {use}, {within}"


def _unused(facts: UserFacts, rules: Rules, now: datetime) -> _Judged:
    used = max((at for at in (facts.password_last_used, facts.key_last_used) if at is not None), default=None)
    since = used or facts.created_at
    if since is None:
        return RuleName.USER_UNUSED, None, "neither a last use nor an age is known, which is not the same as unused"
    idle = now - since
    what = "last used" if used is not None else "no use is known; the oldest that is known of the user is from"
    compared = "more" if idle > rules.unused_after else "not more"
    sentence = f"{what} {since:%Y-%m-%d}, {idle.days} d ago: {compared} than unused_after ({_days(rules.unused_after)})"
    return RuleName.USER_UNUSED, idle > rules.unused_after, sentence


def _console(facts: UserFacts) -> _Judged:
    if not facts.console:
        return RuleName.CONSOLE_WITHOUT_MFA, False, "the user has no console password"
    found = "a console password, and " + ("an MFA device" if facts.mfa else "no MFA device")
    return RuleName.CONSOLE_WITHOUT_MFA, not facts.mfa, found


def _root(rule: RuleName, what: str, *, has: bool | None, should: bool) -> _Judged:
    if has is None:
        return rule, None, f"whether the root user has {what} is not known"
    return rule, has is not should, f"the root user has {'' if has else 'no '}{what}"


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):g} d"
