"""Safety rule 5: one exact access key id of one user, and never a neighbour."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyState, KeyStatus
from iamflow.domain.guards import Circumstances, Remedy
from iamflow.domain.ids import KeyId, UserName

from .circumstances import (
    CREATED,
    KEY,
    KINDS,
    OTHER_KEY,
    Alone,
    allowed,
    alone,
    codes,
    effect,
    reading,
    refusal,
    ticket,
)

EVERY = tuple(allowed(kind) for kind in KINDS)
SPARING = tuple(c for c in EVERY if c.effect.kind is not EffectKind.ATTACH_BROWNOUT)
"""The effects that leave the user's other keys alone: all but the brown-out, which says so (``other_active_keys``)."""


def _twin(c: Circumstances) -> Circumstances:
    """Give the user's other key the same status and date, so that only its id tells it apart."""
    (mine,) = (key for key in c.reading.keys if key.key_id == KEY)
    twin = KeyState(key_id=OTHER_KEY, status=mine.status, created_at=mine.created_at)
    return reading(c, keys=(twin, mine))


ALONE = (
    *(alone("the effect names the other key", effect(_twin(c), key_id=OTHER_KEY), "wrong_key") for c in SPARING),
    *(alone("the effect names another user", effect(c, username=UserName("deploy2")), "wrong_user") for c in EVERY),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("c", EVERY, ids=lambda c: c.effect.kind)
@pytest.mark.parametrize("name", [KEY[:-1], KEY.lower(), KEY + "A", ""])
def test_a_key_id_is_compared_whole(c: Circumstances, name: str) -> None:
    assert "wrong_key" in codes(effect(c, key_id=KeyId(name)))


@pytest.mark.parametrize("c", SPARING, ids=lambda c: c.effect.kind)
def test_another_key_of_the_user_is_nothing_to_the_effect(c: Circumstances) -> None:
    for status in KeyStatus:
        others = (KeyState(key_id=OTHER_KEY, status=status, created_at=CREATED), *c.reading.keys[1:])
        assert codes(reading(c, keys=others)) == ()


@pytest.mark.parametrize("c", SPARING, ids=lambda c: c.effect.kind)
def test_the_reason_names_the_mistake(c: Circumstances) -> None:
    wrong_key = refusal(effect(_twin(c), key_id=OTHER_KEY))
    wrong_user = refusal(ticket(c, username=UserName("deploy2")))

    assert "another key" in wrong_key.sentence
    assert wrong_key.remedy is Remedy.BLOCK
    assert "another user" in wrong_user.sentence
    assert wrong_user.remedy is Remedy.BLOCK
