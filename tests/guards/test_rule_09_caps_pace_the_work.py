"""Safety rule 9: what is over the cap waits for its slot; a rollback is never counted."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Pace, Remedy

from .circumstances import FORWARD, HOUR, NOW, Alone, allowed, alone, approve, codes, refusal

ALONE = tuple(
    alone(f"{used} of {most} taken", approve(replace(allowed(kind), pace=Pace(used=used, allowance=most))), "over_cap")
    for kind in FORWARD
    for used, most in ((20, 20), (21, 20), (0, 0))
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("kind", FORWARD)
def test_the_last_slot_may_be_taken(kind: EffectKind) -> None:
    assert codes(replace(allowed(kind), pace=Pace(used=19, allowance=20))) == ()


def test_a_rollback_is_not_paced() -> None:
    assert codes(replace(allowed(EffectKind.REACTIVATE_KEY), pace=Pace(used=99, allowance=0))) == ()


def test_the_next_slot_is_told_and_waited_for() -> None:
    slot = NOW + HOUR
    over = refusal(replace(allowed(EffectKind.DELETE_KEY), pace=Pace(used=20, allowance=20, next_slot=slot)))

    assert "20 of 20 steps" in over.sentence
    assert "next slot 2026-11-24 13:00 UTC" in over.sentence
    assert over.until == slot
    assert over.remedy is Remedy.WAIT


def test_a_slot_that_nobody_knows_is_said_to_be_unknown() -> None:
    over = refusal(replace(allowed(EffectKind.DELETE_KEY), pace=Pace(used=0, allowance=0)))

    assert "next slot unknown" in over.sentence
    assert over.until is None
