"""How many people must approve is a setting of the workflow and of the account, and the larger number counts."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy

from .circumstances import ALICE, BOB, Alone, allowed, alone, approve, codes, progress, refusal

REASONED = progress(allowed(EffectKind.DEACTIVATE_KEY), approval_reasons=("used on Monday",))


def _asking(*at_least: tuple[str, int]) -> Circumstances:
    return replace(REASONED, policy=replace(REASONED.policy, approvals_at_least=at_least))


ALONE = (
    alone("the account needs two", approve(_asking(("0123*", 2))), "approval_needed"),
    alone("its name needs two", approve(_asking(("PROD*", 2))), "approval_needed"),
    alone(
        "the larger number counts",
        approve(_asking(("0123*", 1), ("production", 3)), {}, {"by": BOB}),
        "approval_needed",
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)
    assert refusal(case.spoilt).remedy is Remedy.APPROVE


def test_two_people_are_enough_where_two_are_asked_for() -> None:
    assert codes(approve(_asking(("0123*", 2)), {"by": ALICE}, {"by": BOB})) == ()


def test_other_accounts_need_no_more_than_the_workflow_says() -> None:
    assert codes(approve(_asking(("999*", 5), ("test-*", 5)))) == ()


def test_an_account_never_needs_fewer_than_the_workflow_says() -> None:
    two = replace(REASONED.policy, disable_key=replace(REASONED.policy.disable_key, approvals=2))
    asking = replace(REASONED, policy=replace(two, approvals_at_least=(("*", 1),)))
    assert codes(approve(asking)) == ("approval_needed",)
