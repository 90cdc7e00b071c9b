"""Decisions while the key has not been touched."""

from dataclasses import replace

from iamflow.domain.brownout import Lack, lack
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import brownout
from iamflow.workflows.disable_key.effects import effect_of
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
    events: tuple[NewEvent, ...] = ()
    if sight.baseline is not None:
        ticket = replace(ticket, baseline=sight.baseline)
        detail = {
            "regions": list(sight.baseline.regions),
            "excused": [list(pair) for pair in sight.baseline.excused],
            "truncated": list(sight.baseline.truncated),
            "activities": len(sight.baseline.activities),
        }
        events = (
            NewEvent(
                kind=EventKind.BASELINE,
                actor=common.DAEMON,
                at=situation.now,
                detail=detail,
            ),
        )
    policy = situation.policy
    lacks = lack(ticket.progress.brownout, policy.of(ticket.workflow).brownout, policy.excused)
    if lacks in {Lack.NOT_BEGUN, Lack.CUT_SHORT}:
        return replace(brownout.begin(ticket, situation), events=events)
    return Decision(
        ticket=ticket,
        effect=effect_of(ticket, EffectKind.DEACTIVATE_KEY),
        trigger=Trigger.DEACTIVATE,
        due_at=situation.now,
        events=events,
        reason="the brown-out was quiet" if ticket.was_browned_out else "the grace period is over",
    )


COURSE = Course(
    notice=NoticeKind.KEY_DEACTIVATION,
    first_step="key was deactivated",
    ended=_ended,
    learn=_learn,
    forbidden=_forbidden,
    propose=_propose,
)
