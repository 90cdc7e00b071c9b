"""Whatever is not as it was stops a step, and the ticket says why."""

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import Resolution, State
from iamflow.engine import steer
from tests.world import ACCOUNT, ALICE, DAY, EVERY_REGION, KEY, OTHER, START, World


def test_a_role_that_cannot_be_assumed_blocks_its_account_and_no_other(world: World) -> None:
    elsewhere = KeyId("AKIAUY3KM37NTCPIWK2B")
    world.user()
    world.user("dev", OTHER)
    world.take_in(world.key(), world.key(elsewhere, "dev", OTHER))
    world.sandbox.seed.role_trust(OTHER, allowed=False)
    world.tick()
    blocked = world.ticket(elsewhere)
    assert blocked.state is State.BLOCKED
    assert "sts:AssumeRole" in (blocked.blocked_reason or "")
    assert world.ticket().state is State.NOTIFIED
    world.sandbox.seed.role_trust(OTHER, allowed=True)
    world.pass_until(State.DELETED, elsewhere)


def test_a_user_recreated_under_the_same_name_is_not_the_one(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.sandbox.owner.recreate_user(ACCOUNT, "etl")
    ticket = world.pass_until(State.RESOLVED)
    assert ticket.resolution is Resolution.KEY_GONE
    assert world.changes() == []


def test_a_protected_tag_blocks(world: World) -> None:
    world.user(tags={"iamflow:protected": "yes"})
    world.take_in(world.key())
    world.tick()
    assert world.ticket().state is State.BLOCKED
    assert "iamflow:protected" in (world.ticket().blocked_reason or "")


def test_a_recently_used_key_waits_for_an_approval_and_not_for_time(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.clock.set(START + 5 * DAY)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").ok
    world.pass_until(State.AWAITING_APPROVAL)
    world.pass_days(40)
    assert world.ticket().state is State.AWAITING_APPROVAL
    assert world.status() == "Active"
    steer.approve(world.desk(ALICE), KEY, comment="agreed with the owner")
    world.tick()
    assert world.status() == "Inactive"


def test_a_key_deleted_by_its_owner_resolves_the_ticket(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.sandbox.owner.delete_key(ACCOUNT, "etl", KEY)
    assert world.pass_until(State.RESOLVED).resolution is Resolution.KEY_GONE


@pytest.mark.parametrize(
    "world", [f"{EVERY_REGION}\ntiming: {{poll: 8h, retry: {{base: 4h, most: 8h}}}}"], indirect=True
)
def test_an_unreadable_region_is_never_quiet(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    world.sandbox.faults.region_down("sa-east-1", service="cloudtrail")
    world.pass_days(5)
    assert world.status() == "Inactive"
    assert world.ticket().state is not State.DELETED
    world.sandbox.faults.clear()
    world.pass_until(State.DELETED)


def test_freeze_stops_the_next_step_and_lets_it_go_on_afterwards(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    world.clock.set(START + 8 * DAY)
    world.tick()
    assert world.status() == "Active"
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    world.clock.advance(DAY)
    world.tick()
    assert world.status() == "Inactive"


@pytest.mark.parametrize("world", ["limits: {per_account_per_day: 2, percent_of_users: 100}"], indirect=True)
def test_caps_pace_the_work_and_nothing_is_lost(world: World) -> None:
    keys = [KeyId(f"AKIAYF5JKDJQCAPPED{number:02}") for number in range(5)]
    findings = []
    for number, key in enumerate(keys):
        world.user(f"user-{number}")
        findings.append(world.key(key, f"user-{number}"))
    world.take_in(*findings)
    world.pass_days(7.5)
    inactive = [key for key in keys if world.status(key) == "Inactive"]
    assert len(inactive) == 2
    world.pass_days(30)
    assert [world.status(key) for key in keys] == [None] * 5


def test_a_second_strike_needs_an_approval(world: World) -> None:
    world.user()
    finding = world.key()
    world.take_in(finding)
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY)
    world.tick()
    assert world.ticket().state is State.ROLLED_BACK
    assert world.take_in(finding, as_of=START + 20 * DAY).suppressed == 1
    world.clock.set(START + 60 * DAY)
    assert world.take_in(finding, as_of=START + 60 * DAY).opened == 1
    world.pass_until(State.AWAITING_APPROVAL)
    assert world.status() == "Active"
