"""What follows from an effect: observed, refused by the guards, or left open by a crash or a lost answer."""

from dataclasses import replace

from iamflow.domain.brownout import Deny
from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import UserReading
from iamflow.domain.guardrail import is_attached, policy_document, standing, target_of
from iamflow.domain.guards import Refusal
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Confirmation, Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.org_mfa_guardrail import after, effects
from iamflow.workflows.shared import key_results, notices
from iamflow.workflows.shared.refused import refused as refused_step
from iamflow.workflows.workflow import Achievement, Situation


def refused(case: Case, decision: Decision, refusals: tuple[Refusal, ...], situation: Situation) -> Decision:
    """Return what becomes of the ticket when the guards forbid the effect: block, wait for people, or wait."""
    ticket = decision.ticket
    if decision.effect is not None and decision.effect.kind is EffectKind.CREATE_SCP:
        # No call was made, or is going to be: nothing was begun.
        guardrail = replace(effects.of(ticket), policy=None)
        ticket = replace(ticket, progress=replace(ticket.progress, guardrail=guardrail))
    return refused_step(case, replace(decision, ticket=ticket), refusals, situation)


def achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of the ticket now that the effect has been observed."""
    progress = replace(case.ticket.progress, own_requests=key_results.requests(case.ticket, achievement))
    ticket, kind = replace(case.ticket, progress=progress), achievement.effect.kind
    name = effects.governed_of(ticket).policy
    if effects.of(ticket).policy is None:
        done = "detached" if kind is EffectKind.DETACH_SCP else "deleted"
        return Decision(
            ticket=ticket, due_at=situation.now, reason=f"the policy {name}, which was left over, is {done}"
        )
    match kind:
        case EffectKind.CREATE_SCP:
            return Decision(ticket=ticket, due_at=situation.now, reason=f"the policy {name} was made")
        case EffectKind.ATTACH_SCP:
            return _attached(ticket, achievement, situation)
        case EffectKind.DETACH_SCP:
            return Decision(ticket=ticket, due_at=situation.now, reason=f"the policy {name} was detached")
        case _:
            return _deleted(ticket, achievement, situation)


def _attached(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    policy = situation.policy
    at = max(achievement.outcome.at, achievement.reading.read_at)
    on = after.seen_attached(ticket, at, achievement.outcome.request_id, situation)
    headline = (
        f"users and root users under {target_of(ticket.username)} can do nothing but enrol a device until they use MFA"
    )
    return Decision(
        ticket=on,
        trigger=Trigger.ENFORCE,
        due_at=at + policy.timing.propagation,
        notices=notices.tell(NoticeKind.ENFORCED, on, policy, situation.now, headline=headline),
        reason=f"the policy was seen on {target_of(ticket.username)}",
    )


_HEADLINES = {
    Resolution.ROLLED_BACK: "the guardrail was detached and deleted, as asked for",
    Resolution.POLICY_REMOVED: "somebody else detached the guardrail; its policy was deleted",
}


def _deleted(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    policy, now = situation.policy, situation.now
    written = effects.written(ticket)
    over = written.over or Resolution.ROLLED_BACK
    at = max(achievement.outcome.at, achievement.reading.read_at)
    known = after.with_policy(ticket, replace(written, removed_at=at))
    progress = replace(
        known.progress,
        end_request=achievement.outcome.request_id,
        confirm_by=now + policy.timing.confirm_within,
        waiting_for=(),
    )
    ended = replace(known, progress=progress, confirmation=Confirmation.PENDING)
    return Decision(
        ticket=ended,
        trigger=after.TRIGGERS[over],
        resolution=over,
        due_at=now + policy.proof_after(ticket.workflow),
        notices=notices.tell(NoticeKind.ROLLED_BACK, ended, policy, now, headline=_HEADLINES[over]),
        reason=_HEADLINES[over],
    )


def settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up."""
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    there, attached = _standing(case.ticket, reading), is_attached(reading.organisation, target_of(effect.username))
    is_done = {
        EffectKind.CREATE_SCP: there is Deny.OURS,
        EffectKind.ATTACH_SCP: there is Deny.OURS and attached,
        EffectKind.DETACH_SCP: there is Deny.ABSENT or (there is Deny.OURS and not attached),
        EffectKind.DELETE_SCP: there is Deny.ABSENT,
    }[effect.kind]
    if is_done:
        return Outcome(kind=OutcomeKind.DONE, at=reading.read_at, detail=key_results.FOUND_DONE)
    if there is Deny.UNREAD or now - case.intent.opened_at <= key_results.must_show_after(
        situation.policy.timing.propagation
    ):
        return None
    state = "is not there" if there is Deny.ABSENT else "is attached" if attached else "is not attached"
    return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail=f"the policy {effect.target} {state}")


def _standing(ticket: Ticket, reading: UserReading) -> Deny:
    """Return how the policy stands: the one that was written, or, where the ticket knows of none, one that iamflow writes."""
    written = effects.of(ticket).policy
    if written is not None:
        return standing(reading.organisation, written.document)
    documents = [policy_document(ticket.id, exempt_change_password=password) for password in (False, True)]
    found = [standing(reading.organisation, document) for document in documents]
    return Deny.OURS if Deny.OURS in found else found[0]
