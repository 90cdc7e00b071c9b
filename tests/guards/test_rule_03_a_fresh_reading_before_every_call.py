"""Safety rule 3: before each call a fresh reading of the same account, user and key, in the status that was expected."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.guards import Circumstances, Remedy, refusals
from iamflow.domain.ids import AccountId

from .circumstances import (
    CREATED,
    DEACTIVATED,
    KINDS,
    NOW,
    SECOND,
    TICK,
    Alone,
    allowed,
    alone,
    approve,
    auto_delete,
    codes,
    effect,
    facts,
    key,
    reading,
    refusal,
    ticket,
    used,
)

EVERY = tuple(allowed(kind) for kind in KINDS)
DEACTIVATE, REACTIVATE, DELETE = (
    allowed(kind) for kind in (EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY)
)
MINUTE = 60 * SECOND
ELSEWHERE = AccountId("210987654321")


def _whatever_the_effect(c: Circumstances) -> tuple[Alone, ...]:
    return (
        alone("the reading is too old", reading(c, read_at=NOW - MINUTE - TICK), "reading_not_fresh"),
        alone("the reading is from the future", reading(c, read_at=NOW + TICK), "reading_not_fresh"),
        alone("the session is in another account", reading(c, account_id=ELSEWHERE), "wrong_account"),
        alone("the effect is about another account", effect(c, account_id=ELSEWHERE), "wrong_account"),
        alone("the user was recreated", reading(c, user_id="AIDAEXAMPLEANOTHER001"), "user_changed"),
        alone("the ticket never learned the user's id", ticket(c, user_id=None), "user_changed"),
        alone("the user is gone", reading(c, user_id=None), "user_gone"),
        alone("nobody knows the user", ticket(reading(c, user_id=None), user_id=None), "user_gone"),
    )


def _about_the_key(c: Circumstances) -> tuple[Alone, ...]:
    return (
        alone("the key is gone", reading(c, keys=c.reading.keys[:1]), "key_gone"),
        alone("the user has no key", reading(c, keys=()), "key_gone"),
        alone("the key is younger", key(c, created_at=CREATED + SECOND + TICK), "key_changed"),
        alone("the key is older", key(c, created_at=CREATED - SECOND - TICK), "key_changed"),
    )


ALONE = (
    *(case for c in EVERY for case in _whatever_the_effect(c)),
    *(case for c in EVERY if c.effect.kind.about_key for case in _about_the_key(c)),
    alone("Inactive already", key(DEACTIVATE, status=KeyStatus.INACTIVE), "unexpected_status"),
    alone("Active already", key(REACTIVATE, status=KeyStatus.ACTIVE), "unexpected_status"),
    alone("Active again", key(DELETE, status=KeyStatus.ACTIVE), "unexpected_status"),
    alone(
        "used after the deactivation",
        approve(used(DELETE, DEACTIVATED + 2 * MINUTE + TICK)),
        "used_since",
    ),
)


def test_a_straggler_while_the_change_was_spreading_may_be_let_pass_by_an_approval() -> None:
    straggler = used(DELETE, DEACTIVATED + 2 * MINUTE)
    assert "used_since" in codes(straggler)
    assert codes(used(DELETE, DEACTIVATED + TICK)) == codes(straggler)
    assert codes(approve(straggler)) == ()
    assert {found.remedy for found in refusals(straggler)} == {Remedy.APPROVE}
    late = refusals(approve(used(DELETE, DEACTIVATED + 2 * MINUTE + TICK)))
    assert [found.remedy for found in late] == [Remedy.BLOCK]


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("c", EVERY, ids=lambda c: c.effect.kind)
def test_a_reading_is_fresh_for_exactly_a_minute(c: Circumstances) -> None:
    assert codes(reading(c, read_at=NOW - MINUTE)) == ()
    assert codes(reading(c, read_at=NOW)) == ()


@pytest.mark.parametrize("c", EVERY, ids=lambda c: c.effect.kind)
def test_a_creation_date_may_be_rounded_by_a_second(c: Circumstances) -> None:
    assert codes(key(c, created_at=CREATED + SECOND)) == ()
    assert codes(facts(c, created_at=CREATED + SECOND)) == ()


def test_a_use_up_to_the_deactivation_does_not_count_as_after_it() -> None:
    assert codes(approve(used(DELETE, DEACTIVATED))) == ()


def test_an_approval_does_not_waive_a_use_after_the_deactivation() -> None:
    assert "used_since" in codes(approve(auto_delete(used(DELETE, NOW - SECOND), never_used=True)))


def test_a_use_after_the_deactivation_does_not_stop_a_rollback() -> None:
    assert codes(used(REACTIVATE, NOW - SECOND)) == ()


@pytest.mark.parametrize(
    ("spoilt", "words", "remedy"),
    [
        (reading(DELETE, read_at=NOW - 90 * SECOND), "90 s old", Remedy.WAIT),
        (reading(DELETE, account_id=ELSEWHERE), "session is in account 210987654321", Remedy.BLOCK),
        (reading(DELETE, account_id=ELSEWHERE), "about 012345678901", Remedy.BLOCK),
        (reading(DELETE, user_id="AIDAEXAMPLEANOTHER001"), "AIDAEXAMPLEANOTHER001", Remedy.BLOCK),
        (reading(DELETE, user_id="AIDAEXAMPLEANOTHER001"), "recreated under the same name", Remedy.BLOCK),
        (reading(DELETE, user_id=None), "the user does not exist any more", Remedy.BLOCK),
        (reading(DELETE, keys=()), "the key is not there any more", Remedy.BLOCK),
        (key(DELETE, created_at=NOW - MINUTE), "created 2026-11-24 11:59:00", Remedy.BLOCK),
        (key(DELETE, created_at=NOW - MINUTE), "the ticket says 2025-10-20 12:00:00", Remedy.BLOCK),
        (key(DELETE, status=KeyStatus.ACTIVE), "Active, not Inactive", Remedy.BLOCK),
        (key(DEACTIVATE, status=KeyStatus.INACTIVE), "Inactive, not Active", Remedy.BLOCK),
        (approve(used(DELETE, NOW - MINUTE)), "used on 2026-11-24 11:59:00 UTC, after its deactivation", Remedy.BLOCK),
    ],
)
def test_the_reason_says_what_was_found(spoilt: Circumstances, words: str, remedy: Remedy) -> None:
    assert words in refusal(spoilt).sentence
    assert refusal(spoilt).remedy is remedy
