"""Circumstances in which everything is allowed, and the ways to spoil one thing in them at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from iamflow.domain.brownout import Brownout, policy_document, policy_name
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.evidence import Baseline, SweepRecord
from iamflow.domain.facts import KeyFacts, KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.guards import GUARDS, Circumstances, Freeze, Guard, Pace, Refusal, refusals
from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName
from iamflow.domain.people import RULES, Identity
from iamflow.domain.plan import plan_digest
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, State
from iamflow.domain.ticket import Approval, Owner, Progress, Ticket, Word
from iamflow.workflows.disable_key import WORKFLOW

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ACCOUNT = AccountId("012345678901")
USER = UserName("deploy")
USER_ID = "AIDAEXAMPLEDEPLOY0001"
KEY = KeyId("AKIAIOSFODNN7EXAMPLE")
OTHER_KEY = KeyId("AKIAI44QH8DHBEXAMPLE")
CREATED = NOW - 400 * DAY
DEACTIVATED = NOW - 3 * DAY

ALICE = Identity(os="alice", sts="arn:aws:sts::999999999999:assumed-role/Admin/alice")
BOB = Identity(os="bob", sts="arn:aws:sts::999999999999:assumed-role/Admin/bob")
WORD = Word(by=ALICE, at=NOW - HOUR, comment="said so")

DENY, DENYING = policy_name(TicketId(7)), policy_document(TicketId(7))
BROWNOUT = Brownout(policy=DENY, since=NOW - HOUR, attached_at=NOW - HOUR, ends_at=NOW + 3 * HOUR)
QUIET = Brownout(
    policy=DENY,
    since=NOW - 6 * HOUR,
    attached_at=NOW - 6 * HOUR,
    ends_at=NOW - 2 * HOUR,
    lifted_at=NOW - 2 * HOUR,
    swept_at=NOW - HOUR,
)
_TARGETS = {EffectKind.ATTACH_BROWNOUT: (DENY,), EffectKind.LIFT_BROWNOUT: (DENY,)}

KINDS = WORKFLOW.effects
"""The effects of disable-key, which are what these circumstances are about."""

FORWARD = tuple(kind for kind in KINDS if not kind.undoes)
"""Those of them that take access away."""

_FACTS = KeyFacts(
    status=KeyStatus.ACTIVE,
    created_at=CREATED,
    last_use=LastUse(at=NOW - 200 * DAY, service="s3", region="eu-west-1"),
    as_of=NOW - 10 * DAY,
    source="live",
)
_BASELINE = Baseline(
    taken_at=NOW - HOUR, start=NOW - 8 * DAY, end=NOW - HOUR, regions=("eu-west-1", "us-east-1"), last_event_at=None
)
_SWEEP = SweepRecord(
    run_at=NOW - HOUR,
    start=DEACTIVATED,
    end=DEACTIVATED + 2 * DAY,
    regions=("eu-west-1", "us-east-1"),
    conclusive=True,
)
_TOLD = Progress(
    notice_round=1, notified_at=NOW - 10 * DAY, promised_at=NOW - 3 * DAY, told_owner=True, last_use=_FACTS.last_use
)
_WATCHED = replace(_TOLD, deactivated_at=DEACTIVATED, window_ends_at=DEACTIVATED + 2 * DAY, final_sweep=_SWEEP)
_ENFORCING = Policy(mode=Mode.ENFORCE, scope=AccountScope(enforce=frozenset({ACCOUNT})))


def allowed(kind: EffectKind) -> Circumstances:
    """Return circumstances in which no guard has anything against this effect."""
    match kind:
        case EffectKind.ATTACH_BROWNOUT:
            one_key = key_of(
                _circumstances(kind, KeyStatus.ACTIVE, State.NOTIFIED, _TOLD), OTHER_KEY, KeyStatus.INACTIVE
            )
            return setting(reading(one_key, policies={DENY: None}), brownout=4 * HOUR)
        case EffectKind.LIFT_BROWNOUT:
            on = replace(_TOLD, brownout=BROWNOUT)
            c = _circumstances(kind, KeyStatus.ACTIVE, State.BROWNOUT, on)
            return setting(reading(c, policies={DENY: DENYING}), brownout=4 * HOUR)
        case EffectKind.DEACTIVATE_KEY:
            return _circumstances(kind, KeyStatus.ACTIVE, State.NOTIFIED, _TOLD)
        case _:
            return _circumstances(kind, KeyStatus.INACTIVE, State.MONITORING, _WATCHED)


def _circumstances(kind: EffectKind, status: KeyStatus, state: State, progress: Progress) -> Circumstances:
    ticket = Ticket(
        id=TicketId(7),
        workflow="disable-key",
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="production",
        username=USER,
        user_id=USER_ID,
        access_key_id=KEY,
        owner=Owner(address="owner@example.com", source="tag", name="Owner"),
        requester=RULES,
        state=state,
        state_since=NOW - 3 * DAY,
        due_at=NOW,
        deadline=NOW - 3 * DAY,
        facts=_FACTS,
        progress=progress,
        baseline=_BASELINE,
        opened_at=NOW - 11 * DAY,
    )
    reading = UserReading(
        read_at=NOW - 10 * SECOND,
        account_id=ACCOUNT,
        user_id=USER_ID,
        tags={"Owner": "owner@example.com"},
        keys=(
            KeyState(key_id=OTHER_KEY, status=KeyStatus.ACTIVE, created_at=NOW - 30 * DAY),
            KeyState(key_id=KEY, status=status, created_at=CREATED),
        ),
        last_use=_FACTS.last_use,
    )
    return Circumstances(
        now=NOW,
        effect=Effect(kind=kind, account_id=ACCOUNT, username=USER, key_id=KEY, targets=_TARGETS.get(kind, ())),
        ticket=ticket,
        reading=reading,
        policy=_ENFORCING,
        freeze=Freeze(on=False),
        lease_held=True,
        enforced_since=NOW - 30 * DAY,
        approvals=(),
        pace=Pace(used=0, allowance=20),
        follows=WORKFLOW.follows.get(kind, frozenset()),
    )


# --- spoiling one thing ---------------------------------------------------------------------------------------------


def effect(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with another effect."""
    return replace(c, effect=replace(c.effect, **changes))  # type: ignore[arg-type]  # names are the caller's


