"""What follows from an effect: observed, refused by the guards, or left open by a crash or a lost answer."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.brownout import Deny, deny_in
from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Effect, EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Refusal
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import brownout
from iamflow.workflows.shared import key_results, notices
from iamflow.workflows.shared.refused import refused as refused_step
from iamflow.workflows.workflow import Achievement, Situation


def refused(case: Case, decision: Decision, refusals: tuple[Refusal, ...], situation: Situation) -> Decision:
    """Return what becomes of the ticket when the guards forbid the effect: block, wait for a person, or wait."""
    return refused_step(case, replace(decision, ticket=_not_begun(case, decision)), refusals, situation)


def _not_begun(case: Case, decision: Decision) -> Ticket:
    """Return the decision's ticket without the brown-out that it would have begun: no intent of it was committed."""
    if decision.effect is None or decision.effect.kind is not EffectKind.ATTACH_BROWNOUT:
        return decision.ticket
    return replace(decision.ticket, progress=replace(decision.ticket.progress, brownout=case.ticket.progress.brownout))


def achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of the ticket now that the effect has been observed."""
    match achievement.effect.kind:
        case EffectKind.ATTACH_BROWNOUT:
            return _browned_out(case.ticket, achievement, situation)
        case EffectKind.LIFT_BROWNOUT:
            return _lifted(case.ticket, achievement, situation)
        case EffectKind.DEACTIVATE_KEY:
            return key_results.deactivated(case.ticket, achievement, situation)
        case EffectKind.REACTIVATE_KEY:
            return key_results.ended(case.ticket, achievement, situation, Trigger.ROLL_BACK)
        case EffectKind.DELETE_KEY:
            return key_results.ended(case.ticket, achievement, situation, Trigger.DELETE)
        case other:
            message = f"{other.value} is no effect of disable-key"
            raise AssertionError(message)


def _browned_out(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    at = max(achievement.outcome.at, achievement.reading.read_at)
    policy = situation.policy
    on = brownout.attached(_with_request(ticket, achievement), at, situation)
    ends_at = on.progress.brownout.ends_at if on.progress.brownout is not None else None
    until = f" until {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at is not None else ""
    headline = f"calls signed with the key are denied{until}, to see whether anything still depends on it"
    return Decision(
        ticket=on,
        trigger=Trigger.BROWN_OUT,
        due_at=min(at + policy.timing.poll, ends_at or at),
        notices=notices.tell(NoticeKind.BROWNED_OUT, on, policy, situation.now, headline=headline),
        reason=headline,
    )


def _lifted(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    at = max(achievement.outcome.at, achievement.reading.read_at)
    free = brownout.lifted(_with_request(ticket, achievement), at, achievement.outcome.request_id)
    return Decision(ticket=free, due_at=situation.now, reason="the brown-out's deny was seen to be gone")


def _with_request(ticket: Ticket, achievement: Achievement) -> Ticket:
    return replace(ticket, progress=replace(ticket.progress, own_requests=key_results.requests(ticket, achievement)))


def settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up.

    A key that is gone counts as deleted by us only if an intent of ours is on record and the user is still the same one:
    a recreated user can bear the same name.
    """
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    caught_up = now - case.intent.opened_at > key_results.must_show_after(situation.policy.timing.propagation)
    if effect.kind in {EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT}:
        return _settled_deny(case, effect, reading, now if caught_up else None)
    return key_results.settled(case, effect, reading, now, caught_up=caught_up)


def _settled_deny(case: Case, effect: Effect, reading: UserReading, given_up_at: datetime | None) -> Outcome | None:
    """Return what a reading says about a call that puts or removes a brown-out's deny.

    A user who is gone has no policies. A policy of that name that reads otherwise is not what the call would have left.
    """
    deny = Deny.ABSENT if reading.user_id is None else deny_in(reading.policies, case.ticket.id)
    wanted = Deny.OURS if effect.kind is EffectKind.ATTACH_BROWNOUT else Deny.ABSENT
    if deny is wanted:
        return Outcome(kind=OutcomeKind.DONE, at=reading.read_at, detail=key_results.FOUND_DONE)
    if given_up_at is None or deny is Deny.UNREAD:
        return None
    there = "is there" if deny is Deny.OURS else "is not there" if deny is Deny.ABSENT else "reads otherwise"
    return Outcome(kind=OutcomeKind.NOT_DONE, at=given_up_at, detail=f"the policy {effect.target} {there}")
