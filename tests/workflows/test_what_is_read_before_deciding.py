"""CloudTrail is asked as rarely as is still right: a baseline, who did it once IAM shows something, and a final sweep."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.decision import Look, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import LastUse, UserReading
from iamflow.domain.policy import Policy
from iamflow.domain.states import ENDS, State, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import WORKFLOW
from iamflow.workflows.workflow import Situation
from tests.workflows.samples import (
    BASELINE,
    DAY,
    DEACTIVATED,
    HOUR,
    INACTIVE,
    MINUTE,
    NOW,
    SWEPT,
    WATCHED,
    approval,
    case,
    key_made,
    reading,
    situation,
    sweep,
    ticket,
)

NOTHING: frozenset[Look] = frozenset()


def wants(of: Ticket, sight: Sight, at: Situation | None = None, **more: object) -> frozenset[Look]:
    return WORKFLOW.wants(case(of, **more), sight, at or situation())


@pytest.mark.parametrize("state", [state for state in State if state not in ENDS | {State.EXEMPT}])
def test_the_key_is_read_first(state: State) -> None:
    assert wants(ticket(state), Sight()) == {Look.USER}


def test_an_exempt_ticket_wants_nothing_of_aws() -> None:
    assert wants(ticket(State.EXEMPT), Sight()) == NOTHING


@pytest.mark.parametrize("baseline", [None, replace(BASELINE, taken_at=NOW - DAY - MINUTE)])
def test_a_baseline_is_taken_right_before_the_deactivation(baseline: object) -> None:
    of = ticket(State.NOTIFIED, baseline=baseline)
    assert wants(of, Sight(user=reading())) == {Look.BASELINE}
    assert wants(of, Sight(user=reading(), baseline=BASELINE)) == NOTHING


@pytest.mark.parametrize(
    ("of", "key", "at"),
    [
        (ticket(State.NOTIFIED, baseline=BASELINE), reading(), situation()),
        (ticket(State.NOTIFIED, deadline=NOW + HOUR), reading(), situation()),
        (ticket(State.NOTIFIED, deadline=None), reading(), situation()),
        (ticket(State.OPEN), reading(), situation()),
        (ticket(State.ON_HOLD), reading(), situation()),
        (ticket(State.NOTIFIED), reading(None), situation()),
        (ticket(State.NOTIFIED), reading(INACTIVE), situation()),
        (ticket(State.NOTIFIED), reading(), situation(policy=Policy())),
        (ticket(State.AWAITING_APPROVAL), reading(), situation()),
    ],
)
def test_no_baseline_is_taken_where_nothing_is_about_to_happen(of: Ticket, key: UserReading, at: Situation) -> None:
    assert wants(of, Sight(user=key), at) == NOTHING


def test_a_baseline_is_taken_once_the_deactivation_is_approved() -> None:
    of = ticket(State.AWAITING_APPROVAL)
    assert wants(of, Sight(user=reading()), approvals=(approval(),)) == {Look.BASELINE}


@pytest.mark.parametrize(
    "key",
    [
        reading(None),
        reading(),
        reading(INACTIVE, last_use=LastUse(at=DEACTIVATED + HOUR)),
        reading(INACTIVE, last_use=LastUse(at=DEACTIVATED + MINUTE)),
        reading(INACTIVE, key_made(DEACTIVATED + HOUR)),
    ],
)
def test_who_and_where_from_is_asked_once_iam_shows_that_something_happened(key: UserReading) -> None:
    assert wants(ticket(State.DEACTIVATED), Sight(user=key)) == {Look.REACTIONS}
    assert wants(ticket(State.DEACTIVATED), Sight(user=key, reactions=sweep())) == NOTHING


def test_a_quiet_poll_asks_cloudtrail_nothing() -> None:
    of = ticket(State.MONITORING, replace(WATCHED, window_ends_at=NOW))
    assert wants(of, Sight(user=reading(INACTIVE))) == NOTHING


def test_the_final_sweep_runs_once_the_window_and_the_delivery_lag_are_over() -> None:
    of = ticket(State.MONITORING, replace(WATCHED, window_ends_at=NOW))
    due = NOW + timedelta(minutes=30)
    quiet = Sight(user=reading(INACTIVE))
    assert wants(of, quiet, situation(due - timedelta(microseconds=1))) == NOTHING
    assert wants(of, quiet, situation(due)) == {Look.FINAL_SWEEP}
    assert wants(of, replace(quiet, final_sweep=sweep()), situation(due)) == NOTHING


@pytest.mark.parametrize(
    "of",
    [
        ticket(State.MONITORING, replace(WATCHED, final_sweep=SWEPT)),
        ticket(State.DEACTIVATED),
        ticket(State.ON_HOLD, WATCHED),
        ticket(State.AWAITING_APPROVAL, replace(WATCHED, final_sweep=SWEPT)),
        ticket(State.MONITORING, wanted=Wanted.ROLLBACK),
    ],
)
def test_no_final_sweep_is_run_where_it_would_decide_nothing(of: Ticket) -> None:
    assert wants(of, Sight(user=reading(INACTIVE))) == NOTHING


@pytest.mark.parametrize("key", [reading(None), reading(), reading(INACTIVE, last_use=LastUse(at=DEACTIVATED + HOUR))])
def test_what_is_decided_already_is_not_swept_for(key: UserReading) -> None:
    assert wants(ticket(State.MONITORING), Sight(user=key, reactions=sweep())) == NOTHING


@pytest.mark.parametrize(
    ("of", "heading"),
    [
        (ticket(State.OPEN), EffectKind.DEACTIVATE_KEY),
        (ticket(State.MONITORING), EffectKind.DELETE_KEY),
        (ticket(State.MONITORING, wanted=Wanted.ROLLBACK), EffectKind.REACTIVATE_KEY),
        (ticket(State.EXEMPT), None),
        (ticket(State.DELETED), None),
    ],
)
def test_a_ticket_knows_what_it_is_heading_for(of: Ticket, heading: EffectKind | None) -> None:
    assert WORKFLOW.heading_for(of) is heading
