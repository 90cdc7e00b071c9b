"""Safety rule 4 and DESIGN 8.5: what is not known is not taken for unused, and time alone deletes only what was long idle."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy

from .circumstances import (
    DAY,
    DEACTIVATED,
    FORWARD,
    NOW,
    TICK,
    Alone,
    allowed,
    alone,
    approve,
    auto_delete,
    baseline,
    codes,
    facts,
    key,
    progress,
    reading,
    refusal,
    rule,
    ticket,
    used,
)

DEACTIVATE, REACTIVATE, DELETE = (
    allowed(kind) for kind in (EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY)
)
WEEK = 7 * DAY
QUARTER = 90 * DAY
NEVER_USED_TOO = auto_delete(used(DELETE, None), never_used=True)


def _born(c: Circumstances, at: object) -> Circumstances:
    return key(facts(c, created_at=at), created_at=at)


ALONE = (
    alone("the last use was not read", reading(DEACTIVATE, last_use=None), "use_unknown"),
    alone("the last use was not read", approve(reading(DELETE, last_use=None)), "use_unknown"),
    alone("used just within a week", used(DEACTIVATE, NOW - WEEK + TICK), "recently_used"),
    alone("used in the future", used(DEACTIVATE, NOW + DAY), "recently_used"),
    alone("CloudTrail saw it within a week", baseline(DEACTIVATE, last_event_at=NOW - WEEK + TICK), "recently_used"),
    alone(
        "CloudTrail saw what IAM does not know",
        baseline(used(DEACTIVATE, None), last_event_at=NOW - DAY),
        "recently_used",
    ),
    alone("the setting is longer", rule(used(DEACTIVATE, NOW - 30 * DAY), recent_use=31 * DAY), "recently_used"),
    alone("no last use is known", used(DELETE, None), "never_used"),
    alone("not idle for long enough", used(DELETE, DEACTIVATED - QUARTER + TICK), "not_idle_enough"),
    alone("the setting is longer", auto_delete(DELETE, min_idle=365 * DAY), "not_idle_enough"),
    alone(
        "CloudTrail saw it before the deactivation",
        baseline(DELETE, last_event_at=DEACTIVATED - DAY),
        "not_idle_enough",
    ),
    alone(
        "never used, and too young to tell",
        _born(NEVER_USED_TOO, DEACTIVATED - QUARTER + TICK),
        "not_idle_enough",
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


def test_a_use_exactly_a_week_ago_is_not_recent() -> None:
    assert codes(used(DEACTIVATE, NOW - WEEK)) == ()
    assert codes(baseline(DEACTIVATE, last_event_at=NOW - WEEK)) == ()


def test_an_answer_of_never_is_an_answer() -> None:
    assert codes(used(DEACTIVATE, None)) == ()


def test_a_missing_answer_does_not_hide_what_the_baseline_saw() -> None:
    unread = baseline(reading(DEACTIVATE, last_use=None), last_event_at=NOW - DAY)

    assert codes(unread) == ("use_unknown", "recently_used")


def test_no_approval_stands_for_a_last_use_that_was_not_read() -> None:
    for kind in FORWARD:
        assert codes(approve(reading(allowed(kind), last_use=None))) == ("use_unknown",)


@pytest.mark.parametrize("case", [case for case in ALONE if case.code != "use_unknown"], ids=str)
def test_an_approval_allows_what_time_alone_does_not(case: Alone) -> None:
    assert codes(approve(case.spoilt)) == ()
    assert refusal(case.spoilt).remedy is Remedy.APPROVE


def test_ninety_idle_days_before_the_deactivation_are_enough() -> None:
    assert codes(used(DELETE, DEACTIVATED - QUARTER)) == ()


def test_days_on_which_the_key_was_inactive_do_not_count_as_idle() -> None:
    assert codes(used(DELETE, NOW - QUARTER)) == ("not_idle_enough",)


def test_idleness_without_an_observed_deactivation_is_counted_until_now() -> None:
    untouched = progress(DELETE, deactivated_at=None)

    assert "not_idle_enough" not in codes(used(untouched, NOW - QUARTER))
    assert "not_idle_enough" in codes(used(untouched, NOW - QUARTER + TICK))


def test_a_key_never_used_goes_by_its_age_where_the_settings_say_so() -> None:
    assert codes(NEVER_USED_TOO) == ()
    assert codes(_born(NEVER_USED_TOO, DEACTIVATED - QUARTER)) == ()


def test_a_key_whose_use_was_not_read_is_not_deleted_as_never_used() -> None:
    assert "use_unknown" in codes(auto_delete(reading(DELETE, last_use=None), never_used=True))


def test_without_a_baseline_the_last_use_alone_counts() -> None:
    assert codes(ticket(DELETE, baseline=None)) == ()
    assert codes(ticket(used(DELETE, None), baseline=None)) == ("never_used",)


def test_what_was_used_yesterday_may_always_be_given_back() -> None:
    assert codes(used(REACTIVATE, NOW - DAY)) == ()
    assert codes(reading(REACTIVATE, last_use=None)) == ()


@pytest.mark.parametrize(
    ("spoilt", "words", "remedy"),
    [
        (reading(DEACTIVATE, last_use=None), "last use could not be read", Remedy.WAIT),
        (used(DEACTIVATE, NOW - DAY), "used on 2026-11-23 12:00 UTC, within rules.recent_use", Remedy.APPROVE),
        (used(DELETE, None), "not the same as unused", Remedy.APPROVE),
        (used(DELETE, NOW - 4 * DAY), "last used on 2026-11-20, less than auto_delete.min_idle", Remedy.APPROVE),
        (_born(NEVER_USED_TOO, NOW - 4 * DAY), "created on 2026-11-20, less than", Remedy.APPROVE),
    ],
)
def test_the_reason_says_what_is_known(spoilt: Circumstances, words: str, remedy: Remedy) -> None:
    assert words in refusal(spoilt).sentence
    assert refusal(spoilt).remedy is remedy
