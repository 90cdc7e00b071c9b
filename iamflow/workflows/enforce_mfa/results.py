"""What follows from an effect: observed, refused by the guards, or left open by a crash or a lost answer."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.brownout import Deny
from iamflow.domain.decision import Case, Decision
from iamflow.domain.effect import EffectKind, Intent, Outcome, OutcomeKind
from iamflow.domain.facts import UserReading
from iamflow.domain.guards import Refusal
from iamflow.domain.notice import NoticeKind
from iamflow.domain.require_mfa import How, Shape, is_missing, standing
from iamflow.domain.states import Confirmation, Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.enforce_mfa import enforced
from iamflow.workflows.enforce_mfa.before import learn
from iamflow.workflows.shared import key_results, notices
from iamflow.workflows.shared.refused import refused as refused_step
from iamflow.workflows.workflow import Achievement, Situation

_PUTTING = frozenset({EffectKind.PUT_MFA_POLICY, EffectKind.ATTACH_MFA_POLICY})
_OF_USER = frozenset({EffectKind.PUT_MFA_POLICY, EffectKind.DELETE_MFA_POLICY})


def refused(case: Case, decision: Decision, refusals: tuple[Refusal, ...], situation: Situation) -> Decision:
    """Return what becomes of the ticket when the guards forbid the effect: block, wait for a person, or wait."""
    ticket = decision.ticket
    if decision.effect is not None and decision.effect.kind in _PUTTING:
        # No intent of it was committed: nothing was begun.
        ticket = replace(ticket, progress=replace(ticket.progress, mfa_policy=case.ticket.progress.mfa_policy))
    return refused_step(case, replace(decision, ticket=ticket), refusals, situation)


def achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    """Return what becomes of the ticket now that the effect has been observed."""
    progress = replace(case.ticket.progress, own_requests=key_results.requests(case.ticket, achievement))
    ticket = replace(case.ticket, progress=progress)
    kind = achievement.effect.kind
    if kind in _PUTTING:
        return _enforced(ticket, achievement, situation)
    if kind is EffectKind.CREATE_MFA_POLICY:
        reason = f"the policy {achievement.effect.target} was made in the account"
        return Decision(ticket=ticket, due_at=situation.now, reason=reason)
    if ticket.progress.mfa_policy is None:
        reason = f"the policy {achievement.effect.target}, which was left over, is gone"
        return Decision(ticket=ticket, due_at=situation.now, reason=reason)
    return _ended(ticket, achievement, situation)


def _enforced(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    policy = situation.policy
    on = enforced.attached(ticket, max(achievement.outcome.at, achievement.reading.read_at))
    headline = "everything but enrolling an MFA device is denied to the user until a sign-in with MFA"
    return Decision(
        ticket=on,
        trigger=Trigger.ENFORCE,
        due_at=situation.now + policy.timing.poll,
        notices=notices.tell(NoticeKind.ENFORCED, on, policy, situation.now, headline=headline),
        reason=f"the policy {achievement.effect.target} was seen on the user",
    )


_HEADLINES = {
    Resolution.MFA_ENABLED: "the user has an MFA device now, and the policy that required one is gone",
    Resolution.NO_CONSOLE: "the user has no console password any more, and the policy that required MFA is gone",
    Resolution.ROLLED_BACK: "the policy that required MFA was taken away again",
}


def _ended(ticket: Ticket, achievement: Achievement, situation: Situation) -> Decision:
    policy, now = situation.policy, situation.now
    record = enforced.begun(ticket)
    over = record.over or Resolution.ROLLED_BACK
    at = max(achievement.outcome.at, achievement.reading.read_at)
    progress = replace(
        ticket.progress,
        mfa_policy=replace(record, removed_at=at),
        end_request=achievement.outcome.request_id,
        confirm_by=now + policy.timing.confirm_within,
        waiting_for=(),
    )
    ended = replace(ticket, progress=progress, confirmation=Confirmation.PENDING)
    if achievement.reading.user_id == ticket.user_id:
        ended = learn(ended, achievement.reading, situation)
    rolled_back = over is Resolution.ROLLED_BACK
    kind = NoticeKind.ROLLED_BACK if rolled_back else NoticeKind.REMEDIATED
    return Decision(
        ticket=ended,
        trigger=enforced.TRIGGERS[over],
        resolution=over,
        due_at=now + policy.proof_after(ticket.workflow),
        notices=notices.tell(kind, ended, policy, now, headline=_HEADLINES[over]),
        reason=_HEADLINES[over],
    )


def settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up."""
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    about = _shape(case.ticket, case.intent)
    there = standing(reading, about)
    match effect.kind:
        case EffectKind.PUT_MFA_POLICY | EffectKind.ATTACH_MFA_POLICY:
            is_done = there is Deny.OURS and reading.user_id == case.ticket.user_id
        case EffectKind.CREATE_MFA_POLICY:
            is_done = there in {Deny.OURS, Deny.ABSENT} and not is_missing(reading, about)
        case _:
            is_done = there is Deny.ABSENT
    if is_done:
        return Outcome(kind=OutcomeKind.DONE, at=reading.read_at, detail=key_results.FOUND_DONE)
    return None if there is Deny.UNREAD else _given_up(case.intent, there, now, situation)


def _given_up(intent: Intent, there: Deny, now: datetime, situation: Situation) -> Outcome | None:
    if now - intent.opened_at <= key_results.must_show_after(situation.policy.timing.propagation):
        return None
    said = {Deny.OURS: "is there", Deny.ABSENT: "is not there"}.get(there, "reads otherwise")
    return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail=f"the policy {intent.effect.target} {said}")


def _shape(ticket: Ticket, intent: Intent) -> Shape:
    """Return the policy that an intent is about: the ticket's, or, where it has none, the one that the intent names."""
    effect = intent.effect
    if ticket.progress.mfa_policy is not None:
        return ticket.progress.mfa_policy.shape
    how = How.INLINE if effect.kind in _OF_USER else How.MANAGED
    return Shape(how=how, name=effect.target, document=effect.document or "")
