"""Decisions once something has been taken from the user: finish the quarantine, watch, give back at the first sign of use."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.evidence import Signal
from iamflow.domain.facts import UserReading
from iamflow.domain.journal import NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.schedule import next_poll
from iamflow.domain.signals import DECISIVE, HOLDING
from iamflow.domain.states import PAUSED, Resolution, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.domain.user_signals import from_events, from_reading
from iamflow.workflows.delete_user import deletion, giving_back
from iamflow.workflows.delete_user.effects import DELETING, QUARANTINING, following, is_deleting
from iamflow.workflows.delete_user.subject import learn, recorded
from iamflow.workflows.shared import common, notices, watch
from iamflow.workflows.shared.key_subject import hands_off
from iamflow.workflows.workflow import Situation


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket whose user has been quarantined, or is being deleted."""
    reading = common.required(sight.user)
    if reading.user_id is None:
        return _gone(case.ticket, situation)
    if reading.user_id != case.ticket.user_id:
        code, reason = hands_off(case.ticket, reading, situation) or ("user_changed", "the user is another one")
        return common.block(case.ticket, situation, code=code, reason=reason)
    ticket = learn(case.ticket, reading, situation)
    if is_deleting(ticket):
        return deletion.decide(ticket, sight, situation)
    return _quarantined(replace(case, ticket=ticket), sight, situation)


def _quarantined(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Give back at the first sign of use, stop for a person at whatever else was seen, or go on."""
    ticket, reading = case.ticket, common.required(sight.user)
    if giving_back.wanted(ticket):
        return giving_back.decide(ticket, sight, situation)
    found = signals(ticket, sight, situation)
    if any(signal.kind in DECISIVE for signal in found):
        known, new = common.remembered(ticket, found), common.unseen(ticket, found)
        decision = giving_back.decide(known, sight, situation)
        return replace(decision, events=(*common.journal(new, situation.now), *decision.events))
    forbidden = hands_off(ticket, reading, situation)
    if forbidden is not None:
        return common.block(ticket, situation, code=forbidden[0], reason=forbidden[1])
    holding = tuple(signal for signal in found if signal.kind in HOLDING)
    if holding and ticket.state not in PAUSED:
        return watch.hold(ticket, holding, situation)
    return _go_on(case, sight, situation)


def signals(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[Signal, ...]:
    """Return everything seen that means something, CloudTrail's own words before what IAM alone tells."""
    propagation = situation.policy.timing.propagation
    sweeps = (sight.reactions, sight.final_sweep)
    events = [event for sweep in sweeps if sweep is not None for event in sweep.events]
    from_trail = from_events(events, ticket, propagation)
    told = {signal.mark for signal in from_trail}
    from_iam = from_reading(common.required(sight.user), ticket, propagation)
    return (*from_trail, *(signal for signal in from_iam if signal.mark not in told))


def _gone(ticket: Ticket, situation: Situation) -> Decision:
    reason = "somebody else deleted the user"
    told = notices.tell(NoticeKind.ATTENTION, ticket, situation.policy, situation.now, headline=reason)
    return Decision(
        ticket=ticket,
        trigger=Trigger.RESOLVE,
        resolution=Resolution.USER_GONE,
        due_at=None,
        reason=reason,
        notices=told,
    )


def _go_on(case: Case, sight: Sight, situation: Situation) -> Decision:
    ticket, reading = case.ticket, common.required(sight.user)
    poll_at = next_poll(
        ticket, situation.now, situation.policy.timing, situation.policy.of(ticket.workflow).delivery_lag
    )
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=poll_at)
    if ticket.state is State.QUARANTINED:
        return _quarantining(case, reading, situation)
    events: tuple[NewEvent, ...] = ()
    if sight.final_sweep is not None:
        ticket, events = watch.with_sweep(ticket, sight.final_sweep, situation)
    return _watched(replace(case, ticket=ticket), sight, situation, events)


def _quarantining(case: Case, reading: UserReading, situation: Situation) -> Decision:
    """Switch off what is still on, one kind at a time; then wait until all of AWS knows, and watch."""
    ticket, now = case.ticket, situation.now
    unasked = () if situation.policy.delete_user.remove_login_profile else QUARANTINING[-1:]
    kinds = tuple(kind for kind in QUARANTINING if kind not in unasked)
    step = next(following(ticket, kinds[1:], reading), None)
    if step is not None:
        return Decision(ticket=ticket, effect=step, due_at=now, reason=f"the quarantine goes on: {step.kind.step}")
    at_rest = tuple(other.ticket for other in case.others if not other.ticket.took_access and other.intent is None)
    reached = (ticket.progress.deactivated_at or now) + situation.policy.timing.propagation
    if now < reached:
        waiting = common.stay(ticket, due_at=reached, reason="the quarantine is reaching all of AWS")
        return replace(waiting, supersedes=at_rest)
    return Decision(
        ticket=ticket,
        trigger=Trigger.WATCH,
        due_at=next_poll(ticket, now, situation.policy.timing, situation.policy.of(ticket.workflow).delivery_lag),
        reason="nothing of the user can act any more",
        supersedes=at_rest,
    )


def _watched(case: Case, sight: Sight, situation: Situation, events: tuple[NewEvent, ...]) -> Decision:
    ticket, now = case.ticket, situation.now
    poll_at = next_poll(ticket, now, situation.policy.timing, situation.policy.of(ticket.workflow).delivery_lag)
    if not situation.policy.acts_in(ticket.account_id) or case.enforced_since is None:
        reason = "iamflow only observes this account: it watches, and deletes nothing"
        return Decision(ticket=ticket, due_at=poll_at, events=events, reason=reason)
    approved = any(approval.used_at is None for approval in case.approvals)
    quiet = ticket.progress.final_sweep is not None and ticket.progress.final_sweep.conclusive
    if not quiet or (ticket.state is State.AWAITING_APPROVAL and not approved):
        reason = "waiting for an approval of the deletion" if quiet else "the user is watched"
        return Decision(ticket=ticket, due_at=poll_at, events=events, reason=reason)
    known, recording = recorded(ticket, sight, situation)
    return Decision(
        ticket=known,
        effect=next(following(known, DELETING, common.required(sight.user))),
        trigger=Trigger.START_DELETION,
        due_at=now,
        events=(*events, *recording),
        reason="the window is over, and nothing was seen",
    )
