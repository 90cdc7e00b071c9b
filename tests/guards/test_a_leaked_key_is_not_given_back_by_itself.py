"""DOMAIN section 7: a key under AWSCompromisedKeyQuarantine is made Active again only where a person asked for it."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Remedy

from .circumstances import FORWARD, WORD, Alone, allowed, alone, approve, codes, progress, reading, refusal, ticket

QUARANTINED = reading(allowed(EffectKind.REACTIVATE_KEY), quarantined=True)

ALONE = (
    alone("AWS believes the key to have leaked", QUARANTINED, "quarantined"),
    alone("an approval was of something else", approve(QUARANTINED), "quarantined"),
    alone("the owner's keep decides nothing", progress(QUARANTINED, keep=WORD), "quarantined"),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


def test_a_person_may_ask_for_it() -> None:
    assert codes(ticket(QUARANTINED, wanted_by=WORD)) == ()


@pytest.mark.parametrize("kind", FORWARD)
def test_access_may_be_taken_from_a_leaked_key(kind: EffectKind) -> None:
    assert codes(reading(allowed(kind), quarantined=True)) == ()


def test_the_reason_names_the_policy_and_asks_for_a_person() -> None:
    assert "AWSCompromisedKeyQuarantine" in refusal(QUARANTINED).sentence
    assert "person must decide" in refusal(QUARANTINED).sentence
    assert refusal(QUARANTINED).remedy is Remedy.BLOCK
