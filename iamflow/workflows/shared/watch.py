"""Decisions once iamflow has deactivated a key: watch it, give it back at the first sign of use, or propose the deletion."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Look, Sight
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.evidence import Signal, SignalKind, Sweep, SweepRecord
from iamflow.domain.facts import LIVE, Facts, KeyFacts, KeyStatus, LastUse, UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.merging import joined
from iamflow.domain.notice import NoticeKind
from iamflow.domain.plan import plan_digest
from iamflow.domain.schedule import next_poll
from iamflow.domain.signals import DECISIVE, HOLDING, from_events, from_reading
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.domain.window import shortcoming, window_ends
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation


def key_effect(ticket: Ticket, kind: EffectKind) -> Effect:
    """Return an effect on the ticket's own key."""
    return Effect(kind=kind, account_id=ticket.account_id, username=ticket.username, key_id=ticket.access_key_id)


def wants(ticket: Ticket, reading: UserReading, sight: Sight, situation: Situation) -> frozenset[Look]:
    """Return what must still be read of a watched key; asked again until it wants nothing more."""
    key = reading.key(ticket.access_key_id)
    propagation = situation.policy.timing.propagation
    seen = from_reading(reading, ticket, propagation)
    if (key is None or key.status is not KeyStatus.INACTIVE or seen) and sight.reactions is None:
        return frozenset({Look.REACTIONS})
    decided = key is None or key.status is not KeyStatus.INACTIVE or any(signal.kind in DECISIVE for signal in seen)
    if not decided and ticket.wanted is None and sweep_is_due(ticket, situation) and sight.final_sweep is None:
        return frozenset({Look.FINAL_SWEEP})
    return frozenset()


def sweep_is_due(ticket: Ticket, situation: Situation) -> bool:
    """Return whether the final sweep should run: after the window and CloudTrail's delivery lag, where none is enough yet.

    One that was enough may no longer be: a wait was made longer since, or a region is not excused any more.
    """
    ends = window_ends(ticket, situation.policy)
    if ticket.state not in {State.MONITORING, State.AWAITING_APPROVAL} or ends is None:
        return False
    over = situation.now >= ends + situation.policy.of(ticket.workflow).delivery_lag
    return over and shortcoming(ticket, situation.policy, situation.now) is not None


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket whose key iamflow has deactivated."""
    reading = common.required(sight.user)
    ticket = _learn(case.ticket, reading, situation)
    key = reading.key(ticket.access_key_id)
    if key is None:
        return _gone(ticket, reading, situation)
    if key.status is KeyStatus.ACTIVE:
        return _active_again(ticket, sight, situation)
    if ticket.wanted is Wanted.ROLLBACK:
        return _give_back(
            ticket,
            (),
            situation,
            reason=f"asked for by {ticket.wanted_by and ticket.wanted_by.by}",
        )
    signals = _signals(ticket, reading, sight, situation)
    decisive = [signal for signal in signals if signal.kind in DECISIVE]
    if decisive:
        return _give_back(ticket, signals, situation, reason=decisive[0].sentence)
    holding = [signal for signal in signals if signal.kind in HOLDING]
    if holding and ticket.state not in PAUSED:
        return hold(ticket, signals, situation)
    return _go_on(case, ticket, sight, situation)


def _learn(ticket: Ticket, reading: UserReading, situation: Situation) -> Ticket:
    policy = situation.policy
    key = reading.key(ticket.access_key_id)
    last_use = reading.last_use or LastUse()
    facts: Facts = ticket.facts
    if key is not None:
        read = KeyFacts(
            status=key.status,
            created_at=ticket.key_facts.created_at,
            last_use=last_use,
            as_of=reading.read_at,
            source=LIVE,
        )
        facts = joined(read, facts)
    return replace(
        ticket,
        facts=facts,
        plan_digest=plan_digest(ticket, reading, policy.excused, policy.of(ticket.workflow).brownout)
        or ticket.plan_digest,
        progress=replace(ticket.progress, last_use=last_use),
    )


def _gone(ticket: Ticket, reading: UserReading, situation: Situation) -> Decision:
    gone = Resolution.USER_GONE if reading.user_id is None else Resolution.KEY_GONE
    reason = "somebody else deleted the user" if gone is Resolution.USER_GONE else "somebody else deleted the key"
    told = notices.tell(NoticeKind.ATTENTION, ticket, situation.policy, situation.now, headline=reason)
    return Decision(
        ticket=ticket,
        trigger=Trigger.RESOLVE,
        resolution=gone,
        due_at=None,
        reason=reason,
        notices=told,
    )


def _active_again(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    """End a ticket whose key somebody set to Active again. Within the propagation time it may be an old answer."""
    since = ticket.progress.deactivated_at
    settled = since is None or situation.now >= since + situation.policy.timing.propagation
    if not settled:
        due_at = since and since + situation.policy.timing.propagation
        return common.stay(ticket, due_at=due_at, reason="the deactivation is reaching all of AWS")
    if ticket.wanted is Wanted.ROLLBACK:
        reason = "the key is Active already"
        return Decision(
            ticket=ticket,
            trigger=Trigger.ROLL_BACK,
            resolution=Resolution.ROLLED_BACK,
            due_at=None,
            reason=reason,
        )
    events = sight.reactions.events if sight.reactions is not None else ()
    signals = tuple(
        replace(signal, kind=SignalKind.REACTIVATED)
        for signal in from_events(events, ticket, situation.policy.timing.propagation)
        if signal.kind is SignalKind.TOGGLED
    )
    who = signals[-1].event.principal if signals and signals[-1].event is not None else None
    reason = f"the key was set to Active again by {who or 'somebody other than iamflow'}"
    seen = common.remembered(ticket, signals)
    told = notices.tell(NoticeKind.ATTENTION, seen, situation.policy, situation.now, headline=reason)
    return Decision(
        ticket=seen,
        trigger=Trigger.RESOLVE,
        resolution=Resolution.OWNER_REACTIVATED,
        due_at=None,
        reason=reason,
        notices=told,
        events=common.journal(signals, situation.now),
    )


def _signals(ticket: Ticket, reading: UserReading, sight: Sight, situation: Situation) -> tuple[Signal, ...]:
    """Return everything seen that means something, CloudTrail's own words before what IAM alone tells."""
    propagation = situation.policy.timing.propagation
    sweeps: tuple[Sweep | None, ...] = (sight.reactions, sight.final_sweep)
    events = [event for sweep in sweeps if sweep is not None for event in sweep.events]
    from_trail = from_events(events, ticket, propagation)
    return (*from_trail, *from_reading(reading, ticket, propagation))


