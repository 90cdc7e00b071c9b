"""An old key goes from finding to verified deletion, step by step, and nothing else is touched."""

from datetime import timedelta

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import Confirmation, Resolution, State
from tests.world import ACCOUNT, DAY, EVERY_REGION, HOUR, KEY, START, World, on_both

YOUNG = KeyId("AKIAYF5JKDJQYOUNG111")


@on_both
@pytest.mark.parametrize("world", [EVERY_REGION], indirect=True)
def test_an_idle_key_is_notified_deactivated_watched_deleted_and_confirmed(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.tick()
    assert world.ticket().state is State.NOTIFIED
    assert world.status() == "Active"

    world.pass_until(State.MONITORING)
    deactivated = world.ticket().progress.deactivated_at
    assert deactivated is not None
    assert deactivated >= START + 7 * DAY
    assert world.status() == "Inactive"

    ticket = world.pass_until(State.DELETED)
    assert world.status() is None
    assert ticket.closed_at is not None
    assert ticket.closed_at >= deactivated + 48 * HOUR + timedelta(minutes=30)
    assert ticket.resolution is Resolution.DELETED

    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]
    assert list(world.app.store.verify()) == []


@on_both
def test_the_owner_gets_a_notice_two_reminders_and_word_of_each_step(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.DELETED)
    kinds = [entry.detail for entry in world.app.store.history(world.ticket().id) if entry.kind == "notice_queued"]
    order = [
        name for name in ("key_deactivation", "reminder", "deactivated", "deleted") for kind in kinds if name in kind
    ]
    assert order.count("key_deactivation") == 1
    assert order.count("reminder") == 2
    assert all("AKIAYF5JKDJQS" in mail and KEY not in mail for mail in world.mails() if "AKIA" in mail)


def test_the_other_key_of_the_user_is_never_touched(world: World) -> None:
    world.user()
    world.sandbox.seed.key(ACCOUNT, "etl", YOUNG, created=START - DAY)
    world.take_in(world.key())
    world.pass_until(State.DELETED)
    assert world.status(YOUNG) == "Active"
    assert {done.access_key_id for done in world.changes()} == {KEY}


def test_a_never_used_key_is_deactivated_but_its_deletion_waits_for_a_person(world: World) -> None:
    world.user()
    world.take_in(world.key(idle=None))
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert ticket.key_was_deactivated
    world.pass_days(30)
    assert world.status() == "Inactive"
    assert world.ticket().state is State.AWAITING_APPROVAL


@pytest.mark.parametrize("world", ["mode: observe"], indirect=True)
def test_in_observe_nothing_is_sent_and_nothing_is_changed(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_days(20)
    ticket = world.ticket()
    assert ticket.state is State.OPEN
    assert ticket.plan_digest is not None
    assert world.mails() == []
    assert world.changes() == []
