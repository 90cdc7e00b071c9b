"""CloudTrail is asked as rarely as is still right: a baseline, who did it once IAM shows something, and a final sweep."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.brownout import Brownout
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
    DENY,
    DENYING,
    ENFORCING,
    HOUR,
    INACTIVE,
    MINUTE,
    NOW,
    OVER,
    QUIET,
    SECOND,
    SWEPT,
    TOLD,
    WATCHED,
    approval,
    case,
    disable_key,
    key_made,
    reading,
    situation,
    sweep,
    ticket,
)

NOTHING: frozenset[Look] = frozenset()
BROWNING = disable_key(brownout=4 * HOUR)
PROPAGATION = BROWNING.timing.propagation
DENIED_AT, OVER_AT = NOW - 5 * HOUR, NOW - HOUR
CUT_SHORT = replace(OVER, lifted_at=OVER_AT - SECOND)


def denied(**changes: object) -> UserReading:
    """Return what AWS says while the deny is on."""
    return reading(**{"policies": {DENY: DENYING}, **changes})  # type: ignore[arg-type]  # names are the caller's


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
        (ticket(State.BROWNOUT), EffectKind.LIFT_BROWNOUT),
        (ticket(State.BROWNOUT, wanted=Wanted.ROLLBACK), EffectKind.LIFT_BROWNOUT),
        (ticket(State.BROWNOUT, replace(TOLD, brownout=OVER)), EffectKind.DEACTIVATE_KEY),
        (ticket(State.MONITORING), EffectKind.DELETE_KEY),
        (ticket(State.MONITORING, wanted=Wanted.ROLLBACK), EffectKind.REACTIVATE_KEY),
        (ticket(State.EXEMPT), None),
        (ticket(State.DELETED), None),
    ],
)
def test_a_ticket_knows_what_it_is_heading_for(of: Ticket, heading: EffectKind | None) -> None:
    assert WORKFLOW.heading_for(of, ENFORCING) is heading


@pytest.mark.parametrize("brownout", [None, CUT_SHORT])
def test_where_a_brownout_is_asked_for_a_ticket_is_heading_for_that_first(brownout: Brownout | None) -> None:
    of = ticket(State.NOTIFIED, replace(TOLD, brownout=brownout))
    assert WORKFLOW.heading_for(of, BROWNING) is EffectKind.ATTACH_BROWNOUT


@pytest.mark.parametrize("brownout", [OVER, QUIET])
def test_after_a_whole_brownout_a_ticket_is_heading_for_the_deactivation(brownout: Brownout) -> None:
    of = ticket(State.BROWNOUT, replace(TOLD, brownout=brownout))
    assert WORKFLOW.heading_for(of, BROWNING) is EffectKind.DEACTIVATE_KEY


@pytest.mark.parametrize(
    ("of", "policy", "read"),
    [
        (ticket(State.OPEN), ENFORCING, ()),
        (ticket(State.OPEN), BROWNING, (DENY,)),
        (ticket(State.BROWNOUT), ENFORCING, (DENY,)),
        (ticket(State.BROWNOUT, replace(TOLD, brownout=OVER)), ENFORCING, (DENY,)),
        (ticket(State.BROWNOUT, replace(TOLD, brownout=CUT_SHORT)), BROWNING, (DENY,)),
        (ticket(State.BROWNOUT, replace(TOLD, brownout=QUIET)), BROWNING, ()),
        (ticket(State.MONITORING), BROWNING, ()),
        (ticket(State.ROLLED_BACK, replace(TOLD, brownout=OVER)), BROWNING, ()),
    ],
)
def test_the_users_policy_is_read_while_a_brownout_may_be_on_or_is_still_to_come(
    of: Ticket, policy: Policy, read: tuple[str, ...]
) -> None:
    assert WORKFLOW.policies_of(of, policy) == read


def test_a_quiet_poll_of_a_brownout_asks_cloudtrail_nothing() -> None:
    assert wants(ticket(State.BROWNOUT), Sight(user=denied())) == NOTHING


@pytest.mark.parametrize(
    "user",
    [
        denied(last_use=LastUse(at=DENIED_AT + PROPAGATION + SECOND)),
        denied(policies={DENY: None}),
    ],
)
def test_a_use_and_a_deny_that_is_missing_are_asked_about(user: UserReading) -> None:
    of = ticket(State.BROWNOUT)
    assert wants(of, Sight(user=user)) == {Look.REACTIONS}
    assert wants(of, Sight(user=user, reactions=sweep())) == NOTHING


def test_a_use_from_before_the_deny_had_reached_all_of_aws_is_not_asked_about() -> None:
    user = denied(last_use=LastUse(at=DENIED_AT + PROPAGATION))
    assert wants(ticket(State.BROWNOUT), Sight(user=user)) == NOTHING


def test_a_brownout_that_is_over_is_searched_once_the_delivery_lag_is_over_too() -> None:
    of = ticket(State.BROWNOUT, replace(TOLD, brownout=OVER))
    due = OVER_AT + timedelta(minutes=30)
    user = Sight(user=reading())
    assert wants(of, user, situation(due - timedelta(microseconds=1), BROWNING)) == NOTHING
    assert wants(of, user, situation(due, BROWNING)) == {Look.BROWNOUT}
    assert wants(of, replace(user, brownout=sweep()), situation(due, BROWNING)) == NOTHING


@pytest.mark.parametrize(
    "of",
    [
        ticket(State.BROWNOUT, replace(TOLD, brownout=QUIET)),
        ticket(State.BROWNOUT, replace(TOLD, brownout=CUT_SHORT)),
        ticket(State.ON_HOLD, replace(TOLD, brownout=OVER)),
    ],
)
def test_a_brownout_is_not_searched_where_that_would_decide_nothing(of: Ticket) -> None:
    assert Look.BROWNOUT not in wants(of, Sight(user=reading()), situation(policy=BROWNING))


def test_a_search_that_left_out_what_is_not_excused_any_more_is_made_again() -> None:
    left_out = replace(QUIET, excused=(("sa-east-1", "denied"),))
    of = ticket(State.BROWNOUT, replace(TOLD, brownout=left_out))
    assert wants(of, Sight(user=reading()), situation(policy=BROWNING)) == {Look.BROWNOUT}
