"""Where ``rules.auto_deactivate_after`` is set, time alone deactivates only a key that is known to have been idle for that long."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy

from .circumstances import (
    DAY,
    NOW,
    TICK,
    Alone,
    allowed,
    alone,
    approve,
    baseline,
    codes,
    progress,
    refusal,
    rule,
    used,
)

HALF_A_YEAR = 180 * DAY
DEACTIVATE, BROWN_OUT, LIFT, REACTIVATE, DELETE = (
    rule(allowed(kind), auto_deactivate_after=HALF_A_YEAR)
    for kind in (
        EffectKind.DEACTIVATE_KEY,
        EffectKind.ATTACH_BROWNOUT,
        EffectKind.LIFT_BROWNOUT,
        EffectKind.REACTIVATE_KEY,
        EffectKind.DELETE_KEY,
    )
)

ALONE = (
    alone("idle for just that long", used(DEACTIVATE, NOW - HALF_A_YEAR), "not_idle_for_time_alone"),
    alone("no last use is known", used(DEACTIVATE, None), "not_idle_for_time_alone"),
    alone("used lately, for a brown-out", used(BROWN_OUT, NOW - 100 * DAY), "not_idle_for_time_alone"),
    alone(
        "CloudTrail saw it later than IAM", baseline(DEACTIVATE, last_event_at=NOW - 8 * DAY), "not_idle_for_time_alone"
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_an_approval_allows_it(case: Alone) -> None:
    assert refusal(case.spoilt).remedy is Remedy.APPROVE
    assert codes(approve(case.spoilt)) == ()


def test_a_key_that_was_idle_for_longer_goes_by_time_alone() -> None:
    assert codes(used(DEACTIVATE, NOW - HALF_A_YEAR - TICK)) == ()


@pytest.mark.parametrize("spoilt", [LIFT, REACTIVATE, DELETE])
def test_giving_back_and_deleting_have_rules_of_their_own(spoilt: Circumstances) -> None:
    assert "not_idle_for_time_alone" not in codes(used(spoilt, None))


def test_it_excuses_from_nothing_else() -> None:
    long_idle = used(DEACTIVATE, NOW - 400 * DAY)
    assert codes(progress(long_idle, told_owner=False)) == ("default_address_only",)
    assert codes(progress(long_idle, once_rolled_back=True)) == ("rolled_back_before",)
    assert codes(baseline(long_idle, last_event_at=NOW - DAY)) == ("recently_used", "not_idle_for_time_alone")


def test_without_the_setting_only_a_recent_use_counts() -> None:
    plain = allowed(EffectKind.DEACTIVATE_KEY)
    assert codes(used(plain, NOW - 8 * DAY)) == ()
    assert codes(used(plain, None)) == ()
