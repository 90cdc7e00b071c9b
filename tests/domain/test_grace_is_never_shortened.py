"""DESIGN 8.12: the grace period lasts at least as long as promised, and a hold stops it without shortening it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.policy import Timing
from iamflow.domain.schedule import after_hold, grace_deadline

from .samples import DAY, HOUR, MICROSECOND, NOW, WEEK, ticket

TIMING = Timing()
SPANS = st.timedeltas(timedelta(0), 60 * DAY)


def test_grace_is_counted_from_the_acceptance_of_the_notice() -> None:
    assert grace_deadline(NOW, None, WEEK) == NOW + WEEK


def test_a_later_promise_prolongs_the_grace_period() -> None:
    assert grace_deadline(NOW, NOW + WEEK + MICROSECOND, WEEK) == NOW + WEEK + MICROSECOND


def test_an_earlier_promise_does_not_shorten_the_grace_period() -> None:
    assert grace_deadline(NOW, NOW + WEEK - MICROSECOND, WEEK) == NOW + WEEK


@given(grace=SPANS, promised=st.timedeltas(-60 * DAY, 60 * DAY))
def test_grace_is_never_shorter_than_promised_nor_than_the_grace(grace: timedelta, promised: timedelta) -> None:
    end = grace_deadline(NOW, NOW + promised, grace)

    assert end in {NOW + grace, NOW + promised}
    assert end >= NOW + grace
    assert end >= NOW + promised


def test_a_hold_moves_the_deadline_by_its_whole_length() -> None:
    held = ticket(deadline=NOW + 3 * DAY, held_at=NOW)

    assert after_hold(held, NOW + 5 * DAY, TIMING) == NOW + 8 * DAY


def test_a_hold_leaves_at_least_a_day() -> None:
    held = ticket(deadline=NOW + HOUR, held_at=NOW)

    assert after_hold(held, NOW + 5 * DAY, TIMING) == NOW + 6 * DAY


def test_a_hold_under_a_clock_put_back_shortens_nothing() -> None:
    held = ticket(deadline=NOW + 3 * DAY, held_at=NOW)

    assert after_hold(held, NOW - 2 * DAY, TIMING) == NOW + 3 * DAY


def test_a_hold_outside_a_grace_period_sets_no_deadline() -> None:
    assert after_hold(ticket(held_at=NOW), NOW + DAY, TIMING) is None
    assert after_hold(ticket(deadline=NOW + DAY), NOW + 5 * DAY, TIMING) == NOW + DAY


@given(left=st.timedeltas(-60 * DAY, 60 * DAY), held=st.timedeltas(-60 * DAY, 60 * DAY), leaves=SPANS)
def test_whatever_happens_in_a_hold_the_deadline_only_moves_on(
    left: timedelta, held: timedelta, leaves: timedelta
) -> None:
    before, resumed = NOW + left, NOW + held
    after = after_hold(ticket(deadline=before, held_at=NOW), resumed, replace(TIMING, hold_leaves=leaves))

    assert after is not None
    assert after >= before
    assert after >= resumed + leaves
