"""Safety rule 8: while frozen nothing new is done, and a rollback is."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Freeze, Remedy

from .circumstances import FORWARD, Alone, allowed, alone, approve, codes, refusal

ALONE = tuple(
    alone(f"frozen for {reason!r}", approve(replace(allowed(kind), freeze=Freeze(on=True, reason=reason))), "frozen")
    for kind in FORWARD
    for reason in ("incident 12", "", None)
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


def test_a_rollback_goes_on_under_a_freeze() -> None:
    assert codes(replace(allowed(EffectKind.REACTIVATE_KEY), freeze=Freeze(on=True))) == ()


@pytest.mark.parametrize("kind", FORWARD)
def test_an_old_reason_does_not_freeze(kind: EffectKind) -> None:
    assert codes(replace(allowed(kind), freeze=Freeze(on=False, reason="last week"))) == ()


def test_the_reason_for_the_freeze_is_told_and_how_to_end_it() -> None:
    told, untold = (
        refusal(replace(allowed(EffectKind.DELETE_KEY), freeze=Freeze(on=True, reason=reason)))
        for reason in ("incident 12", None)
    )

    assert "frozen: incident 12 " in told.sentence
    assert "iamflow freeze off" in told.sentence
    assert told.remedy is Remedy.WAIT
    assert "frozen: no reason given" in untold.sentence
