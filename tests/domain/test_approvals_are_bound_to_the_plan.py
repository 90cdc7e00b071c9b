"""DESIGN 8.14: the digest changes with each part of the plan, and never with counters, last use or the time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.plan import plan_digest, remaining_effects
from iamflow.domain.states import State
from iamflow.domain.ticket import Lease, Ticket

from .samples import ALICE, CREATED, DAY, HOUR, MICROSECOND, NOW, OTHER_KEY, USER_ID, reading, ticket

TICKET, READING = ticket(), reading()
EXCUSED = (("eu-south-1", "denied by SCP"), ("me-south-1", "never used"))
PLAN = plan_digest(TICKET, READING, EXCUSED)

_OTHER = KeyState(key_id=OTHER_KEY, status=KeyStatus.ACTIVE, created_at=CREATED)
OF_THE_OTHER_KEY = replace(READING, keys=(*READING.keys, _OTHER))

CHANGED: dict[str, tuple[Ticket, UserReading]] = {
    "workflow": (replace(TICKET, workflow="rotate-key"), READING),
    "workflow version": (replace(TICKET, workflow_version=2), READING),
    "remaining effects": (ticket(deactivated_at=NOW), READING),
    "account": (replace(TICKET, account_id=AccountId("210987654321")), READING),
    "user": (replace(TICKET, username=UserName("Deploy")), READING),
    "user id": (TICKET, replace(READING, user_id=USER_ID[::-1])),
    "key": (replace(TICKET, access_key_id=OTHER_KEY), OF_THE_OTHER_KEY),
    "creation date": (TICKET, reading(created_at=CREATED + DAY / 86_400)),
}

UNCHANGED: dict[str, tuple[Ticket, UserReading]] = {
    "version": (replace(TICKET, version=99), READING),
    "attempts": (replace(TICKET, attempts=5), READING),
    "state": (replace(TICKET, state=State.AWAITING_APPROVAL, state_since=NOW), READING),
    "due date": (replace(TICKET, due_at=NOW + DAY, deadline=NOW + DAY), READING),
    "lease": (replace(TICKET, lease=Lease(holder="host-1", token="t", until=NOW)), READING),
    "requester": (replace(TICKET, requester=ALICE), READING),
    "progress": (ticket(reminders=("half-way",), notice_round=3, notified_at=NOW), READING),
    "last use": (TICKET, reading(last_use=LastUse(at=NOW, service="s3", region="eu-west-1"))),
    "time of reading": (TICKET, replace(READING, read_at=NOW + HOUR)),
    "fraction of the creation second": (TICKET, reading(created_at=CREATED + MICROSECOND)),
    "another key": (TICKET, OF_THE_OTHER_KEY),
    "status": (TICKET, replace(READING, keys=(replace(READING.keys[0], status=KeyStatus.INACTIVE),))),
    "tags": (TICKET, replace(READING, tags={"Owner": "ada"})),
}


@pytest.mark.parametrize("part", CHANGED)
def test_the_digest_changes_with_the(part: str) -> None:
    digest = plan_digest(*CHANGED[part], EXCUSED)

    assert digest is not None
    assert digest != PLAN


@pytest.mark.parametrize("part", UNCHANGED)
def test_the_digest_does_not_change_with_the(part: str) -> None:
    assert plan_digest(*UNCHANGED[part], EXCUSED) == PLAN


@pytest.mark.parametrize(
    "excused", [(), EXCUSED[:1], (*EXCUSED, ("us-west-1", "x")), (EXCUSED[0], ("me-south-1", "another reason"))]
)
def test_the_digest_changes_with_the_excused_regions(excused: tuple[tuple[str, str], ...]) -> None:
    assert plan_digest(TICKET, READING, excused) != PLAN


def test_the_order_of_excused_regions_is_no_change() -> None:
    assert plan_digest(TICKET, READING, EXCUSED[::-1]) == PLAN


def test_a_key_or_user_that_is_gone_has_no_plan() -> None:
    assert plan_digest(TICKET, replace(READING, keys=()), EXCUSED) is None
    assert plan_digest(TICKET, replace(READING, user_id=None), EXCUSED) is None
    assert plan_digest(replace(TICKET, access_key_id=OTHER_KEY), READING, EXCUSED) is None


def test_the_effects_that_remain_are_those_still_to_come() -> None:
    assert remaining_effects(TICKET) == (EffectKind.DEACTIVATE_KEY, EffectKind.DELETE_KEY)
    assert remaining_effects(ticket(deactivated_at=NOW)) == (EffectKind.DELETE_KEY,)


@given(st.text(), st.text())
def test_no_two_subjects_share_a_digest(name: str, key_id: str) -> None:
    moved = replace(TICKET, username=UserName(name), access_key_id=KeyId(key_id))
    keys = (KeyState(key_id=KeyId(key_id), status=KeyStatus.ACTIVE, created_at=CREATED),)
    same = (name, key_id) == (TICKET.username, TICKET.access_key_id)

    assert (plan_digest(moved, replace(READING, keys=keys), EXCUSED) == PLAN) == same
