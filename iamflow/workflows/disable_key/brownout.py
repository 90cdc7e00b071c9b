"""Decisions while a brown-out is on, or has been: lift it in every way out, look for denials, go on only where it was quiet.

The deny is removed before anything else happens to the ticket: before it ends, is paused, or goes on to the deactivation.
Each look does one thing. What a look finds is kept on the ticket, so that a crash in between loses nothing.
"""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.brownout import Brownout, Deny, Lack, deny_in, lack, policy_name
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import SignalKind, Sweep
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.signals import DECISIVE, from_brownout
from iamflow.domain.states import PAUSED, Confirmation, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key.effects import effect_of
from iamflow.workflows.shared import common, notices
from iamflow.workflows.shared.key_subject import hands_off, learn
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Situation


def begin(ticket: Ticket, situation: Situation) -> Decision:
    """Propose the brown-out. That it may be on is on the ticket from the moment its intent is."""
    begun = Brownout(policy=policy_name(ticket.id), since=situation.now)
    return Decision(
        ticket=replace(ticket, progress=replace(ticket.progress, brownout=begun)),
        effect=effect_of(ticket, EffectKind.ATTACH_BROWNOUT),
        trigger=Trigger.BROWN_OUT,
        due_at=situation.now,
        reason="the grace period is over: the brown-out comes first",
    )


def decide(case: Case, sight: Sight, situation: Situation) -> Decision | None:
    """Decide about a ticket with a brown-out; None where nothing of it stands in the way of the usual decisions."""
    brownout = case.ticket.progress.brownout
    if brownout is None or case.ticket.state is State.EXEMPT:
        return None
    reading = common.required(sight.user)
    ticket, events = _seen(learn(case.ticket, reading, situation), reading, sight, situation)
    if brownout.lifted_at is None:
        return replace(_while_on(ticket, brownout, reading, situation), events=events)
    if not _works(ticket, reading):
        return None
    if _was_used(ticket) or ticket.wanted is Wanted.ROLLBACK:
        return replace(_given_back(ticket, brownout, sight, situation), events=events)
    if ticket.state in PAUSED:
        return None
    return _afterwards(ticket, brownout, sight, situation)


def _given_back(ticket: Ticket, brownout: Brownout, sight: Sight, situation: Situation) -> Decision:
    nameless_until = names_nobody_until(ticket, brownout, situation)
    if nameless_until is not None and sight.brownout is None and situation.now < nameless_until:
        reason = "the key is in use and works again; CloudTrail is being waited for, to tell which application it is"
        return common.stay(ticket, due_at=nameless_until, reason=reason)
    return _roll_back(ticket, brownout, situation)


def _works(ticket: Ticket, reading: UserReading) -> bool:
    """Return whether the ticket's own key is there and Active, so that nothing but a deny can stand in its way."""
    key = reading.key(ticket.access_key_id)
    return key is not None and key.status is KeyStatus.ACTIVE and reading.user_id == ticket.user_id


