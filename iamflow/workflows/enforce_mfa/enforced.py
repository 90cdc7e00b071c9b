"""Decisions while the policy is on the user, or may be: take it away in every way out, before anything else.

The policy stays on while the ticket is on hold or blocked, and where iamflow only observes the account by now: a device that
is enrolled meanwhile ends the ticket all the same. Its absence is observed before the ticket ends.
"""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.brownout import Deny
from iamflow.domain.decision import Decision
from iamflow.domain.facts import UserReading
from iamflow.domain.notice import NoticeKind
from iamflow.domain.protection import protected_by_name, protected_by_tag
from iamflow.domain.require_mfa import MfaPolicy, standing
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.domain.waits import DAY
from iamflow.workflows.enforce_mfa import effects
from iamflow.workflows.enforce_mfa.before import dealt_with, learn
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Situation

_WEEK = 7 * DAY

TRIGGERS = {
    Resolution.MFA_ENABLED: Trigger.REMEDIATE,
    Resolution.NO_CONSOLE: Trigger.RESOLVE,
    Resolution.ROLLED_BACK: Trigger.ROLL_BACK,
}
"""What ends a ticket, by why its policy was taken away."""


def decide(ticket: Ticket, reading: UserReading, situation: Situation) -> Decision:
    """Decide about a ticket whose policy is on the user, or may be."""
    policy = begun(ticket)
    there = standing(reading, policy.shape)
    if there is Deny.ABSENT:
        return _absent(ticket, policy, reading, situation)
    if there is Deny.FOREIGN:
        reason = (
            f"the policy {policy.shape.name} is not what iamflow wrote: compare it, remove it by hand, "
            f"then: iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="mfa_policy_foreign", reason=reason)
    if reading.user_id != ticket.user_id:
        reason = f"the user's id was {ticket.user_id} and is {reading.user_id}: recreated under the same name"
        return common.block(ticket, situation, code="user_changed", reason=reason)
    known = learn(ticket, reading, situation)
    if policy.attached_at is None or ticket.state is State.NOTIFIED or ticket.state is State.AWAITING_APPROVAL:
        return _found(known, reading, situation)
    over = _why_over(known, reading, situation)
    return _go_on(known, situation) if over is None else remove(known, over, situation)


def begun(ticket: Ticket) -> MfaPolicy:
    """Return the policy that a ticket in this part of its way has."""
    policy = ticket.progress.mfa_policy
    if policy is None:
        message = f"ticket {ticket.id} has put no policy on its user"
        raise AssertionError(message)
    return policy


def attached(ticket: Ticket, at: datetime) -> Ticket:
    """Return the ticket once its policy was observed on the user."""
    progress = replace(
        ticket.progress,
        mfa_policy=replace(begun(ticket), attached_at=at),
        deactivated_at=at,
        approval_reasons=(),
        waiting_for=(),
    )
    return replace(ticket, progress=progress, deadline=None)


def remove(ticket: Ticket, over: tuple[Resolution, str], situation: Situation) -> Decision:
    """Propose to take the policy away, and keep why."""
    policy = replace(begun(ticket), over=over[0])
    return Decision(
        ticket=replace(ticket, progress=replace(ticket.progress, mfa_policy=policy)),
        effect=effects.removing(ticket, policy.shape),
        trigger=TRIGGERS[over[0]],
        resolution=over[0],
        due_at=situation.now,
        reason=over[1],
    )


def _found(ticket: Ticket, reading: UserReading, situation: Situation) -> Decision:
    """Take note of a policy whose call had been given up as not done."""
    on = attached(ticket, reading.read_at)
    trigger = None if ticket.state in PAUSED else Trigger.ENFORCE
    return Decision(ticket=on, trigger=trigger, due_at=situation.now, reason="the policy was found on the user")


def _why_over(ticket: Ticket, reading: UserReading, situation: Situation) -> tuple[Resolution, str] | None:
    """Return why the policy must go now, and how the ticket ends then; None while it stays."""
    if ticket.wanted is Wanted.ROLLBACK:
        return Resolution.ROLLED_BACK, f"asked for by {ticket.wanted_by and ticket.wanted_by.by}"
    protection = situation.policy.protection
    protected = protected_by_name(ticket.account_id, ticket.username, protection)
    protected = protected or protected_by_tag(reading.tags, protection)
    if protected is not None and not reading.mfa:
        return Resolution.ROLLED_BACK, protected
    return dealt_with(reading)


def _go_on(ticket: Ticket, situation: Situation) -> Decision:
    now, timing = situation.now, situation.policy.timing
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=now + timing.poll)
    since = ticket.progress.deactivated_at or now
    weeks = max((now - since) // _WEEK, 0)
    due_at = min(now + timing.poll, since + (weeks + 1) * _WEEK)
    name = f"week-{weeks}"
    if weeks == 0 or name in ticket.progress.reminders or not situation.policy.acts_in(ticket.account_id):
        return common.stay(ticket, due_at=due_at, reason="waiting for the user to enrol an MFA device")
    reminded = replace(ticket, progress=replace(ticket.progress, reminders=(*ticket.progress.reminders, name)))
    notice = notices.reminder(ticket, situation.policy, now, name)
    told = (notice,) if notice is not None else ()
    return Decision(ticket=reminded, due_at=due_at, notices=told, reason=f"reminder: {name}")


def _absent(ticket: Ticket, policy: MfaPolicy, reading: UserReading, situation: Situation) -> Decision:
    """Note that the policy is not there: it never came about, went with its user, or somebody else removed it.

    Not before a call that was made would have to show: IAM's answers may be old.
    """
    now, propagation = situation.now, situation.policy.timing.propagation
    sure_at = (policy.attached_at or policy.since + CALL_WITHIN + CALL_BOUND) + propagation
    if now < sure_at and reading.user_id is not None and propagation:
        return common.stay(ticket, due_at=sure_at, reason="IAM has not caught up with the policy yet")
    if policy.attached_at is None:
        progress = replace(ticket.progress, mfa_policy=None)
        return Decision(ticket=replace(ticket, progress=progress), due_at=now, reason="the policy did not come about")
    gone = replace(policy, removed_at=now)
    without = replace(ticket, progress=replace(ticket.progress, mfa_policy=gone, waiting_for=()))
    resolution, reason = _why_gone(without, reading, situation)
    trigger = TRIGGERS.get(resolution, Trigger.RESOLVE)
    told = notices.tell(NoticeKind.ATTENTION, without, situation.policy, now, headline=reason)
    return Decision(ticket=without, trigger=trigger, resolution=resolution, due_at=None, notices=told, reason=reason)


def _why_gone(ticket: Ticket, reading: UserReading, situation: Situation) -> tuple[Resolution, str]:
    """Return how a ticket ends whose policy is gone without iamflow."""
    if reading.user_id is None:
        return Resolution.USER_GONE, "somebody else deleted the user, and the policy with it"
    if reading.user_id != ticket.user_id:
        return Resolution.USER_GONE, "somebody else deleted the user, and made another one of the same name"
    over = _why_over(ticket, reading, situation)
    removed = f"somebody other than iamflow removed the policy {begun(ticket).shape.name} from the user"
    return (Resolution.POLICY_REMOVED, removed) if over is None else (over[0], f"{over[1]}; {removed}")
