"""``restore-user``: make a deleted user again from the snapshot that was taken before, as far as AWS allows.

A person asks for it (``ticket restore``), and it only gives: it takes no notice, no grace period and no watch.
"""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Look, Sight
from iamflow.domain.effect import EffectKind, Outcome, OutcomeKind
from iamflow.domain.evidence import TrailEvent
from iamflow.domain.facts import UserReading, same_second
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Policy
from iamflow.domain.states import PAUSED, Confirmation, Resolution, State, Trigger
from iamflow.domain.subject import About, Part
from iamflow.domain.ticket import Ticket
from iamflow.workflows.restore_user import effects
from iamflow.workflows.restore_user.table import TABLE
from iamflow.workflows.shared import common, notices
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.shared.refused import refused
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Achievement, Outlook, Situation, Workflow

cannot_come_back = effects.cannot_come_back


def _wants(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:  # noqa: ARG001 - the workflow's signature
    if case.ticket.ended:
        pending = case.ticket.confirmation is Confirmation.PENDING and sight.proof is None
        return frozenset({Look.PROOF}) if pending else frozenset()
    return frozenset({Look.USER}) if sight.user is None else frozenset()


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    ticket = case.ticket
    if ticket.ended:
        return shared_proof.decide(_proves, case, sight, situation)
    reading = common.required(sight.user)
    if ticket.user_id is not None and reading.user_id is None:
        reason = "somebody deleted the user that was being restored"
        return Decision(
            ticket=ticket, trigger=Trigger.RESOLVE, resolution=Resolution.USER_GONE, due_at=None, reason=reason
        )
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=situation.now + situation.policy.timing.recheck)
    step = effects.next_effect(ticket, reading.belongings if ticket.user_id is not None else None)
    if step is None:
        return _restored(ticket, situation)
    tried = replace(ticket, progress=replace(ticket.progress, trying=step.targets))
    return Decision(ticket=tried, effect=step, due_at=situation.now, reason=step.kind.step)


def _restored(ticket: Ticket, situation: Situation) -> Decision:
    policy = situation.policy
    headline = "the user is there again, with what could be put back"
    told = notices.tell(
        NoticeKind.RESTORED,
        ticket,
        policy,
        situation.now,
        headline=headline,
        reasons=effects.cannot_come_back(ticket),
    )
    return Decision(
        ticket=replace(ticket, progress=replace(ticket.progress, trying=(), waiting_for=())),
        trigger=Trigger.RESTORE,
        resolution=Resolution.RESTORED,
        due_at=situation.now + policy.proof_after(ticket.workflow),
        notices=told,
        reason="; ".join([headline, *(f"not: {what}" for what in effects.cannot_come_back(ticket))]),
    )


def _achieved(case: Case, achievement: Achievement, situation: Situation) -> Decision:
    ticket, request = case.ticket, achievement.outcome.request_id
    progress = replace(ticket.progress, trying=(), waiting_for=())
    if request is not None:
        progress = replace(progress, own_requests=(*progress.own_requests, request))
    if achievement.effect.kind is EffectKind.RESTORE_USER:
        confirm_by = situation.now + situation.policy.timing.confirm_within
        progress = replace(progress, end_request=request, confirm_by=confirm_by)
        ticket = replace(ticket, user_id=achievement.reading.user_id, confirmation=Confirmation.PENDING)
    done = replace(ticket, progress=progress)
    return Decision(ticket=done, due_at=situation.now, reason="done, and seen to be done")


def _blocked(ticket: Ticket, situation: Situation, code: str, reason: str) -> Decision:
    """Leave out what AWS refuses for good, and go on without it; set the ticket aside for anything else.

    The user itself is never left out, nor is it made without its boundary, which would allow it more than before.
    """
    trying = ticket.progress.trying
    if code != "refused" or not trying:
        return common.block(ticket, situation, code=code, reason=reason)
    progress = ticket.progress
    if len(trying) == 1:
        progress = replace(progress, trying=(), left_out=(*progress.left_out, *trying))
    return Decision(ticket=replace(ticket, progress=progress), due_at=situation.now, reason=reason)


def _settle(case: Case, reading: UserReading, situation: Situation) -> Outcome | None:
    """Return what a reading says about the open intent, or None while AWS may still be catching up."""
    if case.intent is None:
        return None
    effect, now = case.intent.effect, situation.now
    done = Outcome(kind=OutcomeKind.DONE, at=now, detail="found done by reading AWS")
    if effect.kind is EffectKind.RESTORE_USER:
        if reading.user_id is not None:
            return done if _is_ours(case.ticket, case.intent.opened_at, reading) else _not_ours(now)
    elif reading.user_id is None or reading.belongings is None:
        return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail="the user is gone")
    elif not set(effect.targets) & set(effects.left(case.ticket, reading.belongings)[effect.kind]):
        return done
    propagation = situation.policy.timing.propagation
    if propagation and now <= case.intent.opened_at + CALL_WITHIN + 2 * CALL_BOUND + propagation:
        return None
    return Outcome(kind=OutcomeKind.NOT_DONE, at=now, detail=f"{effect.kind.value}: not all of it is there")


def _is_ours(ticket: Ticket, opened_at: datetime, reading: UserReading) -> bool:
    """Whether the user that is there was made by this intent: after it, and just as the snapshot says."""
    before, now = effects.snapshot_of(ticket), reading.belongings
    if now is None or not (now.created_at >= opened_at or same_second(now.created_at, opened_at)):
        return False
    return (now.path, now.tags, now.boundary) == (before.path, before.tags, before.boundary)


def _not_ours(at: datetime) -> Outcome:
    return Outcome(kind=OutcomeKind.NOT_DONE, at=at, detail="there is a user of this name that iamflow did not make")


def _proves(event: TrailEvent, ticket: Ticket) -> bool:
    return event.name == "CreateUser" and event.error_code is None and event.target_user == ticket.username


_NEXT = {
    State.OPEN: "make the user again from the snapshot, as far as AWS allows",
    State.ON_HOLD: "nothing until a person resumes it",
    State.BLOCKED: "nothing until what blocks it is dealt with",
    State.RESTORED: "nothing: the user is there again",
    State.RESOLVED: "nothing: somebody deleted the user again",
    State.CANCELLED: "nothing: it was cancelled",
}


def _planned(ticket: Ticket, policy: Policy) -> str:  # noqa: ARG001 - the outlook's signature
    return "make the user again, then its groups, policies and SSH public keys"


def _expected_end(ticket: Ticket, policy: Policy, now: datetime) -> datetime | None:  # noqa: ARG001 - the outlook's signature
    return now


WORKFLOW = Workflow(
    table=TABLE,
    effects=effects.ALL,
    used=effects.used,
    follows={},
    wants=_wants,
    decide=_decide,
    refused=refused,
    achieved=_achieved,
    settle=_settle,
    blocked=_blocked,
    heading_for=effects.heading_for,
    effect_of=effects.effect_of,
    policies_of=lambda _ticket, _policy: (),
    outlook=Outlook(
        next_step=lambda ticket: _NEXT[ticket.state],
        planned=_planned,
        expected_end=_expected_end,
        given_back=lambda ticket: f"user {ticket.username} is there again",
        by_hand=lambda ticket: ("iam create-user", (("user-name", ticket.username),)),
    ),
    about=About.USER,
    by_name=False,
    parts=frozenset({Part.KEY_USES, Part.BELONGINGS, Part.BODIES}),
)
