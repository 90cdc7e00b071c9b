"""What people ask about tickets: why nothing happens, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iamflow.domain.decision import Case
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import IamflowError
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Circumstances, Refusal, refusals
from iamflow.domain.guards.circumstances import Pace
from iamflow.domain.managed import left_alone
from iamflow.domain.merging import unconfirmed
from iamflow.domain.policy import Policy
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.engine.deps import Engine
from iamflow.engine.observe import subject_of
from iamflow.engine.pace import Pacer
from iamflow.workflows import registry
from iamflow.workflows.workflow import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """Why a ticket stands where it stands."""

    ticket: Ticket
    next_effect: EffectKind | None
    refusals: tuple[Refusal, ...]
    unread: str | None
    """Why AWS could not be read for this answer; the reasons are then those of the last look."""
    next_step: str
    expected_end: datetime | None


def why(engine: Engine, ref: str) -> Why:
    """Return every reason why the ticket's next effect is not carried out now, from a fresh reading of AWS."""
    ticket = engine.store.ticket(ref)
    case = engine.store.case(ticket.id)
    workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
    effect = workflow.heading_for(ticket, engine.policy) if workflow is not None else None
    reasons: tuple[Refusal, ...] = ()
    unread: str | None = None
    if workflow is not None and effect is not None:
        try:
            reasons = _objections(engine, workflow, case, effect)
        except IamflowError as error:
            unread = str(error)
    return Why(
        ticket=ticket,
        next_effect=effect,
        refusals=reasons,
        unread=unread,
        next_step=coming(ticket, engine.policy, engine.now()),
        expected_end=expected_end(ticket, engine.policy, engine.now()),
    )


def _objections(engine: Engine, workflow: Workflow, case: Case, kind: EffectKind) -> tuple[Refusal, ...]:
    ticket = case.ticket
    reading = engine.cloud.read(subject_of(engine, workflow, ticket))
    circumstances = Circumstances(
        now=engine.now(),
        effect=workflow.effect_of(ticket, kind, engine.policy),
        ticket=_as_if_learned(ticket, reading),
        reading=reading,
        policy=engine.policy,
        freeze=engine.store.freeze(),
        lease_held=True,
        enforced_since=case.enforced_since,
        approvals=case.approvals,
        pace=_pace(engine, ticket, kind),
        follows=workflow.follows.get(kind, frozenset()),
        others=case.others,
    )
    return refusals(circumstances)


def _as_if_learned(ticket: Ticket, reading: UserReading) -> Ticket:
    """Return the ticket as its first look would leave it, so that a new ticket is not told that its user has changed."""
    if ticket.user_id is not None:
        return ticket
    key = reading.key(ticket.access_key_id)
    learned = replace(ticket, user_id=reading.user_id)
    return learned if key is None else replace(learned, facts=replace(ticket.key_facts, created_at=key.created_at))


def _pace(engine: Engine, ticket: Ticket, kind: EffectKind) -> Pace:
    usage = engine.store.usage([ticket.account_id], engine.now() - timedelta(hours=24))
    return Pacer(engine.policy.caps, usage).pace(ticket.account_id, kind, engine.cloud.user_count(ticket.account_id))


def awaits_confirmation(ticket: Ticket, policy: Policy, now: datetime) -> bool:
    """Return whether the ticket waits for AWS to confirm what only a report older than ``rules.max_fact_age`` says."""
    return ticket.state is State.OPEN and unconfirmed(ticket.facts, policy.rules.max_fact_age, now)


def coming(ticket: Ticket, policy: Policy, now: datetime) -> str:
    """Return in words what comes next: before all else, that AWS confirms what a stale report says."""
    stale = awaits_confirmation(ticket, policy, now)
    return "a live reading of AWS, to confirm what the report says" if stale else next_step(ticket)


_NOT_KNOWN = "nothing that this iamflow knows of: a newer one opened this ticket"


def next_step(ticket: Ticket) -> str:
    """Return in words what comes next."""
    if ticket.progress.told_as_managed and ticket.state is State.NOTIFIED:
        return f"look at the user every day; it is changed where it is managed: {ticket.progress.managed}"
    workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
    return _NOT_KNOWN if workflow is None else workflow.outlook.next_step(ticket)


def planned(ticket: Ticket, policy: Policy) -> str:
    """Return in words what would be done to a ticket that has not ended."""
    if left_alone(ticket.progress.managed, policy.protection) and not ticket.took_access:
        return f"nothing is changed by iamflow (protect.managed): the user is managed by {ticket.progress.managed}"
    workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
    return _NOT_KNOWN if workflow is None else workflow.outlook.planned(ticket, policy)


def expected_end(ticket: Ticket, policy: Policy, now: datetime) -> datetime | None:
    """Return when the ticket is expected to be complete if nothing comes between; None where a person decides that."""
    if ticket.ended:
        return ticket.closed_at
    workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
    elsewhere = left_alone(ticket.progress.managed, policy.protection) and not ticket.took_access
    kept_open = ticket.state is State.OPEN and bool(ticket.progress.waiting_for)
    waits = (
        elsewhere or kept_open or ticket.state in {State.ON_HOLD, State.BLOCKED, State.EXEMPT, State.AWAITING_APPROVAL}
    )
    return None if waits or workflow is None else workflow.outlook.expected_end(ticket, policy, now)


def reasons_in_words(answer: Why) -> Sequence[str]:
    """Return the reasons as sentences, the stored ones where AWS could not be read."""
    if answer.unread is not None:
        return [*answer.ticket.progress.waiting_for, f"AWS could not be read now: {answer.unread}"]
    # What keeps a ticket in open is no guard's affair: no step is proposed yet.
    own = answer.ticket.progress.waiting_for if answer.ticket.state is State.OPEN else ()
    lasts_until = _brownout_lasts_until(answer)
    waits = [f"the brown-out lasts until {lasts_until:%Y-%m-%d %H:%M:%S} UTC"] if lasts_until is not None else []
    return [*own, *(refusal.sentence for refusal in answer.refusals), *waits]


def _brownout_lasts_until(answer: Why) -> datetime | None:
    """Return when the ticket's brown-out ends by its time; None where something else ends it before, or none is on."""
    ticket = answer.ticket
    brownout = ticket.progress.brownout
    runs = answer.next_effect is EffectKind.LIFT_BROWNOUT and ticket.state is State.BROWNOUT and ticket.wanted is None
    return brownout.ends_at if brownout is not None and runs else None
