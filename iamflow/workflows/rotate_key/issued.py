"""Decisions while both keys work: tell the owner where the secret is, and wait until the new key has taken the old one's place."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyState, KeyStatus, UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind, NoticeState
from iamflow.domain.rotation import Rotation, new_key_taken, old_key_idle_since
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.rotate_key import undo
from iamflow.workflows.rotate_key.effects import effect_of
from iamflow.workflows.shared import common, notices
from iamflow.workflows.shared.key_subject import hands_off, learn, no_longer_a_finding
from iamflow.workflows.workflow import Situation


def begin(ticket: Ticket, key: KeyState, situation: Situation) -> Decision:
    """Return what becomes of a ticket whose new key, and the arrival of its secret, have been observed."""
    rotation = _rotation(ticket)
    made = replace(rotation, new_key=key.key_id, delivered_at=situation.now, slot=None, withdrawing=None)
    progress = replace(
        ticket.progress, rotation=made, notice_composed_at=None, approval_reasons=(), waiting_for=(), reminders=()
    )
    reason = f"the new key {key.key_id} was made, and its secret put into {rotation.place.in_words()}"
    return Decision(
        ticket=replace(ticket, progress=progress, deadline=None),
        trigger=Trigger.ISSUE,
        due_at=situation.now,
        reason=reason,
    )


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket whose user has a new key beside the one that is replaced."""
    reading = common.required(sight.user)
    resolved = no_longer_a_finding(case.ticket, reading, situation)
    if resolved is not None:
        return _resolved(case.ticket, resolved, situation)
    ticket = learn(case.ticket, reading, situation)
    forbidden = hands_off(ticket, reading, situation)
    if forbidden is not None:
        return common.block(ticket, situation, code=forbidden[0], reason=forbidden[1])
    rotation = _rotation(ticket)
    if ticket.wanted is Wanted.ROLLBACK or rotation.given_back:
        return undo.decide(replace(case, ticket=ticket), rotation, sight, situation)
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=situation.now + situation.policy.timing.recheck)
    return _go_on(replace(case, ticket=ticket), rotation, (reading, sight), situation)