def ticket(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the ticket."""
    return replace(c, ticket=replace(c.ticket, **changes))  # type: ignore[arg-type]  # names are the caller's


def progress(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about how far the ticket has come."""
    return ticket(c, progress=replace(c.ticket.progress, **changes))  # type: ignore[arg-type]  # as above


def sweep(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the final sweep."""
    assert c.ticket.progress.final_sweep is not None
    return progress(c, final_sweep=replace(c.ticket.progress.final_sweep, **changes))  # type: ignore[arg-type]


def baseline(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the baseline."""
    assert c.ticket.baseline is not None
    return ticket(c, baseline=replace(c.ticket.baseline, **changes))  # type: ignore[arg-type]  # as above


def facts(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the recorded facts."""
    return ticket(c, facts=replace(c.ticket.facts, **changes))  # type: ignore[arg-type]  # as above


def reading(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about what AWS said."""
    return replace(c, reading=replace(c.reading, **changes))  # type: ignore[arg-type]  # as above


def key(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the ticket's key as read."""
    keys = tuple(
        replace(one, **changes) if one.key_id == KEY else one  # type: ignore[arg-type]  # as above
        for one in c.reading.keys
    )
    return reading(c, keys=keys)


def key_of(c: Circumstances, key_id: KeyId, status: KeyStatus) -> Circumstances:
    """Return the circumstances with another status of one of the user's keys."""
    return reading(
        c, keys=tuple(replace(one, status=status) if one.key_id == key_id else one for one in c.reading.keys)
    )


def brownout(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with a brown-out that was gone through, changed as told."""
    return progress(c, brownout=replace(QUIET, **changes))  # type: ignore[arg-type]  # as above


def used(c: Circumstances, at: datetime | None) -> Circumstances:
    """Return the circumstances with another last use, as AWS tells it."""
    return reading(c, last_use=LastUse(at=at))


def rule(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with another setting of ``rules``."""
    rules = replace(c.policy.rules, **changes)  # type: ignore[arg-type]  # as above
    return replace(c, policy=replace(c.policy, rules=rules))


def setting(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with another setting of the workflow."""
    disable_key = replace(c.policy.disable_key, **changes)  # type: ignore[arg-type]  # as above
    return replace(c, policy=replace(c.policy, disable_key=disable_key))


def auto_delete(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with another setting of ``auto_delete``."""
    return setting(c, auto_delete=replace(c.policy.disable_key.auto_delete, **changes))  # type: ignore[arg-type]


def approval(c: Circumstances, **changes: object) -> Approval:
    """Return an approval of exactly what is planned in these circumstances, changed as told."""
    digest = plan_digest(c.ticket, c.reading, c.policy.excused, c.policy.disable_key.brownout)
    assert digest is not None
    good = Approval(ticket_id=c.ticket.id, by=ALICE, digest=digest, at=NOW - HOUR, expires_at=NOW + DAY)
    return replace(good, **changes)  # type: ignore[arg-type]  # as above


def approve(c: Circumstances, *changes: Mapping[str, object]) -> Circumstances:
    """Return the circumstances with approvals of what is planned in them: one, or one for each set of changes."""
    return replace(c, approvals=tuple(approval(c, **change) for change in changes or ({},)))


# --- asking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Alone:
    """Circumstances in which one guard, and no other, has one reason to refuse."""

    why: str
    spoilt: Circumstances
    code: str

    def __str__(self) -> str:
        """Return what the test report calls this case."""
        return f"{self.spoilt.effect.kind.value}: {self.why}"


def alone(why: str, spoilt: Circumstances, code: str) -> Alone:
    """Return a case for the test that a reason blocks alone."""
    return Alone(why=why, spoilt=spoilt, code=code)


def codes(c: Circumstances) -> tuple[str, ...]:
    """Return the codes of all refusals."""
    return tuple(refusal.code for refusal in refusals(c))


def refusal(c: Circumstances) -> Refusal:
    """Return the only refusal."""
    (only,) = refusals(c)
    return only


def refusing(c: Circumstances) -> tuple[Guard, ...]:
    """Return the guards that refuse."""
    return tuple(guard for guard in GUARDS if guard(c) is not None)
