"""What a live reading answers to a lead: the whole finding, or why its rule does not hold. Pure."""

from dataclasses import dataclass
from datetime import datetime

from iamflow.domain.facts import (
    LIVE,
    Finding,
    KeyFacts,
    KeyState,
    KeyStatus,
    LastUse,
    RootFacts,
    UserFacts,
    UserReading,
    same_second,
)
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.lead import Lead, LeadState
from iamflow.domain.policy import Policy
from iamflow.domain.root import ROOT_USER, AccountReading
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.rules import ReportedUser, Verdict, dealt_with_by, judge_key, judge_root, judge_user
from iamflow.engine.lead_intake import ABOUT_KEYS

_GONE = "the user does not exist any more"
_CONFIRMED = "AWS says so too"


@dataclass(kw_only=True, slots=True)
class LiveKey:
    """A key as AWS was read (an ``iamflow.engine.ports.ReportedKey``)."""

    says: Finding
    key_id: KeyId
    created_at: datetime
    account_id: AccountId
    username: UserName
    console: bool
    mfa: bool

    def finding(self) -> Finding:
        """Return all that AWS says of the key."""
        return self.says

    def password_last_used(self) -> datetime | None:
        """Return when the user last signed in to the console; None for never and for not known alike."""
        return self.says.password_last_used

    def last_used(self) -> datetime | None:
        """Return when the key was last used; None for never and for not known alike."""
        return self.says.key_facts.last_use.at


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What AWS answers to one lead."""

    state: LeadState
    reason: str
    source: str
    """Names both the report and the live reading."""
    keys: tuple[LiveKey, ...] = ()
    user: ReportedUser | None = None
    root: Finding | None = None


def answer(lead: Lead, reading: UserReading | AccountReading, policy: Policy, now: datetime) -> Answer:
    """Judge the lead's rule by a live reading of its user, or of its account where it is about the root user."""
    source = f"{LIVE}, after {lead.source}"
    if isinstance(reading, AccountReading):
        return _about_root(lead, reading, policy, now)
    if reading.user_id is None:
        return Answer(state=LeadState.UNFOUNDED, reason=_GONE, source=source)
    if lead.rule in ABOUT_KEYS:
        return _about_keys(lead, reading, policy, now)
    return _about_user(lead, reading, policy, now)


def _about_keys(lead: Lead, reading: UserReading, policy: Policy, now: datetime) -> Answer:
    source = f"{LIVE}, after {lead.source}"
    meant = [key for key in reading.keys if _is_meant(lead, key)]
    live = [_live_key(lead, reading, key) for key in meant]
    judged = [(key, judge_key(key.says, policy, now)) for key in live]
    holding = tuple(key for key, verdict in judged if _holds(verdict, policy))
    if holding:
        return Answer(state=LeadState.CONFIRMED, reason=_CONFIRMED, source=source, keys=holding)
    if not meant:
        reason = (
            "the user has no such key any more" if lead.key_id or lead.created_at else "the user has no access keys"
        )
    elif not any(key.status is KeyStatus.ACTIVE for key in meant):
        reason = "the key is Inactive"
    elif any(verdict.applies for _, verdict in judged):
        reason = "the settings name no workflow for such a key (rules.open)"
    else:
        reason = "no such key is Active and older than the rule allows"
    return Answer(state=LeadState.UNFOUNDED, reason=reason, source=source)


def _is_meant(lead: Lead, key: KeyState) -> bool:
    """Return whether the lead may mean this key. Of two that were made in the same second it means both: each is judged."""
    if lead.key_id is not None:
        return key.key_id == lead.key_id
    return lead.created_at is None or same_second(key.created_at, lead.created_at)


def _live_key(lead: Lead, reading: UserReading, key: KeyState) -> LiveKey:
    facts = KeyFacts(
        status=key.status,
        created_at=key.created_at,
        last_use=(reading.uses or {}).get(key.key_id) or LastUse(),
        as_of=reading.read_at,
        source=f"{LIVE}, after {lead.source}",
    )
    says = Finding(
        account_id=lead.account_id,
        account_name=lead.account_name,
        username=lead.username,
        key_id=key.key_id,
        facts=facts,
        console=bool(reading.console),
        password_last_used=reading.password_last_used,
        mfa="yes" if reading.mfa else "None",
        row=lead.row,
    )
    return LiveKey(
        says=says,
        key_id=key.key_id,
        created_at=key.created_at,
        account_id=lead.account_id,
        username=UserName(lead.username),
        console=bool(reading.console),
        mfa=bool(reading.mfa),
    )


def _about_user(lead: Lead, reading: UserReading, policy: Policy, now: datetime) -> Answer:
    source = f"{LIVE}, after {lead.source}"
    uses = [use.at for use in (reading.uses or {}).values() if use.at is not None]
    facts = UserFacts(
        console=bool(reading.console),
        mfa=bool(reading.mfa),
        password_last_used=reading.password_last_used,
        key_last_used=max(uses, default=None),
        created_at=reading.created_at,
        as_of=reading.read_at,
        source=source,
    )
    user = ReportedUser(
        account_id=lead.account_id, account_name=lead.account_name, username=lead.username, facts=facts, row=lead.row
    )
    if any(verdict.rule is lead.rule and _holds(verdict, policy) for verdict in judge_user(user, policy, now)):
        return Answer(state=LeadState.CONFIRMED, reason=_CONFIRMED, source=source, user=user)
    return Answer(state=LeadState.UNFOUNDED, reason=_why_not(lead.rule, facts), source=source)


def _why_not(rule: RuleName, facts: UserFacts) -> str:
    if rule is RuleName.CONSOLE_WITHOUT_MFA:
        return "the user has an MFA device" if facts.mfa else "the user has no console password"
    times = (facts.created_at, facts.password_last_used, facts.key_last_used)
    latest = max((at for at in times if at is not None), default=None)
    return f"the user was made or active on {latest:%Y-%m-%d}" if latest is not None else "no age of the user is known"


def _about_root(lead: Lead, reading: AccountReading, policy: Policy, now: datetime) -> Answer:
    source = f"{LIVE}, after {lead.source}"
    facts = RootFacts(
        mfa=reading.root_mfa,
        access_key=reading.root_access_key,
        last_login=None,
        as_of=reading.read_at,
        source=source,
    )
    root = Finding(
        account_id=lead.account_id,
        account_name=lead.account_name,
        username=ROOT_USER,
        facts=facts,
        row=lead.row,
    )
    if any(verdict.rule is lead.rule and _holds(verdict, policy) for verdict in judge_root(root, policy, now)):
        return Answer(state=LeadState.CONFIRMED, reason=_CONFIRMED, source=source, root=root)
    reason = "the root user has no access keys"
    if lead.rule is RuleName.ROOT_WITHOUT_MFA:
        reason = "the root user has an MFA device (of which kind, AWS does not tell)"
    return Answer(state=LeadState.UNFOUNDED, reason=reason, source=source)


def _holds(verdict: Verdict, policy: Policy) -> bool:
    return verdict.applies and dealt_with_by(verdict, policy) is not None
