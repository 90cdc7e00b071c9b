"""Decisions while nothing has been taken from the user."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.delete_user.effects import effect
from iamflow.workflows.delete_user.subject import learn, no_longer_a_finding, recorded
from iamflow.workflows.shared import common
from iamflow.workflows.shared.course import Course
from iamflow.workflows.shared.key_subject import hands_off
from iamflow.workflows.workflow import Situation


def _ended(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[Resolution, str] | None:
    return no_longer_a_finding(ticket, common.required(sight.user), situation)


def _learn(ticket: Ticket, sight: Sight, situation: Situation) -> Ticket:
    return learn(ticket, common.required(sight.user), situation)


def _forbidden(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[str, str] | None:
    return hands_off(ticket, common.required(sight.user), situation)


def _propose(case: Case, ticket: Ticket, sight: Sight, situation: Situation) -> Decision:  # noqa: ARG001 - the course's signature
    known, events = recorded(ticket, sight, situation)
    if sight.baseline is not None:
        known = replace(known, baseline=sight.baseline)
        detail = {
            "regions": list(sight.baseline.regions),
            "excused": [list(pair) for pair in sight.baseline.excused],
            "truncated": list(sight.baseline.truncated),
            "activities": len(sight.baseline.activities),
        }
        events = (*events, NewEvent(kind=EventKind.BASELINE, actor=common.DAEMON, at=situation.now, detail=detail))
    return Decision(
        ticket=known,
        effect=effect(known, EffectKind.ATTACH_QUARANTINE),
        trigger=Trigger.QUARANTINE,
        due_at=situation.now,
        events=events,
        reason="the grace period is over",
    )


COURSE = Course(
    notice=NoticeKind.USER_DELETION,
    first_step="user was quarantined",
    ended=_ended,
    learn=_learn,
    forbidden=_forbidden,
    propose=_propose,
)
