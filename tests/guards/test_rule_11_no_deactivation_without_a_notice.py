"""Safety rule 11: no deactivation before a notice was accepted, unless a person waived it on the record."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy

from .circumstances import DAY, NOW, TICK, WORD, Alone, allowed, alone, approve, codes, progress, refusal

DEACTIVATE = allowed(EffectKind.DEACTIVATE_KEY)
NOTIFIED = NOW - 10 * DAY

ALONE = (
    alone("no channel accepted the notice", progress(DEACTIVATE, notified_at=None), "not_notified"),
    alone(
        "it was accepted in the future", progress(DEACTIVATE, notified_at=NOW + TICK, grace_waiver=WORD), "not_notified"
    ),
    alone(
        "it went out before the account was enforced",
        replace(DEACTIVATE, enforced_since=NOTIFIED + TICK),
        "notified_before_enforcement",
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_neither_an_approval_nor_the_go_ahead_stands_for_a_notice(case: Alone) -> None:
    assert codes(approve(progress(case.spoilt, grace_waiver=WORD))) == (case.code,)


def test_a_person_may_waive_the_notice_on_the_record() -> None:
    untold = progress(DEACTIVATE, notified_at=None, promised_at=None, notice_waiver=WORD)

    assert codes(untold) == ()
    assert codes(replace(progress(DEACTIVATE, notice_waiver=WORD), enforced_since=NOW)) == ()


def test_a_notice_accepted_just_now_or_just_as_enforcement_began_counts() -> None:
    assert codes(progress(DEACTIVATE, notified_at=NOW, grace_waiver=WORD)) == ()
    assert codes(replace(DEACTIVATE, enforced_since=NOTIFIED)) == ()


def test_an_account_that_is_not_enforced_is_told_so_once() -> None:
    assert codes(replace(DEACTIVATE, enforced_since=None)) == ("not_enforced",)


@pytest.mark.parametrize("kind", [EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY])
def test_only_a_deactivation_asks_for_the_notice(kind: EffectKind) -> None:
    assert codes(progress(allowed(kind), notified_at=None)) == ()
    assert codes(replace(allowed(kind), enforced_since=NOTIFIED + TICK)) == ()


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (progress(DEACTIVATE, notified_at=None), "no channel has accepted the notice"),
        (replace(DEACTIVATE, enforced_since=NOW), "switched to enforce: a new one is needed"),
    ],
)
def test_the_reason_says_what_happened_to_the_notice(spoilt: Circumstances, words: str) -> None:
    assert words in refusal(spoilt).sentence
    assert refusal(spoilt).remedy is Remedy.WAIT
