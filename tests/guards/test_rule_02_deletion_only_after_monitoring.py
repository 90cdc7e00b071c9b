"""Safety rule 2: deletion only after the whole window, and only when the final sweep was conclusive."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Refusal, Remedy, refusals
from iamflow.domain.states import State

from .circumstances import (
    DAY,
    DEACTIVATED,
    HOUR,
    NOW,
    SECOND,
    TICK,
    Alone,
    allowed,
    alone,
    approve,
    codes,
    progress,
    refusal,
    setting,
    sweep,
    ticket,
)

DELETE = allowed(EffectKind.DELETE_KEY)
DEACTIVATE = allowed(EffectKind.DEACTIVATE_KEY)
WINDOW_ENDS = DEACTIVATED + 2 * DAY
LAG = DELETE.policy.disable_key.delivery_lag

ALONE = (
    *(
        alone(f"the ticket is {state}", ticket(DELETE, state=state), "not_in_turn")
        for state in State
        if state not in {State.MONITORING, State.AWAITING_APPROVAL}
    ),
    *(
        alone(f"the ticket is {state}", ticket(DEACTIVATE, state=state), "not_in_turn")
        for state in State
        if state not in {State.NOTIFIED, State.BROWNOUT, State.AWAITING_APPROVAL}
    ),
    alone("no deactivation was observed", progress(DELETE, deactivated_at=None), "not_deactivated"),
    alone("no final sweep", progress(DELETE, final_sweep=None), "sweep_inconclusive"),
    alone("a region could not be read", sweep(DELETE, conclusive=False), "sweep_inconclusive"),
    alone("no region was read", sweep(DELETE, regions=()), "sweep_inconclusive"),
    alone("the sweep began too late", sweep(DELETE, start=DEACTIVATED + TICK), "sweep_too_short"),
    alone("the sweep ended too early", sweep(DELETE, end=WINDOW_ENDS - TICK), "sweep_too_short"),
    alone("within the delivery lag", sweep(DELETE, run_at=WINDOW_ENDS + LAG - TICK), "sweep_too_short"),
    alone("the sweep ran in the future", sweep(DELETE, run_at=NOW + TICK), "sweep_too_short"),
    alone("the settings ask for a longer window", setting(DELETE, monitor=2 * DAY + TICK), "sweep_too_short"),
    alone(
        "a longer window was set at the deactivation",
        progress(DELETE, window_ends_at=WINDOW_ENDS + TICK),
        "sweep_too_short",
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


def test_deletion_follows_monitoring_or_the_approval_after_it() -> None:
    awaiting = ticket(DELETE, state=State.AWAITING_APPROVAL)

    assert codes(DELETE) == ()
    assert codes(approve(awaiting)) == ()


def test_the_window_ends_to_the_microsecond() -> None:
    ends = NOW
    watched = progress(DELETE, deactivated_at=ends - 2 * DAY, window_ends_at=None)

    assert "in_window" not in codes(watched)
    assert "in_window" in codes(progress(watched, deactivated_at=ends - 2 * DAY + TICK))


def test_the_later_of_the_setting_and_the_recorded_end_counts() -> None:
    longer_now = setting(DELETE, monitor=3 * DAY + HOUR)
    longer_then = progress(DELETE, window_ends_at=NOW + 2 * HOUR)

    assert [one.until for one in _in_window(longer_now)] == [NOW + HOUR]
    assert [one.until for one in _in_window(longer_then)] == [NOW + 2 * HOUR]


def test_a_shorter_recorded_window_does_not_shorten_the_setting() -> None:
    assert "in_window" in codes(progress(setting(DELETE, monitor=4 * DAY), window_ends_at=DEACTIVATED + SECOND))


def test_a_sweep_before_the_end_of_the_window_never_suffices() -> None:
    early = progress(DELETE, deactivated_at=NOW - DAY, window_ends_at=NOW + DAY)

    assert codes(early) == ("in_window", "sweep_too_short")


def test_a_sweep_exactly_over_the_window_and_after_the_lag_suffices() -> None:
    exact = sweep(DELETE, start=DEACTIVATED, end=WINDOW_ENDS, run_at=WINDOW_ENDS + LAG)

    assert codes(exact) == ()
    assert codes(sweep(DELETE, run_at=NOW)) == ()


def test_an_approval_waives_neither_the_window_nor_the_sweep() -> None:
    approved = approve(progress(DELETE, deactivated_at=NOW - HOUR, window_ends_at=NOW + DAY, final_sweep=None))

    assert codes(approved) == ("in_window", "sweep_inconclusive")


def test_the_window_says_until_when_and_waits() -> None:
    (one,) = _in_window(progress(DELETE, window_ends_at=NOW + HOUR))

    assert one.remedy is Remedy.WAIT
    assert "window" in one.sentence
    assert "2026-11-24 13:00:00 UTC" in one.sentence


@pytest.mark.parametrize(
    ("spoilt", "words", "remedy"),
    [
        (progress(DELETE, deactivated_at=None), "no deactivation", Remedy.BLOCK),
        (progress(DELETE, final_sweep=None), "CloudTrail has not been read", Remedy.WAIT),
        (sweep(DELETE, run_at=NOW + TICK), "does not cover the whole window", Remedy.WAIT),
        (sweep(DELETE, run_at=NOW + TICK), "CloudTrail's delivery lag", Remedy.WAIT),
        (ticket(DELETE, state=State.ON_HOLD), "on_hold; this step follows monitoring", Remedy.WAIT),
        (ticket(DEACTIVATE, state=State.EXEMPT), "exempt; this step follows brownout or notified", Remedy.WAIT),
    ],
)
def test_the_reason_says_what_is_missing(spoilt: Circumstances, words: str, remedy: Remedy) -> None:
    assert words in refusal(spoilt).sentence
    assert refusal(spoilt).remedy is remedy


def _in_window(c: Circumstances) -> list[Refusal]:
    return [one for one in refusals(c) if one.code == "in_window"]


def test_a_region_that_was_excused_then_and_is_not_any_more_makes_the_sweep_too_little() -> None:
    excused = (("ap-east-1", "denied by the region policy"),)
    left_out = approve(sweep(allowed(EffectKind.DELETE_KEY), excused=excused))
    assert codes(left_out) == ("sweep_other_regions",)
    still = replace(left_out, policy=replace(left_out.policy, excused=excused))
    assert codes(approve(still)) == ()
