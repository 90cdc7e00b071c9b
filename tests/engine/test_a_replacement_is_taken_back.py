"""A rollback leaves the old key Active wherever it is asked for; the new one goes only if it was never used."""

from datetime import timedelta

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.engine import steer
from iamflow.engine.steer import Reply
from tests.engine.rotating import awaiting_adoption, keys_of, last_mail, new_key, opened, rotation, take, watched
from tests.world import ACCOUNT, KEY, World


def _rolled_back(world: World) -> None:
    ticket = world.pass_until(State.ROLLED_BACK)
    assert ticket.resolution is Resolution.ROLLED_BACK
    assert keys_of(world)[KEY] == "Active"
    assert list(world.app.store.verify()) == []


def test_a_new_key_that_was_never_used_is_deleted_and_the_deletion_confirmed(world: World) -> None:
    awaiting_adoption(world)
    new = new_key(world)
    steer.rollback(world.desk(), KEY, text="wrong user")
    world.tick()
    _rolled_back(world)
    assert keys_of(world) == {KEY: "Active"}
    assert rotation(world).withdrawn == (new,)
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    assert "was never used and is deleted" in last_mail(world)
    assert new not in last_mail(world)


def test_a_new_key_that_was_used_stays_and_the_ticket_says_so(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    before = len(world.changes())
    steer.rollback(world.desk(), KEY)
    world.tick()
    _rolled_back(world)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    assert len(world.changes()) == before
    assert world.ticket().confirmation is None
    entry = world.app.store.history(world.ticket().id)[-1]
    assert "has been used and stays Active too" in "".join(
        event.detail for event in world.app.store.history(entry.ticket_id)
    )


def test_after_the_deactivation_the_old_key_comes_back_first_and_a_used_new_one_stays(world: World) -> None:
    watched(world)
    steer.rollback(world.desk(), KEY, text="the payroll stopped")
    world.tick()
    _rolled_back(world)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    assert world.calls_made()[-1] == "UpdateAccessKey Active"
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED


def test_after_a_word_that_was_wrong_the_old_key_comes_back_and_the_unused_new_one_goes(world: World) -> None:
    awaiting_adoption(world)
    new = new_key(world)
    steer.reply(world.desk(), KEY, Reply.MIGRATED, on_behalf_of="etl team")
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY)
    world.tick()
    _rolled_back(world)
    assert world.calls_made()[-2:] == ["UpdateAccessKey Active", "DeleteAccessKey"]
    assert keys_of(world) == {KEY: "Active"}
    assert rotation(world).withdrawn == (new,)


def test_a_freeze_holds_no_rollback_up(world: World) -> None:
    awaiting_adoption(world)
    steer.reply(world.desk(), KEY, Reply.MIGRATED)
    world.pass_until(State.MONITORING)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    steer.rollback(world.desk(), KEY)
    world.tick()
    _rolled_back(world)
    assert keys_of(world) == {KEY: "Active"}


def test_a_use_of_the_old_key_after_its_deactivation_gives_it_back_by_itself(world: World) -> None:
    world.sandbox.faults.propagation("us-east-1", timedelta(hours=1))
    watched(world)
    world.clock.advance(timedelta(minutes=20))
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").ok
    _rolled_back(world)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}


def test_an_owner_who_makes_the_old_key_active_again_ends_the_ticket_and_both_stay(world: World) -> None:
    watched(world)
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    ticket = world.pass_until(State.RESOLVED)
    assert ticket.resolution is Resolution.OWNER_REACTIVATED
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}


def test_before_anything_was_made_there_is_nothing_to_roll_back(world: World) -> None:
    opened(world)
    with pytest.raises(RefusedError, match="never deactivated"):
        steer.rollback(world.desk(), KEY)


def test_once_a_key_was_made_a_ticket_is_rolled_back_and_not_cancelled(world: World) -> None:
    awaiting_adoption(world)
    with pytest.raises(RefusedError, match="a new key was made"):
        steer.cancel(world.desk(), KEY)
    steer.hold(world.desk(), KEY)
    with pytest.raises(RefusedError, match="a new key was made"):
        steer.cancel(world.desk(), KEY)
    steer.rollback(world.desk(), KEY)
    world.tick()
    _rolled_back(world)


def test_the_owners_keep_holds_before_the_deactivation_and_rolls_back_after_it(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    held = steer.reply(world.desk(), KEY, Reply.KEEP, text="a partner has it")
    assert held.state is State.ON_HOLD
    world.pass_days(10)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    steer.resume(world.desk(), KEY, comment="the partner has moved")
    world.pass_until(State.MONITORING)
    steer.reply(world.desk(), KEY, Reply.KEEP)
    world.tick()
    _rolled_back(world)
