"""DESIGN 8.18: a notice that reached only the default address reached nobody in particular; a person must agree first."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Remedy

from .circumstances import Alone, allowed, alone, approve, codes, progress, refusal

DEACTIVATE = allowed(EffectKind.DEACTIVATE_KEY)

ALONE = (alone("only the default address", progress(DEACTIVATE, told_owner=False), "default_address_only"),)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


def test_an_approval_lets_it_pass() -> None:
    assert codes(approve(progress(DEACTIVATE, told_owner=False))) == ()


@pytest.mark.parametrize("kind", [EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY])
def test_only_a_deactivation_asks_for_it(kind: EffectKind) -> None:
    assert codes(progress(allowed(kind), told_owner=False)) == ()


def test_the_reason_says_who_was_not_told_and_what_helps() -> None:
    found = refusal(progress(DEACTIVATE, told_owner=False))
    assert "only the default address" in found.sentence
    assert found.remedy is Remedy.APPROVE
