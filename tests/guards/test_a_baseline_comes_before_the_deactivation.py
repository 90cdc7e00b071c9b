"""DESIGN section 3: a baseline is taken before the deactivation, since nothing else tells afterwards which application broke."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Remedy

from .circumstances import Alone, allowed, alone, approve, baseline, codes, refusal, ticket

DEACTIVATE = allowed(EffectKind.DEACTIVATE_KEY)

ALONE = (
    alone("there is no baseline", approve(ticket(DEACTIVATE, baseline=None)), "no_baseline"),
    alone("the baseline read no region", approve(baseline(DEACTIVATE, regions=())), "no_baseline"),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("kind", [EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY])
def test_only_a_deactivation_asks_for_it(kind: EffectKind) -> None:
    assert codes(ticket(allowed(kind), baseline=None)) == ()
    assert codes(baseline(allowed(kind), regions=())) == ()


def test_the_reason_says_what_is_missing() -> None:
    missing = refusal(ticket(DEACTIVATE, baseline=None))

    assert "no baseline" in missing.sentence
    assert missing.remedy is Remedy.WAIT
