"""Safety rule 6: the owner's "keep" beats the clock, and a rollback is always allowed."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Freeze, Pace, Remedy
from iamflow.domain.policy import Policy
from iamflow.domain.states import State

from .circumstances import FORWARD, WORD, Alone, allowed, alone, approve, codes, progress, reading, refusal, ticket

REACTIVATE = allowed(EffectKind.REACTIVATE_KEY)

ALONE = tuple(alone("the owner keeps the key", progress(allowed(kind), keep=WORD), "owner_keeps") for kind in FORWARD)

NEVER_IN_THE_WAY_OF_A_ROLLBACK: dict[str, Circumstances] = {
    "freeze": replace(REACTIVATE, freeze=Freeze(on=True, reason="incident")),
    "caps": replace(REACTIVATE, pace=Pace(used=20, allowance=20)),
    "no allowance": replace(REACTIVATE, pace=Pace(used=0, allowance=0)),
    "observe": replace(REACTIVATE, policy=Policy()),
    "not enforced": replace(REACTIVATE, enforced_since=None),
    "the owner's keep": progress(REACTIVATE, keep=WORD),
    "a missing approval": progress(REACTIVATE, approval_reasons=("recently used",)),
    "a rollback before": progress(REACTIVATE, once_rolled_back=True),
    "protection by name": replace(
        REACTIVATE,
        policy=replace(REACTIVATE.policy, protection=replace(REACTIVATE.policy.protection, users=("deploy",))),
    ),
    "protection by tag": reading(REACTIVATE, tags={"iamflow:protected": "yes"}),
    "an unread last use": reading(REACTIVATE, last_use=None),
    "no notice": progress(REACTIVATE, notified_at=None, promised_at=None),
    "no baseline": ticket(REACTIVATE, baseline=None),
    "no observed deactivation": progress(REACTIVATE, deactivated_at=None, window_ends_at=None, final_sweep=None),
}


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("c", NEVER_IN_THE_WAY_OF_A_ROLLBACK.values(), ids=list(NEVER_IN_THE_WAY_OF_A_ROLLBACK))
def test_a_rollback_is_allowed_under(c: Circumstances) -> None:
    assert codes(c) == ()


@pytest.mark.parametrize("state", State)
def test_a_rollback_is_allowed_from_every_state(state: State) -> None:
    assert codes(ticket(REACTIVATE, state=state)) == ()


@pytest.mark.parametrize("kind", FORWARD)
def test_no_approval_overrules_the_owners_keep(kind: EffectKind) -> None:
    assert codes(approve(progress(allowed(kind), keep=WORD, grace_waiver=WORD))) == ("owner_keeps",)


@pytest.mark.parametrize("kind", FORWARD)
def test_the_reason_says_that_the_owner_asked(kind: EffectKind) -> None:
    kept = refusal(progress(allowed(kind), keep=WORD))

    assert "the owner asked to keep" in kept.sentence
    assert kept.remedy is Remedy.BLOCK
