"""Cases, sights and situations that the tests of the pure decisions are about. One default each, changed one thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from iamflow.domain.brownout import Brownout, policy_document, policy_name
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import Effect, EffectKind, Intent
from iamflow.domain.evidence import Baseline, Sweep, SweepRecord, TrailEvent
from iamflow.domain.facts import KeyFacts, KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import AccountId, IntentId, KeyId, TicketId, UserName
from iamflow.domain.notice import NoticeState, NoticeStatus
from iamflow.domain.people import RULES, Identity
from iamflow.domain.policy import OwnerRules, Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, State
from iamflow.domain.ticket import Approval, Owner, Progress, Ticket, Word
from iamflow.domain.waits import DisableKeyPolicy
from iamflow.workflows.disable_key import WORKFLOW
from iamflow.workflows.disable_key.effects import effect_of
from iamflow.workflows.workflow import Situation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ACCOUNT = AccountId("012345678901")
USER = UserName("deploy")
USER_ID = "AIDAEXAMPLEDEPLOY0001"
KEY = KeyId("AKIAIOSFODNN7EXAMPLE")
OTHER_KEY = KeyId("AKIAI44QH8DHBEXAMPLE")
CREATED = NOW - 400 * DAY
LAST_USE = LastUse(at=NOW - 200 * DAY, service="s3", region="eu-west-1")
DEACTIVATED = NOW - 3 * DAY
REGIONS = ("us-east-1", "eu-west-1")

ALICE, BOB = Identity(os="alice"), Identity(os="bob")
OWNER = Owner(address="owner@example.com", source="tag", name="Owner")
WORD = Word(by=ALICE, at=NOW - HOUR, comment="said so")

ENFORCING = Policy(
    mode=Mode.ENFORCE,
    scope=AccountScope(enforce=frozenset({ACCOUNT})),
    owners=OwnerRules(contacts={ACCOUNT: "payments@example.com"}),
    team="security@example.com",
)

FACTS = KeyFacts(
    status=KeyStatus.ACTIVE, created_at=CREATED, last_use=LAST_USE, as_of=NOW - 10 * DAY, source="iam-audit:a.csv"
)
BASELINE = Baseline(taken_at=NOW - HOUR, start=NOW - 7 * DAY, end=NOW - HOUR, regions=REGIONS)
SWEEP = Sweep(run_at=NOW, start=DEACTIVATED - MINUTE, end=NOW, regions=REGIONS)
SWEPT = SweepRecord(
    run_at=NOW - HOUR, start=DEACTIVATED - MINUTE, end=NOW - HOUR, regions=REGIONS, excused=(), conclusive=True
)
TOLD = Progress(
    notice_round=1,
    notice_composed_at=NOW - 8 * DAY,
    notified_at=NOW - 8 * DAY,
    promised_at=NOW - DAY,
    told_owner=True,
    reminders=("half-way", "last-day"),
    last_use=LAST_USE,
)
WATCHED = replace(TOLD, deactivated_at=DEACTIVATED, window_ends_at=DEACTIVATED + 2 * DAY)
DENY, DENYING = policy_name(TicketId(7)), policy_document(TicketId(7))
BEGUN = Brownout(policy=DENY, since=NOW - 5 * HOUR)
DENIED = replace(BEGUN, attached_at=NOW - 5 * HOUR, ends_at=NOW - HOUR)
OVER = replace(DENIED, lifted_at=NOW - HOUR, lift_request="ours")
QUIET = replace(OVER, swept_at=NOW - MINUTE)
"""Brown-outs: begun, on and due to end, over, and searched for denials without any."""
ACCEPTED = NoticeStatus(state=NoticeState.ACCEPTED, accepted_at=NOW - MINUTE, promised_at=NOW + 7 * DAY)


def ticket(state: State = State.OPEN, progress: Progress | None = None, **changes: object) -> Ticket:
    """Return a ticket that stands there, with what a ticket that stands there has behind it."""
    if state is State.BROWNOUT and progress is None:
        progress = replace(TOLD, brownout=DENIED)
    late = state in {State.DEACTIVATED, State.MONITORING, State.DELETED, State.ROLLED_BACK}
    known = progress or (WATCHED if late else Progress() if state is State.OPEN else TOLD)
    base = Ticket(
        id=TicketId(7),
        workflow="disable-key",
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="production",
        username=USER,
        user_id=USER_ID,
        access_key_id=KEY,
        owner=OWNER,
        requester=RULES,
        state=state,
        state_since=NOW - DAY,
        due_at=NOW,
        deadline=known.window_ends_at or (NOW - DAY if known.notified_at else None),
        facts=FACTS,
        progress=known,
        baseline=BASELINE if late or known.brownout is not None else None,
        opened_at=NOW - 9 * DAY,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # names are the caller's


def case(of: Ticket, **changes: object) -> Case:
    """Return the case of a ticket in an account where iamflow has long been allowed to act."""
    return replace(Case(ticket=of, enforced_since=NOW - 30 * DAY), **changes)  # type: ignore[arg-type]  # as above


def reading(status: KeyStatus | None = KeyStatus.ACTIVE, *more: KeyState, **changes: object) -> UserReading:
    """Return what AWS says now: the key with this status, or without it."""
    own = () if status is None else (KeyState(key_id=KEY, status=status, created_at=CREATED),)
    base = UserReading(
        read_at=NOW,
        account_id=ACCOUNT,
        user_id=USER_ID,
        tags={},
        keys=(*own, *more),
        last_use=LAST_USE if own else None,
        policies={DENY: None},
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # as above


def key_made(at: datetime, key_id: KeyId = OTHER_KEY) -> KeyState:
    """Return another Active key of the user."""
    return KeyState(key_id=key_id, status=KeyStatus.ACTIVE, created_at=at)


INACTIVE = KeyStatus.INACTIVE


def situation(now: datetime = NOW, policy: Policy = ENFORCING) -> Situation:
    """Return a time and settings."""
    return Situation(now=now, policy=policy)


def enforcing(**changes: object) -> Policy:
    """Return the settings with something changed."""
    return replace(ENFORCING, **changes)  # type: ignore[arg-type]  # as above


def disable_key(**changes: object) -> Policy:
    """Return the settings with something changed about the workflow."""
    return enforcing(disable_key=replace(DisableKeyPolicy(), **changes))  # type: ignore[arg-type]  # as above


def decide(of: Case, sight: Sight, at: Situation | None = None) -> Decision:
    """Decide as the engine would."""
    return WORKFLOW.decide(of, sight, at or situation())


def looking(of: Ticket, status: KeyStatus | None = KeyStatus.ACTIVE, at: Situation | None = None) -> Decision:
    """Decide about a ticket whose key reads so."""
    return decide(case(of), Sight(user=reading(status)), at)


def event(name: str = "ListBuckets", *, at: datetime = NOW - DAY, **changes: object) -> TrailEvent:
    """Return a call that the ticket's key made."""
    base = TrailEvent(
        event_id=f"event-{name}-{at.isoformat()}",
        at=at,
        region="eu-west-1",
        source="s3.amazonaws.com",
        name=name,
        access_key_id=KEY,
        username=USER,
        source_ip="203.0.113.9",
        user_agent="payroll/1",
        request_id="request-of-somebody",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # as above


def sweep(*events: TrailEvent, **changes: object) -> Sweep:
    """Return a conclusive sweep that found these events."""
    return replace(SWEEP, events=events, **changes)  # type: ignore[arg-type]  # as above


def approval(**changes: object) -> Approval:
    """Return Alice's approval."""
    base = Approval(ticket_id=TicketId(7), by=ALICE, digest="d" * 64, at=NOW - HOUR, expires_at=NOW + DAY)
    return replace(base, **changes)  # type: ignore[arg-type]  # as above


def effect(kind: EffectKind) -> Effect:
    """Return an effect on the ticket's key."""
    return effect_of(ticket(), kind)


def intent(kind: EffectKind, opened_at: datetime = NOW - MINUTE) -> Intent:
    """Return an open intent."""
    return Intent(
        id=IntentId(1),
        ticket_id=TicketId(7),
        step=1,
        effect=effect(kind),
        idempotency_key=f"t7:1:{kind.value}",
        opened_at=opened_at,
    )