def _while_on(ticket: Ticket, brownout: Brownout, reading: UserReading, situation: Situation) -> Decision:
    now = situation.now
    deny = deny_in(reading.policies, ticket.id) if reading.user_id is not None else Deny.ABSENT
    if deny is Deny.ABSENT:
        return _absent(ticket, brownout, reading, situation)
    if deny is Deny.FOREIGN:
        reason = (
            f"the user's inline policy {brownout.policy} is not what iamflow wrote: compare it, remove it by hand, "
            f"then: iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="deny_foreign", reason=reason)
    over = _why_over(ticket, brownout, reading, situation)
    if over is not None:
        return Decision(ticket=ticket, effect=effect_of(ticket, EffectKind.LIFT_BROWNOUT), due_at=now, reason=over)
    ends_at = brownout.ends_at or now
    return common.stay(ticket, due_at=min(now + situation.policy.timing.poll, ends_at), reason="the brown-out is on")


def _why_over(ticket: Ticket, brownout: Brownout, reading: UserReading, situation: Situation) -> str | None:
    """Return why the deny must go now, or None while the brown-out has still to run."""
    policy = situation.policy
    forbidden = hands_off(ticket, reading, situation)
    lasted = brownout.ends_at is None or situation.now >= brownout.ends_at
    reasons = (
        (ticket.wanted is Wanted.ROLLBACK, f"a rollback was asked for by {ticket.wanted_by and ticket.wanted_by.by}"),
        (_was_used(ticket), "the key is in use"),
        (not _works(ticket, reading), "the key is gone, or Inactive already"),
        (forbidden is not None, forbidden[1] if forbidden is not None else ""),
        (ticket.state is not State.BROWNOUT, f"the ticket is {ticket.state.value}"),
        (policy.of(ticket.workflow).brownout is None, "the settings ask for no brown-out any more"),
        (not policy.acts_in(ticket.account_id), "iamflow only observes this account now"),
        (lasted, "the brown-out has lasted for the whole of its time"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _absent(ticket: Ticket, brownout: Brownout, reading: UserReading, situation: Situation) -> Decision:
    """Note that the deny is not there: it never came about, went with its user, or somebody else removed it.

    Not before a call that was made would have to show: IAM's answers may be old.
    """
    now, propagation = situation.now, situation.policy.timing.propagation
    attached_at = brownout.attached_at
    sure_at = (attached_at or brownout.since + CALL_WITHIN + CALL_BOUND) + propagation
    if now < sure_at and reading.user_id is not None and propagation:
        return common.stay(ticket, due_at=sure_at, reason="IAM has not caught up with the brown-out yet")
    if attached_at is None:
        return _with(ticket, None, due_at=now, reason="the brown-out did not come about")
    gone = replace(brownout, lifted_at=now, removed_by_other=True)
    settled = ticket.state in PAUSED or ticket.wanted is not None or _was_used(ticket)
    if settled or not _works(ticket, reading):
        return _with(ticket, gone, due_at=now, reason="the brown-out's deny is gone")
    return _removed_by_other(ticket, gone, situation)


def _removed_by_other(ticket: Ticket, gone: Brownout, situation: Situation) -> Decision:
    """Hold a ticket whose deny somebody removed: a person has reacted, and a person must say how it goes on."""
    reason = f"somebody other than iamflow removed the brown-out's policy {gone.policy} from the user"
    progress = replace(ticket.progress, brownout=gone, held_at=situation.now)
    held = replace(ticket, progress=progress, blocked_reason=reason)
    told = notices.tell(NoticeKind.HELD, held, situation.policy, situation.now, headline=reason)
    due_at = situation.now + situation.policy.timing.recheck
    return Decision(ticket=held, trigger=Trigger.HOLD, due_at=due_at, notices=told, reason=reason)


def _afterwards(ticket: Ticket, brownout: Brownout, sight: Sight, situation: Situation) -> Decision | None:
    """Wait until CloudTrail has delivered, and keep that it was searched; None once nothing of the brown-out is lacking."""
    policy = situation.policy
    lacks = lack(brownout, policy.of(ticket.workflow).brownout, policy.excused)
    if lacks not in {Lack.NOT_SWEPT, Lack.OTHER_REGIONS}:
        return None
    if sight.brownout is not None and sight.brownout.conclusive:
        swept = replace(brownout, swept_at=sight.brownout.run_at, excused=sight.brownout.excused)
        searched = _with(ticket, swept, due_at=situation.now, reason="nothing called with the key during the brown-out")
        return replace(searched, events=(_searched(sight.brownout, situation),))
    return common.stay(ticket, due_at=sweep_at(brownout, situation), reason="waiting for CloudTrail to deliver")


def sweep_at(brownout: Brownout, situation: Situation) -> datetime | None:
    """Return from when on CloudTrail can be expected to hold every denial; None while the deny is on."""
    lifted_at = brownout.lifted_at
    return lifted_at + situation.policy.disable_key.delivery_lag if lifted_at is not None else None


def names_nobody_until(ticket: Ticket, brownout: Brownout, situation: Situation) -> datetime | None:
    """Return until when a ticket waits for CloudTrail to name the application, where IAM alone has shown a use.

    The deny is gone by then, so that nobody waits for anything but the name. None where there is nothing to wait for: the
    use is named, a person has asked for the rollback, or the ticket is paused.
    """
    named = any(signal.event is not None for signal in ticket.progress.signals)
    if not _was_used(ticket) or named or ticket.wanted is Wanted.ROLLBACK or ticket.state in PAUSED:
        return None
    return sweep_at(brownout, situation)


def lifted(ticket: Ticket, at: datetime, request_id: str | None) -> Ticket:
    """Return the ticket once the deny was observed to be gone, by iamflow's own call."""
    brownout = ticket.progress.brownout
    if brownout is None:
        return ticket
    # One whose beginning was never observed did not last at all.
    over = replace(brownout, lifted_at=at, lift_request=request_id, attached_at=brownout.attached_at or at)
    return replace(ticket, progress=replace(ticket.progress, brownout=over))


def attached(ticket: Ticket, at: datetime, situation: Situation) -> Ticket:
    """Return the ticket once the deny was observed on the user: from then on its time runs."""
    brownout = ticket.progress.brownout
    if brownout is None:
        brownout = Brownout(policy=policy_name(ticket.id), since=at)
    lasts = situation.policy.of(ticket.workflow).brownout
    on = replace(brownout, attached_at=at, ends_at=at + lasts if lasts is not None else at)
    return replace(ticket, progress=replace(ticket.progress, brownout=on, waiting_for=()))


def _roll_back(ticket: Ticket, brownout: Brownout, situation: Situation) -> Decision:
    """End a ticket whose brown-out showed that the key is in use, or whose rollback was asked for. The deny is gone."""
    used = [signal.sentence for signal in ticket.progress.signals if signal.kind in DECISIVE]
    reason = used[-1] if used else f"asked for by {ticket.wanted_by and ticket.wanted_by.by}"
    policy, now = situation.policy, situation.now
    progress = replace(ticket.progress, end_request=brownout.lift_request, waiting_for=())
    proof = None
    if not brownout.removed_by_other:
        progress = replace(progress, confirm_by=now + policy.timing.confirm_within)
        proof = Confirmation.PENDING
    ended = replace(ticket, progress=progress, confirmation=proof)
    headline = "the key works again: its calls are not denied any more, and it was never deactivated"
    told = notices.tell(NoticeKind.ROLLED_BACK, ended, policy, now, headline=headline, reasons=used or [reason])
    return Decision(
        ticket=ended,
        trigger=Trigger.ROLL_BACK,
        resolution=Resolution.ROLLED_BACK,
        due_at=now + policy.proof_after(ticket.workflow) if proof is not None else None,
        notices=told,
        reason=reason,
    )


def _seen(
    ticket: Ticket, reading: UserReading, sight: Sight, situation: Situation
) -> tuple[Ticket, tuple[NewEvent, ...]]:
    """Put what was seen of the key's use on the ticket, each thing once."""
    sweeps: tuple[Sweep | None, ...] = (sight.reactions, sight.brownout)
    events = [event for sweep in sweeps if sweep is not None for event in sweep.events]
    found = common.unseen(ticket, from_brownout(events, reading, ticket, situation.policy.timing.propagation))
    return common.remembered(ticket, found), common.journal(found, situation.now)


def _was_used(ticket: Ticket) -> bool:
    return any(signal.kind is SignalKind.KEY_USED for signal in ticket.progress.signals)


def _with(ticket: Ticket, brownout: Brownout | None, *, due_at: datetime, reason: str) -> Decision:
    return Decision(
        ticket=replace(ticket, progress=replace(ticket.progress, brownout=brownout)), due_at=due_at, reason=reason
    )


def _searched(sweep: Sweep, situation: Situation) -> NewEvent:
    return NewEvent(kind=EventKind.SWEEP, actor=common.DAEMON, at=situation.now, detail=common.sweep_detail(sweep))
