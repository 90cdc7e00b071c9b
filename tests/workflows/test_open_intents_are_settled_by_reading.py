"""What a reading says about an intent without an outcome, and what follows from an effect that was seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.brownout import Brownout
from iamflow.domain.effect import EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Timing
from iamflow.domain.states import Confirmation, Resolution, State, Trigger
from iamflow.workflows.disable_key import WORKFLOW
from iamflow.workflows.workflow import CALL_BOUND, CALL_WITHIN, Achievement
from tests.workflows.samples import (
    BEGUN,
    DAY,
    DENIED,
    DENY,
    DENYING,
    HOUR,
    INACTIVE,
    MINUTE,
    NOW,
    SECOND,
    TOLD,
    USER_ID,
    WATCHED,
    case,
    disable_key,
    effect,
    enforcing,
    intent,
    reading,
    situation,
    ticket,
)

ACTIVE = KeyStatus.ACTIVE
DEACTIVATE, REACTIVATE, DELETE = EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY
ATTACH, LIFT = EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT
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


OTHER_POLICY = '{"Version":"2012-10-17","Statement":[]}'


@pytest.mark.parametrize(
    ("kind", "found", "age", "expected"),
    [
        (ATTACH, DENYING, SOON, DONE),
        (ATTACH, DENYING.replace(",", " , "), SOON, DONE),
        (ATTACH, None, SOON, None),
        (ATTACH, None, LATE, NOT_DONE),
        (ATTACH, OTHER_POLICY, SOON, None),
        (ATTACH, OTHER_POLICY, LATE, NOT_DONE),
        (ATTACH, "not JSON", LATE, NOT_DONE),
        (LIFT, None, SOON, DONE),
        (LIFT, DENYING, SOON, None),
        (LIFT, DENYING, LATE, NOT_DONE),
        (LIFT, OTHER_POLICY, SOON, None),
        (LIFT, OTHER_POLICY, LATE, NOT_DONE),
    ],
)
def test_a_reading_of_the_users_policy_settles_a_brownouts_calls(
    kind: EffectKind, found: str | None, age: timedelta, expected: OutcomeKind | None
) -> None:
    of = case(ticket(State.BROWNOUT), intent=intent(kind, NOW - age))
    outcome = WORKFLOW.settle(of, reading(policies={DENY: found}), situation())
    assert (outcome and outcome.kind) == expected
    assert outcome is None or outcome.at == NOW


@pytest.mark.parametrize(("kind", "expected"), [(ATTACH, NOT_DONE), (LIFT, DONE)])
def test_a_user_who_is_gone_has_no_deny(kind: EffectKind, expected: OutcomeKind) -> None:
    of = case(ticket(State.BROWNOUT), intent=intent(kind, NOW - LATE))
    outcome = WORKFLOW.settle(of, reading(None, user_id=None, policies={}), situation())
    assert (outcome and outcome.kind) == expected


@pytest.mark.parametrize("kind", [ATTACH, LIFT])
def test_a_policy_that_was_not_read_settles_nothing(kind: EffectKind) -> None:
    of = case(ticket(State.BROWNOUT), intent=intent(kind, NOW - LATE))
    assert WORKFLOW.settle(of, reading(policies={}), situation()) is None


def test_a_brownouts_time_runs_from_the_later_of_the_reading_and_awss_own_date() -> None:
    outcome = Outcome(kind=DONE, at=NOW + MINUTE, request_id="ours")
    of = case(ticket(State.NOTIFIED, replace(TOLD, brownout=BEGUN)))
    seen = Achievement(effect=effect(ATTACH), outcome=outcome, reading=reading(policies={DENY: DENYING}))
    decision = WORKFLOW.achieved(of, seen, situation(policy=disable_key(brownout=HOUR / 4)))
    brownout = decision.ticket.progress.brownout
    assert brownout is not None
    assert (brownout.since, brownout.attached_at) == (BEGUN.since, NOW + MINUTE)
    assert brownout.ends_at == NOW + MINUTE + HOUR / 4 == decision.due_at
    assert decision.trigger is Trigger.BROWN_OUT
    assert decision.ticket.progress.own_requests == ("ours",)
    assert decision.notices[0].kind is NoticeKind.BROWNED_OUT


def test_a_deny_that_was_put_on_without_the_setting_is_due_to_go_at_once() -> None:
    of = case(ticket(State.NOTIFIED, replace(TOLD, brownout=BEGUN)))
    seen = Achievement(
        effect=effect(ATTACH), outcome=Outcome(kind=DONE, at=NOW), reading=reading(policies={DENY: DENYING})
    )
    decision = WORKFLOW.achieved(of, seen, situation())
    assert decision.due_at == NOW


@pytest.mark.parametrize("begun", [BEGUN, DENIED])
def test_a_lifted_deny_changes_no_state_and_is_looked_at_again_at_once(begun: Brownout) -> None:
    outcome = Outcome(kind=DONE, at=NOW + SECOND, request_id="ours")
    of = case(ticket(State.BROWNOUT, replace(TOLD, brownout=begun)))
    seen = Achievement(effect=effect(LIFT), outcome=outcome, reading=reading())
    decision = WORKFLOW.achieved(of, seen, situation())
    brownout = decision.ticket.progress.brownout
    assert brownout is not None
    assert (brownout.lifted_at, brownout.lift_request) == (NOW + SECOND, "ours")
    assert brownout.attached_at == (begun.attached_at or NOW + SECOND)
    assert brownout.complete is (begun is DENIED)
    assert (decision.trigger, decision.due_at, decision.notices) == (None, NOW, ())


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
