"""Decisions until the grace period is over; then it is found out where the key is used."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.migration import started
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common
from iamflow.workflows.shared.course import Course
from iamflow.workflows.shared.key_subject import hands_off, learn, no_longer_a_finding
from iamflow.workflows.workflow import Situation


def _ended(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[Resolution, str] | None:
    return no_longer_a_finding(ticket, common.required(sight.user), situation)


def _learn(ticket: Ticket, sight: Sight, situation: Situation) -> Ticket:
    return learn(ticket, common.required(sight.user), situation)


def _forbidden(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[str, str] | None:
    return hands_off(ticket, common.required(sight.user), situation)


def _propose(case: Case, ticket: Ticket, sight: Sight, situation: Situation) -> Decision:  # noqa: ARG001 - the course's signature
    return Decision(
        ticket=replace(ticket, migration=ticket.migration or started()),
        trigger=Trigger.DISCOVER,
        due_at=situation.now,
        reason="the grace period is over: it is found out where the key is used",
    )


COURSE = Course(
    notice=NoticeKind.KEY_MIGRATION,
    first_step="role was made",
    ended=_ended,
    learn=_learn,
    forbidden=_forbidden,
    propose=_propose,
)
