"""Who may approve, how many it takes, how long it holds, and that it counts once."""

from dataclasses import replace

import pytest

from iamflow.domain.errors import ChangedError, NotAuthorisedError, RefusedError
from iamflow.domain.people import Identity
from iamflow.domain.states import Resolution, State
from iamflow.domain.waits import DAY
from iamflow.engine import steer
from iamflow.engine.opening import Named, open_by_hand
from tests.engine.situations import awaiting_approval, in_use
from tests.world import ACCOUNT, ALICE, BOB, KEY, World, on_both

CAROL = Identity(os="carol")
TWO = "workflows: {disable-key: {approvals: 2}}"
GROUP = "approvers: {groups: {security: [alice]}}"


def test_who_opened_a_ticket_by_hand_does_not_approve_it(world: World) -> None:
    world.user()
    world.key()
    opened = open_by_hand(world.desk(ALICE), "disable-key", ACCOUNT, Named(username="etl", key_id=KEY))
    assert opened.requester == ALICE
    in_use(world)
    with pytest.raises(NotAuthorisedError, match="requested ticket"):
        steer.approve(world.desk(ALICE), KEY)
    with pytest.raises(NotAuthorisedError, match="requested ticket"):
        steer.reject(world.desk(ALICE), KEY)
    with pytest.raises(NotAuthorisedError):
        steer.approve(world.desk(Identity()), KEY)
    steer.approve(world.desk(BOB), KEY)
    world.tick()
    assert world.status() == "Inactive"


@on_both
@pytest.mark.parametrize("world", [TWO], indirect=True)
def test_where_two_must_approve_one_person_does_not_count_twice(world: World) -> None:
    awaiting_approval(world)
    steer.approve(world.desk(ALICE), KEY)
    with pytest.raises(NotAuthorisedError, match="already"):
        steer.approve(world.desk(ALICE), KEY)
    world.pass_days(1)
    assert world.ticket().state is State.AWAITING_APPROVAL
    assert world.changes() == []
    steer.approve(world.desk(BOB), KEY)
    world.tick()
    assert world.status() == "Inactive"


@on_both
def test_an_approval_counts_once_and_the_deletion_needs_its_own(world: World) -> None:
    awaiting_approval(world)
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.MONITORING)
    waiting = world.pass_until(State.AWAITING_APPROVAL)
    assert waiting.key_was_deactivated
    world.pass_days(20)
    assert world.status() == "Inactive"
    steer.approve(world.desk(ALICE), KEY, comment="gone for good")
    world.tick()
    assert world.ticket().state is State.DELETED
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]


@on_both
def test_an_approval_that_has_expired_is_none(world: World) -> None:
    awaiting_approval(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    steer.approve(world.desk(ALICE), KEY)
    world.clock.advance(world.engine.policy.timing.approval_valid)
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    world.pass_days(2)
    assert world.ticket().state is State.AWAITING_APPROVAL
    assert world.changes() == []
    steer.approve(world.desk(ALICE), KEY)
    world.tick()
    assert world.status() == "Inactive"


@on_both
def test_a_plan_that_changed_after_the_approval_voids_it(world: World) -> None:
    seen = awaiting_approval(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    steer.approve(world.desk(ALICE), KEY, digest=seen.plan_digest)
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    excusing = replace(world.engine.policy, excused=(("sa-east-1", "denied by an SCP"),))
    world.engine = world.another_engine(policy=excusing)
    world.tick()
    assert world.changes() == []
    assert world.ticket().plan_digest != seen.plan_digest
    with pytest.raises(ChangedError, match="has changed since it was viewed"):
        steer.approve(world.desk(BOB), KEY, digest=seen.plan_digest)
    steer.approve(world.desk(BOB), KEY, digest=(world.ticket().plan_digest or "")[:12])
    world.tick()
    assert world.status() == "Inactive"


def test_too_little_of_a_digest_says_nothing(world: World) -> None:
    seen = awaiting_approval(world)
    with pytest.raises(ChangedError):
        steer.approve(world.desk(ALICE), KEY, digest=(seen.plan_digest or "")[:11])


@pytest.mark.parametrize("world", [GROUP], indirect=True)
def test_only_those_whom_the_settings_name_approve_reject_and_exempt(world: World) -> None:
    awaiting_approval(world)
    with pytest.raises(NotAuthorisedError, match="none of approvers"):
        steer.approve(world.desk(CAROL), KEY)
    with pytest.raises(NotAuthorisedError, match="none of approvers"):
        steer.reject(world.desk(CAROL), KEY)
    with pytest.raises(NotAuthorisedError, match="none of approvers"):
        steer.exempt(world.desk(CAROL), KEY, until=world.clock.now() + DAY, reason="why not")
    steer.approve(world.desk(ALICE), KEY)


def test_a_rejection_before_the_deactivation_ends_the_ticket(world: World) -> None:
    awaiting_approval(world)
    ticket = steer.reject(world.desk(ALICE), KEY, comment="it is in use")
    assert (ticket.state, ticket.resolution) == (State.CANCELLED, Resolution.REJECTED)
    world.pass_days(30)
    assert world.changes() == []


def test_a_rejection_of_the_deletion_leaves_the_key_inactive_and_watched(world: World) -> None:
    world.user()
    world.take_in(world.key(idle=None))
    world.pass_until(State.AWAITING_APPROVAL)
    held = steer.reject(world.desk(ALICE), KEY)
    assert held.state is State.ON_HOLD
    assert "rejected by os:alice" in (held.blocked_reason or "")
    world.pass_days(5)
    assert world.status() == "Inactive"
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    assert world.pass_until(State.RESOLVED).resolution is Resolution.OWNER_REACTIVATED


def test_nothing_is_approved_that_does_not_wait_for_it(world: World) -> None:
    world.user()
    world.take_in(world.key())
    with pytest.raises(RefusedError, match="only one that is awaiting_approval can be approved"):
        steer.approve(world.desk(ALICE), KEY)