def _go_on(case: Case, rotation: Rotation, seen: tuple[UserReading, Sight], situation: Situation) -> Decision:
    """Go on while the new key is there and Active, and iamflow may act."""
    ticket = case.ticket
    new = seen[0].key(rotation.new_key)
    if new is None or new.status is not KeyStatus.ACTIVE:
        what = "is gone" if new is None else "was set to Inactive"
        reason = (
            f"the new key {what}, and iamflow did not do it; the old one works as before: "
            f"iamflow ticket rollback {ticket.id}, or make it Active and iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="new_key_changed", reason=reason)
    if not situation.policy.acts_in(ticket.account_id) or case.enforced_since is None:
        due_at = situation.now + situation.policy.timing.recheck
        return common.stay(ticket, due_at=due_at, reason="iamflow only observes this account: both keys stay")
    if ticket.state is State.ISSUED:
        return _tell(case, rotation, situation)
    return _await(case, rotation, seen, situation)


def _resolved(ticket: Ticket, found: tuple[Resolution, str], situation: Situation) -> Decision:
    told = notices.tell(
        NoticeKind.ATTENTION,
        ticket,
        situation.policy,
        situation.now,
        headline=f"{found[1]}; the new key is left as it is",
    )
    return Decision(
        ticket=ticket, trigger=Trigger.RESOLVE, resolution=found[0], due_at=None, notices=told, reason=found[1]
    )


# --- telling the owner ------------------------------------------------------------------------------------------------


def _tell(case: Case, rotation: Rotation, situation: Situation) -> Decision:
    """Say where the secret is, and wait until a channel has accepted that."""
    ticket, now = case.ticket, situation.now
    since, composed = case.enforced_since, ticket.progress.notice_composed_at
    outdated = since is not None and composed is not None and composed < since
    if composed is None or outdated:
        return _compose(ticket, situation)
    if case.notice.state is NoticeState.FAILED:
        reason = f"where the new key's secret is could not be told: {case.notice.error or 'no reason given'}"
        return common.block(ticket, situation, code="notice_failed", reason=reason)
    accepted_at = case.notice.accepted_at
    if case.notice.state is not NoticeState.ACCEPTED or accepted_at is None:
        due_at = now + situation.policy.timing.retry_most
        return common.stay(ticket, due_at=due_at, reason="word of where the secret is, is on its way")
    told_owner = ticket.owner is not None and ticket.owner.source != "default"
    progress = replace(
        ticket.progress,
        rotation=replace(rotation, told_at=accepted_at),
        notified_at=accepted_at,
        told_owner=told_owner,
    )
    return Decision(
        ticket=replace(ticket, progress=progress),
        trigger=Trigger.TELL,
        due_at=now + situation.policy.timing.poll,
        reason="a channel accepted the word of where the secret is",
    )


def _compose(ticket: Ticket, situation: Situation) -> Decision:
    progress = replace(
        ticket.progress,
        notice_round=ticket.progress.notice_round + 1,
        notice_composed_at=situation.now,
    )
    composed = replace(ticket, progress=progress)
    notice = notices.first_notice(NoticeKind.KEY_ISSUED, composed, situation.policy, situation.now)
    if notice is None:
        reason = "nobody is known who could be told where the new key's secret is (owners.default, accounts.contacts)"
        return common.block(ticket, situation, code="no_owner", reason=reason)
    due_at = situation.now + situation.policy.timing.retry_most
    # It promises no date: when the old key goes depends on when the new one is taken.
    return Decision(
        ticket=composed,
        due_at=due_at,
        notices=(replace(notice, grace_seconds=None),),
        reason="the owner is being told where the secret is",
    )


# --- adoption ---------------------------------------------------------------------------------------------------------


def adopted(ticket: Ticket, reading: UserReading, situation: Situation) -> bool:
    """Return whether the new key has taken the old one's place, as far as is seen or said; the guards weigh it again."""
    rotation = _rotation(ticket)
    if rotation.migrated is not None:
        return True
    since = old_key_idle_since(rotation, _used(ticket, reading))
    idle = situation.policy.of(ticket.workflow).idle
    if since is None or idle is None or not new_key_taken(rotation, reading):
        return False
    return situation.now >= since + idle


def waits_for_adoption(case: Case) -> bool:
    """Return whether the ticket stands where the old key may be deactivated once the new one is adopted."""
    if case.ticket.state is State.AWAITING_APPROVAL:
        return any(approval.used_at is None for approval in case.approvals)
    return case.ticket.state is State.AWAITING_ADOPTION


def _used(ticket: Ticket, reading: UserReading) -> datetime | None:
    used = reading.last_use.at if reading.last_use is not None else None
    seen = ticket.baseline.last_event_at if ticket.baseline is not None else None
    return max((at for at in (used, seen) if at is not None), default=None)


def _await(case: Case, rotation: Rotation, seen: tuple[UserReading, Sight], situation: Situation) -> Decision:
    ticket, now, policy = case.ticket, situation.now, situation.policy
    reading, sight = seen
    told_before = case.enforced_since is not None and (
        rotation.told_at is None or rotation.told_at < case.enforced_since
    )
    if told_before and ticket.state is State.AWAITING_ADOPTION:
        again = replace(ticket, progress=replace(ticket.progress, notice_composed_at=None))
        reason = "iamflow was switched to enforce after the owner was told: he is told again"
        return Decision(ticket=again, trigger=Trigger.RENOTIFY, due_at=now, reason=reason)
    if waits_for_adoption(case) and adopted(ticket, reading, situation):
        return _deactivate(ticket, sight, situation)
    if ticket.state is State.AWAITING_APPROVAL:
        return common.stay(ticket, due_at=now + policy.timing.recheck, reason="waiting for an approval")
    return _remind(ticket, rotation, reading, situation)


def _remind(ticket: Ticket, rotation: Rotation, reading: UserReading, situation: Situation) -> Decision:
    """Wait for the new key to be taken, with a reminder every so often; a late run sends one, not all that it missed."""
    now, every = situation.now, situation.policy.rotate_key.remind
    since = rotation.told_at or now
    number = int((now - since) / every)
    due_at = min(now + situation.policy.timing.poll, since + (number + 1) * every)
    taken = new_key_taken(rotation, reading)
    reason = "the old key is not idle for long enough yet" if taken else "the new key has not been used yet"
    name = f"adoption-{number}"
    if number < 1 or name in ticket.progress.reminders:
        return common.stay(ticket, due_at=due_at, reason=reason)
    reminded = replace(ticket, progress=replace(ticket.progress, reminders=(*ticket.progress.reminders, name)))
    told = notices.tell(NoticeKind.KEY_UNUSED, reminded, situation.policy, now, headline=reason, once=name)
    return Decision(ticket=reminded, due_at=due_at, notices=told, reason=f"reminder: {reason}")


def _deactivate(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    events: tuple[NewEvent, ...] = ()
    if sight.baseline is not None:
        ticket = replace(ticket, baseline=sight.baseline)
        detail = {"regions": list(sight.baseline.regions), "activities": len(sight.baseline.activities)}
        events = (NewEvent(kind=EventKind.BASELINE, actor=common.DAEMON, at=situation.now, detail=detail),)
    rotation = _rotation(ticket)
    said = rotation.migrated is not None
    return Decision(
        ticket=ticket,
        effect=effect_of(ticket, EffectKind.DEACTIVATE_KEY, situation.policy),
        trigger=Trigger.DEACTIVATE,
        due_at=situation.now,
        events=events,
        reason="the owner said that nothing uses the old key"
        if said
        else "the new key is in use, and the old one idle",
    )


def _rotation(ticket: Ticket) -> Rotation:
    if ticket.progress.rotation is None:
        message = f"ticket {ticket.id} has no replacement under way"
        raise AssertionError(message)
    return ticket.progress.rotation
