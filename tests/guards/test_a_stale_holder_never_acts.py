"""DESIGN section 5: whoever lost the lease, or looked at an older version of the ticket, makes no call."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Remedy

from .circumstances import KINDS, Alone, allowed, alone, approve, codes, refusal

ALONE = tuple(
    alone("the lease is lost", approve(replace(allowed(kind), lease_held=False)), "lease_lost") for kind in KINDS
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ticket_is_left_to_its_new_holder(kind: EffectKind) -> None:
    lost = refusal(replace(allowed(kind), lease_held=False))

    assert "another process" in lost.sentence
    assert lost.remedy is Remedy.DROP