def _give_back(ticket: Ticket, signals: tuple[Signal, ...], situation: Situation, *, reason: str) -> Decision:
    return Decision(
        ticket=common.remembered(ticket, signals),
        effect=key_effect(ticket, EffectKind.REACTIVATE_KEY),
        trigger=Trigger.ROLL_BACK,
        resolution=Resolution.ROLLED_BACK,
        due_at=situation.now,
        events=common.journal(signals, situation.now),
        reason=reason,
    )


def hold(ticket: Ticket, signals: tuple[Signal, ...], situation: Situation) -> Decision:
    """Stop the clock for what was seen, until a person has looked; the deletion then needs an approval."""
    reason = signals[0].sentence
    reasons = (*ticket.progress.approval_reasons, f"held: {reason}")
    held = common.remembered(ticket, signals)
    held = replace(
        held,
        blocked_reason=reason,
        progress=replace(
            held.progress,
            held_at=situation.now,
            approval_reasons=tuple(dict.fromkeys(reasons)),
        ),
    )
    told = notices.tell(
        NoticeKind.HELD,
        held,
        situation.policy,
        situation.now,
        headline=reason,
        reasons=[signal.sentence for signal in signals],
    )
    return Decision(
        ticket=held,
        trigger=Trigger.HOLD,
        due_at=situation.now + situation.policy.timing.poll,
        notices=told,
        events=common.journal(signals, situation.now),
        reason=reason,
    )


def _go_on(case: Case, ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    now, timing = situation.now, situation.policy.timing
    poll_at = next_poll(ticket, now, timing, situation.policy.of(ticket.workflow).delivery_lag)
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=poll_at)
    if ticket.state is State.DEACTIVATED:
        return _reached_everywhere(ticket, situation)
    events: tuple[NewEvent, ...] = ()
    if sight.final_sweep is not None:
        ticket, events = with_sweep(ticket, sight.final_sweep, situation)
    if not situation.policy.acts_in(ticket.account_id) or case.enforced_since is None:
        reason = "iamflow only observes this account: it watches, and deletes nothing"
        return Decision(ticket=ticket, due_at=poll_at, events=events, reason=reason)
    approved = any(approval.used_at is None for approval in case.approvals)
    swept = ticket.progress.final_sweep is not None and ticket.progress.final_sweep.conclusive
    if not swept or (ticket.state is State.AWAITING_APPROVAL and not approved):
        reason = "waiting for an approval of the deletion" if swept else "the key is watched"
        return Decision(ticket=ticket, due_at=poll_at, events=events, reason=reason)
    return Decision(
        ticket=ticket,
        effect=key_effect(ticket, EffectKind.DELETE_KEY),
        trigger=Trigger.DELETE,
        resolution=Resolution.DELETED,
        due_at=now,
        events=events,
        reason="the window is over, and nothing was seen",
    )


def _reached_everywhere(ticket: Ticket, situation: Situation) -> Decision:
    since = ticket.progress.deactivated_at or situation.now
    reached = since + situation.policy.timing.propagation
    if situation.now < reached:
        return common.stay(ticket, due_at=reached, reason="the deactivation is reaching all of AWS")
    due_at = next_poll(
        ticket,
        situation.now,
        situation.policy.timing,
        situation.policy.of(ticket.workflow).delivery_lag,
    )
    return Decision(
        ticket=ticket,
        trigger=Trigger.WATCH,
        due_at=due_at,
        reason="the key is Inactive everywhere",
    )


def with_sweep(ticket: Ticket, sweep: Sweep, situation: Situation) -> tuple[Ticket, tuple[NewEvent, ...]]:
    """Put the final sweep on the ticket, and into the journal."""
    record = SweepRecord(
        run_at=sweep.run_at,
        start=sweep.start,
        end=sweep.end,
        regions=sweep.regions,
        excused=sweep.excused,
        conclusive=sweep.conclusive,
    )
    event = NewEvent(kind=EventKind.SWEEP, actor=common.DAEMON, at=situation.now, detail=common.sweep_detail(sweep))
    kept = record if sweep.conclusive else None
    return replace(ticket, progress=replace(ticket.progress, final_sweep=kept)), (event,)
