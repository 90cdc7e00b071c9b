"""The way of every ticket from its finding to its first step: notice, grace period, reminders, exemptions, holds.

A workflow says in its ``Course`` what differs: what ends the ticket by itself, what is learned from a reading, what forbids
to go on, and what is proposed once everything that is waited for is over.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.merging import unconfirmed
from iamflow.domain.notice import NoticeKind, NoticeState
from iamflow.domain.schedule import due_reminder, grace_deadline, next_grace_look
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common, managed, notices, tagged
from iamflow.workflows.workflow import Situation


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What differs between workflows on the way to the first step. Every function is pure."""

    notice: NoticeKind
    """The notice with which the grace period begins."""
    first_step: str
    """What the first step is, in words: ``deactivation``."""
    ended: Callable[[Ticket, Sight, Situation], tuple[Resolution, str] | None]
    """How and why the finding no longer holds, or None."""
    learn: Callable[[Ticket, Sight, Situation], Ticket]
    """The ticket with what was read."""
    forbidden: Callable[[Ticket, Sight, Situation], tuple[str, str] | None]
    """Why the subject is not iamflow's to touch, as (code, sentence), or None."""
    propose: Callable[[Case, Ticket, Sight, Situation], Decision]
    """The first step, once the waits are over; the guards still have their say."""
    meanwhile: Callable[[Ticket, Situation], Decision] | None = None
    """What is done while the grace period runs, where that is not to remind of its end half-way and one day before."""


