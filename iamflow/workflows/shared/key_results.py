"""What follows from the effects on a ticket's own key: observed, or left open by a crash or a lost answer."""

from dataclasses import replace
from datetime import datetime, timedelta

from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Effect, EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Confirmation, Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import notices
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Achievement, Situation

FOUND_DONE = "found done by reading AWS"


def deactivated(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of a ticket whose key was seen to be Inactive: the window begins."""
    at = max(achievement.outcome.at, achievement.reading.read_at)
    policy = situation.policy
    window_ends_at = at + policy.of(ticket.workflow).monitor
    progress = replace(
        ticket.progress,
        deactivated_at=at,
        window_ends_at=window_ends_at,
        final_sweep=None,
        approval_reasons=(),
        waiting_for=(),
        own_requests=requests(ticket, achievement),
    )
    facts = replace(ticket.key_facts, status=KeyStatus.INACTIVE, as_of=achievement.reading.read_at)
    moved = replace(ticket, progress=progress, facts=facts, deadline=window_ends_at)
    headline = f"the key was deactivated on {at:%Y-%m-%d %H:%M} UTC"
    return Decision(
        ticket=moved,
        trigger=Trigger.DEACTIVATE,
        due_at=at + policy.timing.propagation,
        notices=notices.tell(NoticeKind.DEACTIVATED, moved, policy, situation.now, headline=headline),
        reason=headline,
    )


def ended(ticket: Ticket, achievement: Achievement, situation: Situation, trigger: Trigger) -> Decision:
    """Return the end of a ticket whose key was seen to be deleted, or to be Active again."""
    policy = situation.policy
    deleted = trigger is Trigger.DELETE
    progress = replace(
        ticket.progress,
        own_requests=requests(ticket, achievement),
        end_request=achievement.outcome.request_id,
        confirm_by=situation.now + policy.timing.confirm_within,
        waiting_for=(),
    )
    facts = ticket.key_facts if deleted else replace(ticket.key_facts, status=KeyStatus.ACTIVE)
    ended = replace(ticket, progress=progress, facts=facts, confirmation=Confirmation.PENDING)
    headline = "the key was deleted" if deleted else "the key is Active again"
    kind = NoticeKind.DELETED if deleted else NoticeKind.ROLLED_BACK
    reasons = [signal.sentence for signal in ticket.progress.signals]
    told = notices.tell(kind, ended, policy, situation.now, headline=headline, reasons=reasons)
    return Decision(
        ticket=ended,
        trigger=trigger,
        resolution=Resolution.DELETED if deleted else Resolution.ROLLED_BACK,
        due_at=situation.now + policy.proof_after(ticket.workflow),
        notices=told,
        reason=headline,
    )


def requests(ticket: Ticket, achievement: Achievement) -> tuple[str, ...]:
    """Return the request ids of iamflow's own calls for the ticket, with the one that was just observed."""
    request = achievement.outcome.request_id
    return (*ticket.progress.own_requests, request) if request is not None else ticket.progress.own_requests


def settled(case: Case, effect: Effect, reading: UserReading, now: datetime, *, caught_up: bool) -> Outcome | None:
    """Return what a reading says about a call on the ticket's key; ``caught_up`` once a call that was made must show."""
    key = reading.key(effect.key_id)
    if key is None:
        return _gone(case, effect, reading, now)
    wanted = {
        EffectKind.DEACTIVATE_KEY: key.status is KeyStatus.INACTIVE,
        EffectKind.REACTIVATE_KEY: key.status is KeyStatus.ACTIVE,
    }.get(effect.kind, False)
    if wanted:
        return Outcome(kind=OutcomeKind.DONE, at=now, detail=FOUND_DONE)
    if caught_up:
        return Outcome(
            kind=OutcomeKind.NOT_DONE,
            at=now,
            detail=f"the key is still {key.status.value}",
        )
    return None


def must_show_after(propagation: timedelta) -> timedelta:
    """Return how long after its intent a call that was made must show in a reading; without propagation, at once."""
    return CALL_WITHIN + CALL_BOUND + propagation if propagation else propagation


def _gone(case: Case, effect: Effect, reading: UserReading, now: datetime) -> Outcome:
    same_user = reading.user_id is not None and reading.user_id == case.ticket.user_id
    if effect.kind is EffectKind.DELETE_KEY and same_user:
        return Outcome(kind=OutcomeKind.DONE, at=now, detail="found gone by reading AWS")
    return Outcome(
        kind=OutcomeKind.NOT_DONE,
        at=now,
        detail="the key is gone, and iamflow did not delete it",
    )
