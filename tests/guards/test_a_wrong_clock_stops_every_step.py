"""Every wait is counted by this host's clock: while it disagrees with AWS's, access is only ever given back."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Remedy

from .circumstances import FORWARD, SECOND, TICK, Alone, allowed, alone, codes, reading, refusal

MOST = 300 * SECOND
READ_AT = allowed(EffectKind.DELETE_KEY).reading.read_at
ALONE = tuple(
    case
    for kind in FORWARD
    for case in (
        alone("this host is ahead", reading(allowed(kind), aws_time=READ_AT - MOST - TICK), "clock_wrong"),
        alone("this host is behind", reading(allowed(kind), aws_time=READ_AT + MOST + TICK), "clock_wrong"),
    )
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("kind", FORWARD)
def test_five_minutes_either_way_are_allowed(kind: EffectKind) -> None:
    assert codes(reading(allowed(kind), aws_time=READ_AT - MOST)) == ()
    assert codes(reading(allowed(kind), aws_time=READ_AT + MOST)) == ()


def test_access_is_given_back_by_any_clock() -> None:
    assert codes(reading(allowed(EffectKind.REACTIVATE_KEY), aws_time=READ_AT - 100 * MOST)) == ()


def test_the_reason_says_which_way_and_how_far() -> None:
    ahead = refusal(reading(allowed(EffectKind.DELETE_KEY), aws_time=READ_AT - 2 * MOST))
    behind = refusal(reading(allowed(EffectKind.DELETE_KEY), aws_time=READ_AT + 2 * MOST))
    assert "clock is +600 s from AWS's" in ahead.sentence
    assert "clock is -600 s from AWS's" in behind.sentence
    assert {ahead.remedy, behind.remedy} == {Remedy.WAIT}
