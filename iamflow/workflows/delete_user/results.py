"""What follows from an effect: observed, or left open by a crash or a lost answer."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import UserReading
from iamflow.domain.notice import NoticeKind
from iamflow.domain.quarantine import deny_in
from iamflow.domain.states import Confirmation, Resolution, State, Trigger
from iamflow.domain.ticket import Progress, Ticket
from iamflow.workflows.delete_user.effects import DELETING, QUARANTINING, still_to_do
from iamflow.workflows.shared import notices
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Achievement, Situation

_FOUND_DONE = "found done by reading AWS"


def achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of the ticket now that the effect has been observed."""
    kind, ticket = achievement.effect.kind, _with_request(case.ticket, achievement)
    if kind is EffectKind.ATTACH_QUARANTINE:
        return _quarantined(case, ticket, achievement, situation)
    if kind is EffectKind.DELETE_USER:
        return _deleted(ticket, achievement, situation)
    if kind in QUARANTINING:
        # The window runs from when the last of it was switched off.
        return _goes_on(_watched_from(ticket, _at(achievement), situation), situation)
    if kind is EffectKind.LIFT_QUARANTINE:
        return _goes_on(_proving(ticket, achievement, situation), situation)
    if kind in DELETING and case.ticket.state is not State.DELETING:
        return _deletion_began(ticket, achievement, situation)
    return _goes_on(ticket, situation)


def _goes_on(ticket: Ticket, situation: Situation) -> Decision:
    return Decision(ticket=ticket, due_at=situation.now, reason="done, and seen to be done")


def _at(achievement: Achievement) -> datetime:
    return max(achievement.outcome.at, achievement.reading.read_at)


def _with_request(ticket: Ticket, achievement: Achievement) -> Ticket:
    request = achievement.outcome.request_id
    if request is None:
        return ticket
    return replace(ticket, progress=replace(ticket.progress, own_requests=(*ticket.progress.own_requests, request)))


def _watched_from(ticket: Ticket, at: datetime, situation: Situation) -> Ticket:
    ends_at = at + situation.policy.of(ticket.workflow).monitor
    progress = replace(ticket.progress, window_ends_at=ends_at, final_sweep=None, waiting_for=())
    return replace(ticket, progress=progress, deadline=ends_at)


def _quarantined(case: Case, ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    at = _at(achievement)
    taken = replace(ticket.progress, deactivated_at=at, approval_reasons=())
    moved = _watched_from(replace(ticket, progress=taken), at, situation)
    headline = f"the user was quarantined on {at:%Y-%m-%d %H:%M} UTC"
    return Decision(
        ticket=moved,
        trigger=Trigger.QUARANTINE,
        due_at=situation.now,
        notices=notices.tell(NoticeKind.QUARANTINED, moved, situation.policy, situation.now, headline=headline),
        reason=headline,
        supersedes=tuple(
            other.ticket for other in case.others if not other.ticket.took_access and other.intent is None
        ),
    )


def _proving(ticket: Ticket, achievement: Achievement, situation: Situation) -> Ticket:
    return replace(
        ticket, confirmation=Confirmation.PENDING, progress=_confirming(ticket.progress, achievement, situation)
    )


def _confirming(progress: Progress, achievement: Achievement, situation: Situation) -> Progress:
    return replace(
        progress,
        end_request=achievement.outcome.request_id,
        confirm_by=situation.now + situation.policy.timing.confirm_within,
        waiting_for=(),
    )


def _deletion_began(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    begun = replace(ticket, deadline=None, progress=replace(ticket.progress, approval_reasons=(), waiting_for=()))
    reason = f"the deletion began on {_at(achievement):%Y-%m-%d %H:%M} UTC"
    return Decision(ticket=begun, trigger=Trigger.START_DELETION, due_at=situation.now, reason=reason)


def _deleted(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    ended = _proving(ticket, achievement, situation)
    headline = "the user was deleted, with everything that it had"
    return Decision(
        ticket=ended,
        trigger=Trigger.DELETE,
        resolution=Resolution.DELETED,
        due_at=situation.now + situation.policy.proof_after(ticket.workflow),
        notices=notices.tell(NoticeKind.DELETED, ended, situation.policy, situation.now, headline=headline),
        reason=headline,
    )


def settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up.

    A user who is gone counts as deleted by us only if an intent of ours is on record, and nobody made another one since:
    a recreated user can bear the same name.
    """
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    if reading.user_id is None and effect.kind is EffectKind.DELETE_USER:
        return Outcome(kind=OutcomeKind.DONE, at=now, detail="found gone by reading AWS")
    if reading.user_id is None or reading.user_id != case.ticket.user_id:
        return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail="the user is gone, and iamflow did not delete it")
    left = still_to_do(case.ticket, effect.kind, reading)
    # What came meanwhile was none of this effect: the next look proposes it.
    missing = None if left is None else tuple(name for name in left if name in effect.targets)
    if left is None or (effect.targets and not missing):
        return Outcome(kind=OutcomeKind.DONE, at=now, detail=_FOUND_DONE)
    propagation = situation.policy.timing.propagation
    must_show = case.intent.opened_at + CALL_WITHIN + 2 * CALL_BOUND + propagation
    if propagation and now <= must_show:
        return None
    deny = f", the deny is {deny_in(reading, case.ticket.id).name.lower()}"
    of = f"{len(missing or ())} of {len(effect.targets)} left" if effect.targets else "nothing changed"
    return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail=f"{effect.kind.value}: {of}{deny}")
