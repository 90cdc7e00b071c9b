"""Safety rule 7 and DESIGN 8.2, 8.3: distinct people, never the requester, for this plan, once, until it expires."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy
from iamflow.domain.guards.approval import counting
from iamflow.domain.ids import TicketId
from iamflow.domain.people import Identity
from iamflow.domain.states import State

from .circumstances import (
    ALICE,
    BOB,
    CREATED,
    DAY,
    FORWARD,
    HOUR,
    NOW,
    SECOND,
    TICK,
    USER_ID,
    Alone,
    allowed,
    alone,
    approval,
    approve,
    codes,
    key,
    progress,
    reading,
    refusal,
    setting,
    ticket,
    used,
)

BEFORE = {kind: progress(allowed(kind), approval_reasons=("used on Monday", "no owner was told")) for kind in FORWARD}
AGAIN = {kind: progress(allowed(kind), once_rolled_back=True) for kind in FORWARD}
WAITING = {kind: ticket(allowed(kind), state=State.AWAITING_APPROVAL) for kind in FORWARD}
NOBODY = Identity()

WORTHLESS: dict[str, Mapping[str, object]] = {
    "of another plan": {"digest": "0" * 64},
    "of no plan": {"digest": ""},
    "used already": {"used_at": NOW - SECOND},
    "expired": {"expires_at": NOW},
    "not given yet": {"at": NOW + TICK},
    "of another ticket": {"ticket_id": TicketId(8)},
    "by nobody in particular": {"by": NOBODY},
}

ALONE = tuple(
    case
    for kind in FORWARD
    for case in (
        alone("it has a reason to need an approval", BEFORE[kind], "approval_needed"),
        alone("it waits for an approval", WAITING[kind], "approval_needed"),
        alone("it was rolled back before", AGAIN[kind], "rolled_back_before"),
        *(
            alone(f"the approval is {why}", approve(BEFORE[kind], what), "approval_needed")
            for why, what in WORTHLESS.items()
        ),
        *(
            alone(f"the approval is {why}", approve(AGAIN[kind], what), "rolled_back_before")
            for why, what in WORTHLESS.items()
        ),
    )
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("needy", [*BEFORE.values(), *WAITING.values(), *AGAIN.values()])
def test_one_good_approval_allows_the_step(needy: Circumstances) -> None:
    assert codes(approve(needy)) == ()


def test_a_ticket_that_waits_for_an_approval_does_not_go_on_once_its_reason_has_passed() -> None:
    waiting = used(WAITING[EffectKind.DEACTIVATE_KEY], NOW - 30 * DAY)

    assert codes(waiting) == ("approval_needed",)
    assert codes(approve(waiting, {"expires_at": NOW})) == ("approval_needed",)


def test_an_approval_counts_from_its_moment_until_just_before_it_expires() -> None:
    needy = BEFORE[EffectKind.DELETE_KEY]

    assert codes(approve(needy, {"at": NOW})) == ()
    assert codes(approve(needy, {"expires_at": NOW + TICK})) == ()


def test_the_requester_is_no_approver() -> None:
    needy = ticket(BEFORE[EffectKind.DELETE_KEY], requester=ALICE)

    assert codes(approve(needy, {"by": ALICE})) == ("approval_needed",)
    assert codes(approve(needy, {"by": replace(ALICE, os="sudo-alice")})) == ("approval_needed",)
    assert codes(approve(needy, {"by": BOB})) == ()


def test_two_approvals_by_one_person_are_one() -> None:
    needy = setting(BEFORE[EffectKind.DELETE_KEY], approvals=2)

    assert codes(approve(needy, {"by": ALICE}, {"by": ALICE, "at": NOW - 2 * HOUR})) == ("approval_needed",)
    assert codes(approve(needy, {"by": ALICE}, {"by": replace(ALICE, sts="arn:other")})) == ("approval_needed",)
    assert codes(approve(needy, {"by": ALICE}, {"by": BOB})) == ()


def test_a_third_person_is_compared_with_both_before() -> None:
    needy = setting(BEFORE[EffectKind.DELETE_KEY], approvals=3)

    assert codes(approve(needy, {"by": ALICE}, {"by": BOB}, {"by": ALICE})) == ("approval_needed",)
    assert codes(approve(needy, {"by": ALICE}, {"by": BOB}, {"by": BOB})) == ("approval_needed",)


def test_a_worthless_approval_does_not_keep_its_author_from_a_good_one() -> None:
    needy = BEFORE[EffectKind.DELETE_KEY]

    assert codes(approve(needy, {"by": ALICE, "expires_at": NOW}, {"by": ALICE})) == ()
    assert codes(approve(needy, {"by": ALICE, "ticket_id": TicketId(8)}, {"by": ALICE})) == ()


@pytest.mark.parametrize("wanted", [0, -1])
def test_nobody_is_never_enough_whatever_the_settings_say(wanted: int) -> None:
    needy = setting(BEFORE[EffectKind.DELETE_KEY], approvals=wanted)

    assert codes(needy) == ("approval_needed",)
    assert codes(approve(needy)) == ()


def test_a_changed_plan_voids_an_approval() -> None:
    needy = BEFORE[EffectKind.DEACTIVATE_KEY]
    given = (approval(needy),)

    def later(changed: Circumstances) -> tuple[str, ...]:
        return codes(replace(changed, approvals=given))

    assert later(needy) == ()
    assert later(key(needy, created_at=CREATED + SECOND)) == ("approval_needed",)
    assert later(ticket(needy, workflow_version=2)) == ("approval_needed",)
    assert "approval_needed" in later(reading(needy, user_id=USER_ID[::-1]))
    excused = replace(needy, policy=replace(needy.policy, excused=(("eu-south-1", "denied by SCP"),)))
    assert later(excused) == ("approval_needed",)


def test_the_approval_of_the_deactivation_does_not_serve_for_the_deletion() -> None:
    before, after = BEFORE[EffectKind.DEACTIVATE_KEY], BEFORE[EffectKind.DELETE_KEY]

    assert codes(replace(after, approvals=(approval(before),))) == ("approval_needed",)


def test_an_approval_counts_for_no_key_that_is_gone() -> None:
    needy = approve(BEFORE[EffectKind.DELETE_KEY])

    assert counting(reading(needy, keys=())) == ()
    assert counting(needy) == needy.approvals


def test_every_approval_that_counts_is_returned() -> None:
    both = approve(BEFORE[EffectKind.DELETE_KEY], {"by": ALICE}, {"by": BOB})

    assert counting(both) == both.approvals


def test_a_rollback_needs_no_approval() -> None:
    rollback = allowed(EffectKind.REACTIVATE_KEY)

    assert codes(progress(rollback, approval_reasons=("used on Monday",), once_rolled_back=True)) == ()
    assert codes(ticket(rollback, state=State.AWAITING_APPROVAL)) == ()


def test_every_reason_for_an_approval_is_named() -> None:
    waiting = ticket(BEFORE[EffectKind.DELETE_KEY], state=State.AWAITING_APPROVAL)

    assert refusal(waiting).sentence == "needs an approval: used on Monday; no owner was told; the ticket waits for one"
    assert refusal(waiting).remedy is Remedy.APPROVE


def test_a_second_strike_says_so_and_asks_for_an_approval() -> None:
    struck = refusal(AGAIN[EffectKind.DEACTIVATE_KEY])

    assert "rolled back once already" in struck.sentence
    assert struck.remedy is Remedy.APPROVE
