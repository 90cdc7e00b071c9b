"""What follows from an effect: observed, refused by the guards, or left open by a crash or a lost answer."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Effect, EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.guards import Refusal
from iamflow.domain.rotation import Rotation, delivered
from iamflow.domain.states import Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.rotate_key import issued, undo
from iamflow.workflows.shared import common, key_results
from iamflow.workflows.shared.key_results import FOUND_DONE
from iamflow.workflows.shared.refused import refused as refused_step
from iamflow.workflows.workflow import CALL_BOUND, Achievement, Situation


def refused(case: Case, decision: Decision, refusals: tuple[Refusal, ...], situation: Situation) -> Decision:
    """Return what becomes of the ticket when the guards forbid the effect: block, wait for a person, or wait."""
    return refused_step(case, replace(decision, ticket=_not_begun(case, decision)), refusals, situation)


def _not_begun(case: Case, decision: Decision) -> Ticket:
    """Return the decision's ticket without a key having been begun that was not: no intent of it was committed."""
    rotation, before = decision.ticket.progress.rotation, case.ticket.progress.rotation
    if rotation is None:
        return decision.ticket
    begun_at = before.begun_at if before is not None else None
    return _with(decision.ticket, replace(rotation, begun_at=begun_at))


def achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of the ticket now that the effect has been observed."""
    ticket = _with_request(case.ticket, achievement)
    match achievement.effect.kind:
        case EffectKind.PROVE_SINK:
            proven = replace(_rotation(ticket), proven_at=achievement.reading.read_at)
            reason = "the secret store took a write"
            return Decision(ticket=_with(ticket, proven), due_at=situation.now, reason=reason)
        case EffectKind.ISSUE_KEY:
            return _issued(ticket, achievement, situation)
        case EffectKind.FREE_SLOT:
            freed = replace(_rotation(ticket), slot=None, quota=None)
            return Decision(
                ticket=_with(ticket, freed), trigger=Trigger.FREE, due_at=situation.now, reason="there is room now"
            )
        case EffectKind.WITHDRAW_KEY:
            return _withdrawn(ticket, achievement, situation)
        case _:
            return _of_old_key(case, achievement, situation)


def _of_old_key(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    ticket = _with_request(case.ticket, achievement)
    match achievement.effect.kind:
        case EffectKind.DEACTIVATE_KEY:
            return key_results.deactivated(case.ticket, achievement, situation)
        case EffectKind.REACTIVATE_KEY:
            return _given_back(ticket, achievement, situation)
        case EffectKind.DELETE_KEY:
            return key_results.ended(case.ticket, achievement, situation, Trigger.DELETE)
        case other:
            message = f"{other.value} is no effect of rotate-key"
            raise AssertionError(message)


def _issued(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    key = delivered(_rotation(ticket), achievement.reading)
    if key is None:
        message = "a key was taken for delivered that is not"
        raise AssertionError(message)
    return issued.begin(ticket, key, situation)


def _withdrawn(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    """Go on after a key of iamflow's own making is gone: towards the end of a rollback, or towards another key."""
    rotation = _rotation(ticket)
    gone = rotation.withdrawing
    left = replace(
        rotation,
        withdrawing=None,
        withdrawn=(*rotation.withdrawn, gone) if gone is not None else rotation.withdrawn,
        orphans=rotation.orphans + (0 if gone == rotation.new_key else 1),
        new_key=None if gone == rotation.new_key else rotation.new_key,
    )
    progress = replace(ticket.progress, rotation=left, end_request=achievement.outcome.request_id)
    return Decision(
        ticket=replace(ticket, progress=progress),
        due_at=situation.now,
        reason=f"the key {gone}, which was never used, is deleted",
    )


def _given_back(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    """End the ticket where the old key is Active again, unless a new one that was never used has still to go."""
    rotation = replace(_rotation(ticket), given_back=True)
    facts = replace(ticket.key_facts, status=KeyStatus.ACTIVE, as_of=achievement.reading.read_at)
    progress = replace(ticket.progress, rotation=rotation, end_request=achievement.outcome.request_id)
    back = replace(ticket, facts=facts, progress=progress)
    if undo.removable(rotation, achievement.reading) is None:
        return undo.ended(back, achievement.reading, situation)
    progress = replace(progress, deactivated_at=None, window_ends_at=None, final_sweep=None)
    return Decision(
        ticket=replace(back, progress=progress, deadline=None),
        due_at=situation.now,
        reason="the old key is Active again; the new one was never used, and goes",
    )


def settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up.

    A key that was issued counts as done only with its secret in its place: a key alone is one that nobody can use.
    """
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    bound = key_results.must_show_after(situation.policy.timing.propagation)
    # The making of a key and the delivery of its secret are two calls.
    caught_up = now - case.intent.opened_at > (bound + CALL_BOUND if bound else bound)
    if not effect.kind.replaces:
        return key_results.settled(case, effect, reading, now, caught_up=caught_up)
    if _shows(case.ticket, effect, reading):
        return Outcome(kind=OutcomeKind.DONE, at=now, detail=FOUND_DONE)
    if not caught_up:
        return None
    return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail=_LACKING[effect.kind])


_LACKING = {
    EffectKind.PROVE_SINK: "the secret store does not show the write",
    EffectKind.ISSUE_KEY: "there is no new key with its secret in its place",
    EffectKind.FREE_SLOT: "the key is still there",
    EffectKind.WITHDRAW_KEY: "the key is still there",
}


def _shows(ticket: Ticket, effect: Effect, reading: UserReading) -> bool:
    """Return whether the reading shows what the effect was to do. A user who is another, or gone, shows nothing."""
    if reading.user_id is None or reading.user_id != ticket.user_id:
        return False
    if effect.kind is EffectKind.PROVE_SINK:
        return reading.sink is not None and effect.target in reading.sink.versions
    if effect.kind is EffectKind.ISSUE_KEY:
        return delivered(_rotation(ticket), reading) is not None
    return all(key.key_id != effect.target for key in reading.keys)


def blocked(ticket: Ticket, situation: Situation, code: str, reason: str) -> Decision:
    """Set the ticket aside for a person. That AWS makes no further key is not for a person yet: there may be room to make."""
    rotation = ticket.progress.rotation
    if code != "slots_full" or rotation is None:
        return common.block(ticket, situation, code, reason)
    learned = replace(rotation, quota=rotation.present)
    return Decision(ticket=_with(ticket, learned), due_at=situation.now, reason=reason)


def _with_request(ticket: Ticket, achievement: Achievement) -> Ticket:
    return replace(ticket, progress=replace(ticket.progress, own_requests=key_results.requests(ticket, achievement)))


def _with(ticket: Ticket, rotation: Rotation) -> Ticket:
    return replace(ticket, progress=replace(ticket.progress, rotation=rotation))


def _rotation(ticket: Ticket) -> Rotation:
    if ticket.progress.rotation is None:
        message = f"ticket {ticket.id} has no replacement under way"
        raise AssertionError(message)
    return ticket.progress.rotation
