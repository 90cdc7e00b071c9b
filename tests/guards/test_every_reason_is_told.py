"""All guards return every reason at once, in an order that a person can follow."""

from dataclasses import replace

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.guards import Freeze, Pace, Refusal, refusals
from iamflow.domain.policy import Policy
from iamflow.domain.states import State

from .cases import every_case
from .circumstances import DAY, NOW, WORD, allowed, codes, key, progress, reading, ticket, used


def test_a_deactivation_with_everything_against_it_is_told_everything() -> None:
    c = ticket(allowed(EffectKind.DEACTIVATE_KEY), baseline=None, deadline=NOW + DAY, state=State.ON_HOLD)
    c = progress(c, notified_at=None, keep=WORD, approval_reasons=("held",), once_rolled_back=True)
    c = key(used(c, NOW - DAY), status=KeyStatus.INACTIVE)
    c = reading(c, read_at=NOW - DAY, account_id="210987654321", user_id="AIDAOTHER", tags={"iamflow:protected": ""})
    c = replace(
        c,
        policy=Policy(),
        freeze=Freeze(on=True),
        pace=Pace(used=1, allowance=1),
        lease_held=False,
        enforced_since=None,
    )

    assert codes(c) == (
        "lease_lost",
        "not_enforced",
        "frozen",
        "over_cap",
        "reading_not_fresh",
        "wrong_account",
        "user_changed",
        "unexpected_status",
        "protected",
        "recently_used",
        "approval_needed",
        "rolled_back_before",
        "owner_keeps",
        "not_in_turn",
        "not_notified",
        "in_grace",
        "no_baseline",
    )


def test_a_deletion_with_everything_against_it_is_told_everything() -> None:
    c = progress(
        ticket(allowed(EffectKind.DELETE_KEY), state=State.BLOCKED),
        keep=WORD,
        once_rolled_back=True,
        approval_reasons=("held",),
        window_ends_at=NOW + DAY,
        final_sweep=None,
    )
    c = used(c, NOW - DAY)

    assert codes(c) == (
        "used_since",
        "not_idle_enough",
        "approval_needed",
        "rolled_back_before",
        "owner_keeps",
        "not_in_turn",
        "in_window",
        "sweep_inconclusive",
    )


def test_a_rollback_with_everything_against_it_is_told_everything() -> None:
    c = key(allowed(EffectKind.REACTIVATE_KEY), status=KeyStatus.ACTIVE)
    c = reading(c, read_at=NOW - DAY, account_id="210987654321", user_id=None, quarantined=True)

    assert codes(replace(c, lease_held=False)) == (
        "lease_lost",
        "reading_not_fresh",
        "wrong_account",
        "user_gone",
        "unexpected_status",
        "quarantined",
    )


def test_refusals_are_values_that_say_why() -> None:
    told = refusals(replace(allowed(EffectKind.DELETE_KEY), lease_held=False, freeze=Freeze(on=True)))

    assert isinstance(told, tuple)
    assert all(isinstance(one, Refusal) and one.code and one.sentence for one in told)
    assert all(one.until is None for one in told)


def test_every_sentence_can_stand_in_a_list_of_reasons() -> None:
    proper_names = ("AWSCompromisedKeyQuarantine ", "CloudTrail ")
    sentences = {one.sentence for case in every_case() for one in refusals(case.spoilt)}

    assert [one for one in sentences if one[0].isupper() and not one.startswith(proper_names)] == []
    assert [one for one in sentences if "\n" in one or one.endswith((".", ";", " "))] == []


def test_a_code_always_asks_for_the_same_remedy() -> None:
    pairs = {(one.code, one.remedy) for case in every_case() for one in refusals(case.spoilt)}

    assert len(pairs) == len({code for code, _ in pairs})
