"""Safety rule 13: whom the settings protect is refused before each call, by name, by tag and by identity."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy
from iamflow.domain.ids import UserName
from iamflow.domain.policy import Protection

from .circumstances import ACCOUNT, FORWARD, Alone, allowed, alone, approve, codes, effect, reading, refusal, ticket


def _named(c: Circumstances, name: str) -> Circumstances:
    return effect(ticket(c, username=UserName(name)), username=UserName(name))


def _protecting(c: Circumstances, **protection: tuple[object, ...]) -> Circumstances:
    return replace(c, policy=replace(c.policy, protection=Protection(**protection)))  # type: ignore[arg-type]


def _reasons(kind: EffectKind) -> Mapping[str, Circumstances]:
    c = allowed(kind)
    return {
        "break glass": _named(c, "break-glass-1"),
        "break glass in capitals": _named(c, "Break-Glass"),
        "a pattern": _protecting(c, users=("svc-*", "dep?oy")),
        "a tag": reading(c, tags={"iamflow:protected": "yes"}),
        "an empty tag": reading(c, tags={"iamflow:protected": ""}),
        "a tag in another case": reading(c, tags={"IamFlow:Protected": "no"}),
        "a tag with the value": _protecting(reading(c, tags={"Tier": "GOLD"}), tags=(("tier", "gold"),)),
        "iamflow's own identity": _protecting(c, own_usernames=((ACCOUNT, "deploy"),)),
        "iamflow's own identity, spelt otherwise": _protecting(c, own_usernames=((ACCOUNT, "Deploy"),)),
    }


ALONE = tuple(alone(why, approve(spoilt), "protected") for kind in FORWARD for why, spoilt in _reasons(kind).items())


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("why", _reasons(EffectKind.REACTIVATE_KEY))
def test_giving_access_back_to_a_protected_user_is_allowed(why: str) -> None:
    assert codes(_reasons(EffectKind.REACTIVATE_KEY)[why]) == ()


@pytest.mark.parametrize("kind", FORWARD)
def test_a_name_that_only_resembles_is_not_protected(kind: EffectKind) -> None:
    assert codes(_named(allowed(kind), "no-break-glass")) == ()
    assert codes(_protecting(allowed(kind), own_usernames=(("210987654321", "deploy"),))) == ()


@pytest.mark.parametrize("kind", FORWARD)
def test_the_reason_says_by_what_it_is_protected(kind: EffectKind) -> None:
    reasons = {why: refusal(spoilt) for why, spoilt in _reasons(kind).items()}

    assert "protect.users: dep?oy" in reasons["a pattern"].sentence
    assert "by its tag iamflow:protected" in reasons["a tag"].sentence
    assert "iamflow itself" in reasons["iamflow's own identity"].sentence
    assert {one.remedy for one in reasons.values()} == {Remedy.BLOCK}