def decide(course: Course, case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket from whose subject nothing has been taken."""
    ticket, now = case.ticket, situation.now
    if ticket.state is State.EXEMPT:
        return _exempt(ticket, situation)
    ended = course.ended(ticket, sight, situation)
    if ended is not None:
        return Decision(
            ticket=ticket,
            trigger=Trigger.RESOLVE,
            resolution=ended[0],
            due_at=None,
            reason=ended[1],
        )
    known = managed.flagged(course.learn(ticket, sight, situation), sight.user, situation)
    forbidden = course.forbidden(known, sight, situation) or managed.refused(known, situation)
    if forbidden is not None:
        return common.block(known, situation, code=forbidden[0], reason=forbidden[1])
    if known.state in PAUSED:
        return common.paused(known, situation, due_at=now + situation.policy.timing.recheck)
    if known.wanted is Wanted.ROLLBACK:
        return _nothing_to_give_back(course, known, situation)
    return _under_way(course, replace(case, ticket=known), sight, situation)


def _nothing_to_give_back(course: Course, ticket: Ticket, situation: Situation) -> Decision:
    """Hold a ticket whose rollback was asked for while the first step was under way, and that turned out not done.

    Going on would take from the owner just what a person has said must be given back.
    """
    by = ticket.wanted_by and ticket.wanted_by.by
    reason = f"a rollback was asked for by {by} before the {course.first_step}: nothing was done"
    held = replace(ticket, wanted=None, wanted_by=None, blocked_reason=reason)
    due_at = situation.now + situation.policy.timing.recheck
    return Decision(ticket=held, trigger=Trigger.HOLD, due_at=due_at, reason=reason)


def _under_way(course: Course, case: Case, sight: Sight, situation: Situation) -> Decision:
    ticket = case.ticket
    spared = tagged.spared(ticket, sight.user, situation, renewed=_as_new(ticket))
    if spared is not None:
        return spared
    if not situation.policy.acts_in(ticket.account_id) or case.enforced_since is None:
        reason = "iamflow only observes this account"
        return common.stay(ticket, due_at=situation.now + situation.policy.timing.recheck, reason=reason)
    if ticket.state is State.OPEN:
        return _open(course, case, situation)
    elsewhere = managed.waiting(ticket, situation, renewed=_as_new(ticket))
    return elsewhere or _told(course, case, sight, situation)


def _exempt(ticket: Ticket, situation: Situation) -> Decision:
    until, now = ticket.progress.exempt_until, situation.now
    ended = _was_ended(ticket, situation)
    if until is not None and now < until and not ended:
        return common.stay(ticket, due_at=until, reason="exempt")
    anew = _as_new(ticket)
    progress = replace(anew.progress, exempt_until=None, exempt_reason=None, exemption=None, keep=None)
    return Decision(
        ticket=replace(anew, progress=progress),
        trigger=Trigger.REOPEN,
        due_at=now,
        reason=f"exemption {ticket.progress.exemption} was ended" if ended else "the exemption has expired",
    )


def _was_ended(ticket: Ticket, situation: Situation) -> bool:
    """Return whether the standing exemption that holds the ticket was ended before its time, as far as that was read."""
    held_by = ticket.progress.exemption
    if held_by is None or situation.exemptions is None:
        return False
    return all(one.id != held_by for one in situation.exemptions)


def _as_new(ticket: Ticket) -> Ticket:
    """Forget the last round's notice, its brown-out, and whatever was waived in it: the next one is whole in itself."""
    progress = replace(ticket.progress, notice_composed_at=None, notice_waiver=None, grace_waiver=None, brownout=None)
    return replace(ticket, progress=progress, deadline=None)


def _open(course: Course, case: Case, situation: Situation) -> Decision:
    """Tell the owner; once a channel has accepted the notice, the grace period runs."""
    ticket, now, progress = case.ticket, situation.now, case.ticket.progress
    if unconfirmed(ticket.facts, situation.policy.rules.max_fact_age, now):
        # A look that learned nothing of AWS: whoever is told, is told what a stale report said.
        reason = "the report is older than rules.max_fact_age, and AWS has not confirmed it yet"
        return common.stay(ticket, due_at=now + situation.policy.timing.retry_most, reason=reason)
    if progress.notice_waiver is not None:
        told = replace(progress, notified_at=now, promised_at=now, told_owner=True)
        return Decision(
            ticket=replace(ticket, progress=told, deadline=now), trigger=Trigger.NOTIFY, due_at=now,
            reason=f"the notice was waived by {progress.notice_waiver.by}",
        )  # fmt: skip
    since = case.enforced_since
    outdated = since is not None and progress.notice_composed_at is not None and progress.notice_composed_at < since
    if progress.notice_composed_at is None or outdated or case.notice.state is NoticeState.NONE:
        return _compose(course, ticket, situation)
    if case.notice.state is NoticeState.FAILED:
        reason = f"the notice could not be delivered: {case.notice.error or 'no reason given'}"
        return common.block(ticket, situation, code="notice_failed", reason=reason)
    if case.notice.state is NoticeState.WAITING or case.notice.accepted_at is None:
        return common.stay(
            ticket,
            due_at=now + situation.policy.timing.retry_most,
            reason="the notice is on its way",
        )
    return _notified(course, case, case.notice.accepted_at, situation)


def _compose(course: Course, ticket: Ticket, situation: Situation) -> Decision:
    now = situation.now
    progress = replace(
        ticket.progress,
        notice_round=ticket.progress.notice_round + 1,
        notice_composed_at=now,
        notified_at=None,
        promised_at=None,
        reminders=(),
        told_as_managed=managed.only_told(ticket, situation),
    )
    composed = replace(ticket, progress=progress, deadline=None)
    kind = NoticeKind.MANAGED if progress.told_as_managed else course.notice
    notice = notices.first_notice(kind, composed, situation.policy, now)
    if notice is None:
        reason = "nobody to tell: no owner tag, map entry, account contact or owners.default leads to an address"
        return common.block(ticket, situation, code="no_owner", reason=reason)
    due_at = now + situation.policy.timing.retry_most
    return Decision(
        ticket=composed,
        due_at=due_at,
        notices=(notice,),
        reason="the owner is being told",
    )


def _notified(course: Course, case: Case, accepted_at: datetime, situation: Situation) -> Decision:
    ticket = case.ticket
    grace = situation.policy.of(ticket.workflow).grace
    deadline = grace_deadline(accepted_at, case.notice.promised_at, grace)
    told_owner = ticket.owner is not None and ticket.owner.source != "default"
    progress = replace(
        ticket.progress,
        notified_at=accepted_at,
        promised_at=case.notice.promised_at,
        told_owner=told_owner,
        approval_reasons=(),
    )
    moved = replace(ticket, progress=progress, deadline=None if progress.told_as_managed else deadline)
    looked_at_once = course.meanwhile is not None or progress.told_as_managed
    due_at = situation.now if looked_at_once else next_grace_look(moved, situation.now)
    return Decision(
        ticket=moved,
        trigger=Trigger.NOTIFY,
        due_at=due_at,
        reason="a channel accepted the notice",
    )


def _told(course: Course, case: Case, sight: Sight, situation: Situation) -> Decision:
    """Wait out the grace period, remind, and propose the next step when everything that is waited for is over."""
    ticket, now, progress = case.ticket, situation.now, case.ticket.progress
    if (
        case.enforced_since is not None
        and progress.notified_at is not None
        and progress.notified_at < case.enforced_since
    ):
        reason = "iamflow was switched to enforce after the notice: the grace period starts anew"
        return Decision(ticket=_as_new(ticket), trigger=Trigger.RENOTIFY, due_at=now, reason=reason)
    if ready(case, now):
        return course.propose(case, ticket, sight, situation)
    if ticket.state is State.AWAITING_APPROVAL:
        due_at = now + situation.policy.timing.recheck
        if ticket.deadline is not None and now < ticket.deadline:
            due_at = min(due_at, ticket.deadline)
        return common.stay(ticket, due_at=due_at, reason="waiting for an approval")
    if course.meanwhile is not None:
        return course.meanwhile(ticket, situation)
    name = due_reminder(ticket, now)
    if name is None:
        return common.stay(ticket, due_at=next_grace_look(ticket, now), reason="in the grace period")
    reminded = replace(ticket, progress=replace(progress, reminders=(*progress.reminders, name)))
    notice = notices.reminder(ticket, situation.policy, now, name)
    return Decision(
        ticket=reminded,
        due_at=next_grace_look(reminded, now),
        notices=(notice,) if notice is not None else (),
        reason=f"reminder: {name}",
    )


def ready(case: Case, now: datetime) -> bool:
    """Return whether the ticket's own waits before its first step are over; the guards still have their say.

    An approval replaces no wait: a hold may have moved the date while the ticket waited for one.
    """
    ticket = case.ticket
    if ticket.deadline is None or (now < ticket.deadline and ticket.progress.grace_waiver is None):
        return False
    if ticket.state is State.AWAITING_APPROVAL:
        return any(approval.used_at is None for approval in case.approvals)
    return ticket.state in {State.NOTIFIED, State.BROWNOUT}
