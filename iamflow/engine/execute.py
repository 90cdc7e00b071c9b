"""Carries out one committed intent: fresh reading, guards once more, one call, and the reading that shows what it did.

Runs in the pool. Whatever happens between the call and its observation leaves the intent open, to be settled by reading.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Intent, Outcome, OutcomeKind, Receipt
from iamflow.domain.errors import BlockedError, PermanentError, TemporaryError, UncertainError
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Circumstances, Pace, Remedy, refusals
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.ticket import Ticket
from iamflow.engine.changes import DAEMON
from iamflow.engine.deps import Engine
from iamflow.engine.failures import after_failure
from iamflow.engine.observe import Settled, after_outcome, subject_of
from iamflow.engine.ports import Standing, Step
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Workflow

_log = logging.getLogger(__name__)

_READ_BACKS = 5
"""How often the change is looked for right after the call, before it is left to a later look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A ticket as stored with its open intent, and what was decided about it."""

    case: Case
    workflow: Workflow
    decision: Decision
    intent: Intent
    pace: Pace


@dataclass(frozen=True, kw_only=True, slots=True)
class Performed:
    """What became of one intent in this pass. ``outcome`` None leaves it open; ``decision`` None leaves the ticket alone."""

    opened: Opened
    decision: Decision | None
    outcome: Outcome | None


def perform(engine: Engine, opened: Opened) -> Performed:
    """Carry out one intent."""
    subject = subject_of(engine, opened.workflow, opened.case.ticket)
    performed: Performed | None = None
    try:
        with engine.cloud.step(subject, opened.case.ticket.id, opened.intent.effect.kind) as step:
            performed = _refused(engine, opened, step.read()) or _call(engine, opened, step)
    except Exception as error:  # noqa: BLE001 - before the call, nothing has been done
        if performed is None:
            return _not_attempted(engine, opened, error)
        _log.warning("a session did not close: %s", error, extra={"ticket": opened.case.ticket.id})
    return performed


def _refused(engine: Engine, opened: Opened, reading: UserReading) -> Performed | None:
    """Ask every guard again with what was read just now; None when none of them objects."""
    standing = engine.store.standing(opened.case.ticket.id)
    circumstances = Circumstances(
        now=engine.now(),
        effect=opened.intent.effect,
        ticket=opened.case.ticket,
        reading=reading,
        policy=engine.policy,
        freeze=standing.freeze,
        lease_held=_still_ours(opened.case.ticket, standing, engine.now()),
        enforced_since=standing.enforced_since,
        approvals=opened.case.approvals,
        pace=opened.pace,
        follows=opened.workflow.follows.get(opened.intent.effect.kind, frozenset()),
        others=opened.case.others,
    )
    objections = refusals(circumstances)
    if any(objection.remedy is Remedy.DROP for objection in objections):
        return Performed(opened=opened, decision=None, outcome=None)
    if engine.now() > opened.intent.opened_at + CALL_WITHIN:
        return _too_late(engine, opened)
    if not objections:
        return None
    sentence = "; ".join(objection.sentence for objection in objections)
    outcome = Outcome(kind=OutcomeKind.NOT_ATTEMPTED, at=engine.now(), detail=sentence)
    held = replace(opened.decision, ticket=opened.case.ticket, events=())
    decision = opened.workflow.refused(opened.case, held, objections, engine.situation())
    return Performed(opened=opened, decision=decision, outcome=outcome)


def _too_late(engine: Engine, opened: Opened) -> Performed:
    """Give up a call that had to wait too long for its turn; the next pass decides anew.

    An intent whose answer was lost is settled as not done once a call must show. That holds only for a call that was made
    soon after its intent: a later one could be repeated on an old reading.
    """
    reason = "the call had to wait too long for its turn"
    outcome = Outcome(kind=OutcomeKind.NOT_ATTEMPTED, at=engine.now(), detail=reason)
    decision = Decision(ticket=opened.case.ticket, due_at=engine.now(), reason=reason)
    return Performed(opened=opened, decision=decision, outcome=outcome)


def _still_ours(ticket: Ticket, standing: Standing, now: datetime) -> bool:
    lease = ticket.lease
    if lease is None or standing.lease_until is None or standing.version != ticket.version:
        return False
    return standing.lease_token == lease.token and now + CALL_BOUND < standing.lease_until


def _call(engine: Engine, opened: Opened, step: Step) -> Performed:
    engine.crash.reach("before_effect")
    try:
        receipt = step.apply(opened.intent.effect)
    except (TemporaryError, BlockedError, PermanentError) as error:
        # AWS answered, and the answer was no: nothing was done.
        kind = OutcomeKind.NOT_DONE if isinstance(error, TemporaryError) else OutcomeKind.REFUSED
        outcome = Outcome(kind=kind, at=engine.now(), detail=str(error))
        settled = replace(opened.case, intent=None)
        decision = after_failure(engine, opened.workflow, settled, error)
        return Performed(opened=opened, decision=decision, outcome=outcome)
    except Exception as error:  # noqa: BLE001 - no answer: only reading AWS can tell
        part = Receipt(request_id=error.request_id, at=None) if isinstance(error, UncertainError) else None
        return _left_open(engine, opened, part, error)
    engine.crash.reach("after_effect")
    try:
        return _observe(engine, opened, step, receipt)
    except Exception as error:  # noqa: BLE001 - done, but not seen yet: a later look will see
        return _left_open(engine, opened, receipt, error)


def _observe(engine: Engine, opened: Opened, step: Step, receipt: Receipt) -> Performed:
    """Read back until the change shows. IAM is eventually consistent, so that an old answer proves nothing."""
    case = replace(opened.case, intent=opened.intent)
    for attempt in range(_READ_BACKS):
        reading = step.read()
        seen = opened.workflow.settle(case, reading, engine.situation())
        if seen is not None and seen.kind is OutcomeKind.DONE:
            at = max(reading.read_at, receipt.at or reading.read_at)
            outcome = Outcome(kind=OutcomeKind.DONE, at=at, request_id=receipt.request_id)
            settled = Settled(
                case=case,
                workflow=opened.workflow,
                intent=opened.intent,
                outcome=outcome,
                reading=reading,
            )
            return Performed(opened=opened, decision=after_outcome(engine, settled), outcome=outcome)
        if attempt + 1 < _READ_BACKS:
            engine.clock.sleep(1.0)
    return _left_open(engine, opened, receipt, None)


def _left_open(engine: Engine, opened: Opened, receipt: Receipt | None, error: Exception | None) -> Performed:
    """Leave the intent open and look again soon. The request id, where there is one, is kept: the call was ours."""
    ticket = opened.case.ticket
    if receipt is not None and receipt.request_id is not None:
        own = (*ticket.progress.own_requests, receipt.request_id)
        ticket = replace(ticket, progress=replace(ticket.progress, own_requests=own))
    reason = str(error) if error is not None else "the change does not show yet"
    _log.warning(
        "an intent was left open: %s",
        reason,
        extra={"ticket": ticket.id, "intent": opened.intent.id},
    )
    due_at = engine.now() + engine.policy.timing.retry_base
    events: tuple[NewEvent, ...] = ()
    if error is not None:
        detail = {"reason": reason, "retry_at": due_at.isoformat()}
        events = (NewEvent(kind=EventKind.RETRY_LATER, actor=DAEMON, at=engine.now(), detail=detail),)
    return Performed(
        opened=opened,
        decision=Decision(ticket=ticket, due_at=due_at, events=events, reason=reason),
        outcome=None,
    )


def _not_attempted(engine: Engine, opened: Opened, error: Exception) -> Performed:
    outcome = Outcome(kind=OutcomeKind.NOT_ATTEMPTED, at=engine.now(), detail=str(error))
    decision = after_failure(engine, opened.workflow, opened.case, error)
    return Performed(opened=opened, decision=decision, outcome=outcome)
