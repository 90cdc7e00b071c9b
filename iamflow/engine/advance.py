"""One pass over what has fallen due.

Claim a batch → look at AWS and decide, in parallel → commit every intent and every plain step at once → carry out the
intents, in parallel → commit what became of them. Two commits a batch, none of them open while AWS is being asked. A crash
between the two leaves open intents, which the next pass settles by reading AWS.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Effect, OutcomeKind
from iamflow.domain.errors import RefusedError, TemporaryError
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Circumstances, Freeze, Pace, refusals
from iamflow.domain.ids import AccountId, TicketId
from iamflow.engine.changes import opening_change, settled_change, superseding
from iamflow.engine.deps import Engine
from iamflow.engine.execute import Opened, Performed, perform
from iamflow.engine.failures import after_failure
from iamflow.engine.observe import Seen, look
from iamflow.engine.pace import ROLLBACKS, Pacer, trip_breaker
from iamflow.engine.ports import Applied, Change
from iamflow.workflows import registry
from iamflow.workflows.workflow import Workflow

_log = logging.getLogger(__name__)

_PACE_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class PassReport:
    """What one pass did."""

    claimed: tuple[TicketId, ...] = ()
    moved: int = 0
    effects: int = 0
    stale: int = 0
    frozen_by_breaker: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planned:
    """A change to be committed, and, if it opens an intent, what is needed to carry that out."""

    change: Change
    seen: Seen | None = None
    pace: Pace | None = None
    supersedes: tuple[Change, ...] = ()
    """The ends of other tickets that come with it."""


def advance(engine: Engine, *, only: TicketId | None = None) -> PassReport:
    """Advance up to one batch of due tickets; ``only`` takes that one ticket, due or not."""
    claimed_at = engine.now()
    cases = engine.store.claim(
        holder=engine.instance,
        now=claimed_at,
        limit=engine.batch,
        lease=engine.lease,
        only=only,
    )
    if not cases:
        return PassReport()
    engine.crash.reach("claimed")
    engine = replace(engine, exemptions=tuple(engine.store.exemptions(running_at=claimed_at)))
    known, planned = _split(engine, _with_enforcement(engine, cases))
    give_up_at = claimed_at + engine.lease / 3

    def look_in_time(pair: tuple[Case, Workflow]) -> Seen | Change:
        # A batch must end within half a lease: what is not begun by a third of it is left for the next pass.
        if engine.now() > give_up_at:
            return Change(before=pair[0].ticket, after=replace(pair[0].ticket, lease=None))
        return look(engine, pair[1], pair[0])

    looked = engine.in_parallel(look_in_time, known)
    planned += [_Planned(change=item) for item in looked if isinstance(item, Change)]
    planned += _plan(engine, [item for item in looked if isinstance(item, Seen)])
    engine.crash.reach("before_intents")
    ended = [change for item in planned for change in item.supersedes]
    applied = engine.store.commit([*(item.change for item in planned), *ended])
    engine.crash.reach("after_intents")
    opened = [opened for item in planned if (opened := _opened(item, applied)) is not None]
    performed = engine.in_parallel(lambda item: perform(engine, item), opened)
    engine.crash.reach("before_outcomes")
    outcomes = [change for item in performed if (change := _outcome_change(engine, item)) is not None]
    ended = [change for item in performed for change in _superseded(engine, item)]
    settled = engine.store.commit([*outcomes, *ended]) if outcomes else None
    engine.crash.reach("after_outcomes")
    stale = [*applied.stale, *(settled.stale if settled is not None else ())]
    if stale or len(outcomes) < len(performed):
        engine.store.release(engine.instance)
    changes = [item.change for item in planned if item.seen is None or item.pace is None] + outcomes
    return PassReport(
        claimed=tuple(case.ticket.id for case in cases),
        moved=sum(change.before.state is not change.after.state for change in changes),
        effects=sum(item.outcome is not None and item.outcome.kind is OutcomeKind.DONE for item in performed),
        stale=len(stale),
        frozen_by_breaker=_after_rollbacks(engine, performed),
    )


def _with_enforcement(engine: Engine, cases: Sequence[Case]) -> Sequence[Case]:
    """Make sure that the database knows since when iamflow may act in the accounts of this batch."""
    wrong = {
        case.ticket.account_id: acts
        for case in cases
        if (acts := engine.policy.acts_in(case.ticket.account_id)) is not (case.enforced_since is not None)
    }
    if not wrong:
        return cases
    now = engine.now()
    engine.store.note_enforcement(wrong, now)
    return [
        replace(case, enforced_since=now if wrong[case.ticket.account_id] else None)
        if case.ticket.account_id in wrong
        else case
        for case in cases
    ]


def _split(engine: Engine, cases: Sequence[Case]) -> tuple[list[tuple[Case, Workflow]], list[_Planned]]:
    """Part the cases that this program can carry on from those that only a newer one can."""
    known: list[tuple[Case, Workflow]] = []
    left: list[_Planned] = []
    for case in cases:
        workflow = registry.of_version(case.ticket.workflow, case.ticket.workflow_version)
        if workflow is not None:
            known.append((case, workflow))
            continue
        _log.warning(
            "a ticket of an unknown workflow version is left alone",
            extra={"ticket": case.ticket.id},
        )
        later = replace(
            case.ticket,
            lease=None,
            due_at=engine.now() + engine.policy.timing.retry_most,
        )
        left.append(_Planned(change=Change(before=case.ticket, after=later)))
    return known, left


def _plan(engine: Engine, looked: Sequence[Seen]) -> list[_Planned]:
    """Ask the guards about every proposed effect; what they allow becomes an intent, the rest a plain step."""
    proposing = [seen for seen in looked if seen.decision.effect is not None]
    freeze = _freeze(engine) if proposing else Freeze(on=False)
    accounts: set[AccountId] = {seen.case.ticket.account_id for seen in proposing}
    since = engine.now() - _PACE_WINDOW
    pacer = Pacer(engine.policy.caps, engine.store.usage(accounts, since) if accounts else {})
    return [_plan_one(engine, seen, freeze, pacer) for seen in looked]


def _plan_one(engine: Engine, seen: Seen, freeze: Freeze, pacer: Pacer) -> _Planned:
    try:
        effect = seen.decision.effect
        if effect is None or seen.reading is None:
            ended = superseding(seen.decision, seen.case.ticket.id, engine.now())
            return _Planned(change=_plain(engine, seen, seen.decision), supersedes=ended)
        pace = _pace(seen, effect, pacer)
        objections = refusals(_circumstances(engine, seen, seen.reading, freeze, pace))
        if objections:
            refused = seen.workflow.refused(seen.case, seen.decision, objections, engine.situation())
            return _Planned(change=_plain(engine, seen, refused))
        pacer.add(effect.account_id, effect.kind)
        return _Planned(change=opening_change(seen.case.ticket, seen.decision), seen=seen, pace=pace)
    except Exception as error:  # noqa: BLE001 - a rule that fails on one ticket must not hold up the others
        return _Planned(change=_plain(engine, seen, after_failure(engine, seen.workflow, seen.case, error)))


def _superseded(engine: Engine, item: Performed) -> tuple[Change, ...]:
    return superseding(item.decision, item.opened.case.ticket.id, engine.now()) if item.decision is not None else ()


def _plain(engine: Engine, seen: Seen, decision: Decision) -> Change:
    intent = seen.case.intent
    settles = (intent.id, seen.settles) if intent is not None and seen.settles is not None else None
    return settled_change(seen.workflow, seen.case.ticket, decision, engine.now(), settles=settles)


def _circumstances(engine: Engine, seen: Seen, reading: UserReading, freeze: Freeze, pace: Pace) -> Circumstances:
    if seen.decision.effect is None:
        message = "circumstances without an effect"
        raise AssertionError(message)
    return Circumstances(
        now=engine.now(),
        effect=seen.decision.effect,
        ticket=seen.decision.ticket,
        reading=reading,
        policy=engine.policy,
        freeze=freeze,
        lease_held=True,
        enforced_since=seen.case.enforced_since,
        approvals=seen.case.approvals,
        pace=pace,
        follows=seen.workflow.follows.get(seen.decision.effect.kind, frozenset()),
        others=seen.case.others,
    )


def _pace(seen: Seen, effect: Effect, pacer: Pacer) -> Pace:
    return pacer.pace(effect.account_id, effect.kind, seen.users if seen.users is not None else 0)


def _freeze(engine: Engine) -> Freeze:
    try:
        return engine.store.freeze()
    except TemporaryError as error:
        return Freeze(on=True, reason=f"the kill switch could not be read: {error}")


def _opened(item: _Planned, applied: Applied) -> Opened | None:
    """Return the intent that was opened for a planned effect, with its ticket as it is stored now."""
    ticket_id = item.change.before.id
    if item.seen is None or item.pace is None or ticket_id not in applied.intents:
        return None
    intent = applied.intents[ticket_id]
    case = replace(item.seen.case, ticket=applied.tickets[ticket_id], intent=intent)
    return Opened(
        case=case,
        workflow=item.seen.workflow,
        decision=item.seen.decision,
        intent=intent,
        pace=item.pace,
    )


def _after_rollbacks(engine: Engine, performed: Sequence[Performed]) -> str | None:
    """Let the circuit breaker look whenever something was rolled back."""
    rolled_back = any(
        item.outcome is not None
        and item.outcome.kind is OutcomeKind.DONE
        and item.opened.intent.effect.kind in ROLLBACKS
        for item in performed
    )
    return trip_breaker(engine) if rolled_back else None


def _outcome_change(engine: Engine, item: Performed) -> Change | None:
    """Return the change that records what became of an intent; None where the ticket is no longer ours to write."""
    if item.decision is None:
        return None
    opened = item.opened
    settles = (opened.intent.id, item.outcome) if item.outcome is not None else None
    before = opened.case.ticket
    try:
        return settled_change(opened.workflow, before, item.decision, engine.now(), settles=settles)
    except RefusedError:
        _log.exception(
            "the table refuses what was done; the outcome is kept",
            extra={"ticket": before.id},
        )
        kept = replace(item.decision, trigger=None)
        return settled_change(opened.workflow, before, kept, engine.now(), settles=settles)
