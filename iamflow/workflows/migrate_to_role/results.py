"""What follows from an effect: observed, refused by the guards, or left open by a crash or a lost answer."""

from dataclasses import replace

from iamflow.domain.blueprint import Standing, Step, missing
from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import Effect, EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.guards import Refusal
from iamflow.domain.states import Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role import cutover
from iamflow.workflows.migrate_to_role.planning import of
from iamflow.workflows.shared import key_results
from iamflow.workflows.shared.key_results import FOUND_DONE
from iamflow.workflows.shared.refused import refused as refused_step
from iamflow.workflows.workflow import Achievement, Situation

_DONE = frozenset({Standing.OURS, Standing.SHARED})


def refused(case: Case, decision: Decision, refusals: tuple[Refusal, ...], situation: Situation) -> Decision:
    """Return what becomes of the ticket when the guards forbid the effect: block, wait for a person, or wait."""
    return refused_step(case, replace(decision, ticket=_not_begun(case, decision)), refusals, situation)


def _not_begun(case: Case, decision: Decision) -> Ticket:
    """Return the decision's ticket without anything having been begun that was not: no intent of it was committed."""
    migration, before = decision.ticket.migration, case.ticket.migration
    if migration is None or before is None:
        return decision.ticket
    not_tried = replace(migration, begun_at=before.begun_at, trying=before.trying, tries=before.tries)
    return replace(decision.ticket, migration=not_tried)


def achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of the ticket now that the effect has been observed."""
    progress = replace(case.ticket.progress, own_requests=key_results.requests(case.ticket, achievement))
    ticket = replace(case.ticket, progress=progress)
    effect = achievement.effect
    if effect.kind.provisions:
        return _made(ticket, achievement, situation)
    if effect.kind.unprovisions:
        return _unmade(ticket, achievement, situation)
    match effect.kind:
        case EffectKind.DEACTIVATE_KEY:
            return key_results.deactivated(case.ticket, achievement, situation)
        case EffectKind.REACTIVATE_KEY:
            return _given_back(ticket, achievement, situation)
        case EffectKind.DELETE_KEY:
            return key_results.ended(case.ticket, achievement, situation, Trigger.DELETE)
        case other:
            message = f"{other.value} is no effect of migrate-to-role"
            raise AssertionError(message)


def _made(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    """Go on to the next step, or on to the wait for the cut-over after the last one."""
    migration, step = of(ticket), _step(ticket, achievement.effect)
    at = max(achievement.outcome.at, achievement.reading.read_at)
    done = tuple(dict.fromkeys((*migration.done, step.id)))
    migration = replace(migration, changed_at=at, done=done)
    if not missing(migration.blueprint_made, achievement.reading.standings or {}):
        return cutover.provisioned(ticket, migration, at, situation)
    reason = f"{step.kind.value} {step.target}: done"
    return Decision(ticket=replace(ticket, migration=migration), due_at=situation.now, reason=reason)


def _unmade(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    migration, step = of(ticket), _step(ticket, achievement.effect)
    at = max(achievement.outcome.at, achievement.reading.read_at)
    left = tuple(one for one in migration.done if one != step.id)
    progress = ticket.progress
    if achievement.effect.kind is EffectKind.DELETE_ROLE:
        progress = replace(progress, end_request=achievement.outcome.request_id)
    undone = replace(ticket, progress=progress, migration=replace(migration, changed_at=at, done=left))
    return Decision(ticket=undone, due_at=situation.now, reason=f"{step.kind.value} {step.target}: undone")


def _given_back(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    """Go on to undo what was made, now that the key is Active again."""
    signals = [signal.sentence for signal in ticket.progress.signals]
    asked = f"asked for by {ticket.wanted_by.by}" if ticket.wanted_by is not None else ""
    why = asked or (signals[-1] if signals else "the key is needed")
    facts = replace(ticket.key_facts, status=KeyStatus.ACTIVE, as_of=achievement.reading.read_at)
    progress = replace(ticket.progress, deactivated_at=None, window_ends_at=None, final_sweep=None, waiting_for=())
    back = replace(ticket, facts=facts, progress=progress, deadline=None, migration=replace(of(ticket), undoing=why))
    return Decision(ticket=back, due_at=situation.now, reason="the key is Active again; what was made is undone now")


def settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up."""
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    caught_up = now - case.intent.opened_at > key_results.must_show_after(situation.policy.timing.propagation)
    if not (effect.kind.provisions or effect.kind.unprovisions):
        return key_results.settled(case, effect, reading, now, caught_up=caught_up)
    if reading.standings is None:
        return None
    standing = reading.standings.get(_step(case.ticket, effect).id)
    done = standing in _DONE if effect.kind.provisions else standing is not Standing.OURS
    if done:
        return Outcome(kind=OutcomeKind.DONE, at=now, detail=FOUND_DONE)
    if not caught_up:
        return None
    return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail=f"{effect.target} reads as before")


def _step(ticket: Ticket, effect: Effect) -> Step:
    step = of(ticket).blueprint_made.step_of(effect)
    if step is None:
        message = f"{effect.kind.value} {effect.target} is no step of the plan of ticket {ticket.id}"
        raise AssertionError(message)
    return step
