"""What a reading says about an intent without an outcome, and what follows from an effect that was seen."""

from datetime import timedelta

import pytest

from iamflow.domain.effect import EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Timing
from iamflow.domain.states import Confirmation, Resolution, State, Trigger
from iamflow.workflows.disable_key import WORKFLOW
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Achievement
from tests.workflows.samples import (
    DAY,
    INACTIVE,
    MINUTE,
    NOW,
    SECOND,
    USER_ID,
    WATCHED,
    case,
    effect,
    enforcing,
    intent,
    reading,
    situation,
    ticket,
)

ACTIVE = KeyStatus.ACTIVE
DEACTIVATE, REACTIVATE, DELETE = EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY
DONE, NOT_DONE = OutcomeKind.DONE, OutcomeKind.NOT_DONE
SOON, LATE = MINUTE, 4 * MINUTE


@pytest.mark.parametrize(
    ("kind", "status", "user", "age", "expected"),
    [
        (DEACTIVATE, INACTIVE, USER_ID, SOON, DONE),
        (DEACTIVATE, INACTIVE, USER_ID, LATE, DONE),
        (DEACTIVATE, ACTIVE, USER_ID, SOON, None),
        (DEACTIVATE, ACTIVE, USER_ID, LATE, NOT_DONE),
        (DEACTIVATE, None, USER_ID, SOON, NOT_DONE),
        (DEACTIVATE, None, None, SOON, NOT_DONE),
        (REACTIVATE, ACTIVE, USER_ID, SOON, DONE),
        (REACTIVATE, ACTIVE, USER_ID, LATE, DONE),
        (REACTIVATE, INACTIVE, USER_ID, SOON, None),
        (REACTIVATE, INACTIVE, USER_ID, LATE, NOT_DONE),
        (REACTIVATE, None, USER_ID, SOON, NOT_DONE),
        (DELETE, None, USER_ID, SOON, DONE),
        (DELETE, None, USER_ID, LATE, DONE),
        (DELETE, None, "AIDAEXAMPLERECREATED1", SOON, NOT_DONE),
        (DELETE, None, None, SOON, NOT_DONE),
        (DELETE, INACTIVE, USER_ID, SOON, None),
        (DELETE, ACTIVE, USER_ID, SOON, None),
        (DELETE, INACTIVE, USER_ID, LATE, NOT_DONE),
        (DELETE, ACTIVE, USER_ID, LATE, NOT_DONE),
    ],
)
def test_a_reading_settles_an_intent_only_when_it_proves_something(
    kind: EffectKind, status: KeyStatus | None, user: str | None, age: timedelta, expected: OutcomeKind | None
) -> None:
    of = case(ticket(State.MONITORING), intent=intent(kind, NOW - age))
    outcome = WORKFLOW.settle(of, reading(status, user_id=user), situation())
    assert (outcome and outcome.kind) == expected
    assert outcome is None or outcome.at == NOW


def test_an_old_answer_is_waited_out_until_the_latest_possible_call_must_show() -> None:
    latest = CALL_WITHIN + CALL_BOUND + 2 * MINUTE
    for age, kind in ((latest, None), (latest + SECOND, NOT_DONE)):
        of = case(ticket(State.NOTIFIED), intent=intent(DEACTIVATE, NOW - age))
        outcome = WORKFLOW.settle(of, reading(), situation())
        assert (outcome and outcome.kind) is kind


def test_an_aws_without_propagation_is_taken_at_its_word() -> None:
    at_once = enforcing(timing=Timing(propagation=timedelta(0)))
    of = case(ticket(State.NOTIFIED), intent=intent(DEACTIVATE, NOW - SECOND))
    outcome = WORKFLOW.settle(of, reading(), situation(policy=at_once))
    assert outcome is not None
    assert outcome.kind is NOT_DONE


def test_without_an_open_intent_there_is_nothing_to_settle() -> None:
    assert WORKFLOW.settle(case(ticket(State.NOTIFIED)), reading(INACTIVE), situation()) is None


@pytest.mark.parametrize("ahead", [timedelta(0), 90 * SECOND, -90 * SECOND])
def test_the_window_runs_from_the_later_of_the_reading_and_awss_own_date(ahead: timedelta) -> None:
    outcome = Outcome(kind=DONE, at=NOW + ahead, request_id="ours")
    of = case(ticket(State.NOTIFIED))
    seen = Achievement(effect=effect(DEACTIVATE), outcome=outcome, reading=reading(INACTIVE))
    decision = WORKFLOW.achieved(of, seen, situation())
    at = max(NOW, NOW + ahead)
    assert decision.trigger is Trigger.DEACTIVATE
    assert decision.ticket.progress.deactivated_at == at
    assert decision.ticket.progress.window_ends_at == at + 2 * DAY
    assert decision.ticket.deadline == at + 2 * DAY
    assert decision.ticket.progress.own_requests == ("ours",)
    assert decision.due_at == at + 2 * MINUTE
    assert decision.notices[0].kind is NoticeKind.DEACTIVATED


@pytest.mark.parametrize(
    ("kind", "trigger", "resolution", "notice", "status"),
    [
        (DELETE, Trigger.DELETE, Resolution.DELETED, NoticeKind.DELETED, INACTIVE),
        (REACTIVATE, Trigger.ROLL_BACK, Resolution.ROLLED_BACK, NoticeKind.ROLLED_BACK, ACTIVE),
    ],
)
@pytest.mark.parametrize("request_id", ["ours", None])
def test_an_end_waits_for_its_proof(
    kind: EffectKind,
    trigger: Trigger,
    resolution: Resolution,
    notice: NoticeKind,
    status: KeyStatus,
    request_id: str | None,
) -> None:
    outcome = Outcome(kind=DONE, at=NOW, request_id=request_id)
    facts_inactive = ticket(State.MONITORING).facts
    of = case(ticket(State.MONITORING, WATCHED, facts=facts_inactive))
    seen = Achievement(effect=effect(kind), outcome=outcome, reading=reading(ACTIVE))
    decision = WORKFLOW.achieved(of, seen, situation())
    assert (decision.trigger, decision.resolution) == (trigger, resolution)
    assert decision.ticket.confirmation is Confirmation.PENDING
    assert decision.ticket.progress.end_request == request_id
    assert decision.ticket.progress.own_requests == ((request_id,) if request_id else ())
    assert decision.ticket.progress.confirm_by == NOW + DAY
    assert decision.due_at == NOW + 30 * MINUTE
    assert decision.notices[0].kind is notice
    if kind is REACTIVATE:
        assert decision.ticket.facts.status is status
