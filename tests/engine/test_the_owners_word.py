"""What an owner answers: keep beats the clock, go ahead waives grace and nothing else, migrated shortens nothing."""

from datetime import timedelta

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.states import Resolution, State
from iamflow.engine import steer
from iamflow.engine.steer import Reply
from tests.engine.situations import notified
from tests.world import BOB, DAY, HOUR, KEY, START, World


def test_go_ahead_waives_the_rest_of_grace_and_not_an_hour_of_the_window(world: World) -> None:
    notified(world)
    world.pass_days(1)
    steer.reply(world.desk(), KEY, Reply.GO_AHEAD, on_behalf_of="etl team", text="not used any more")
    world.tick()
    assert world.status() == "Inactive"
    deactivated = world.ticket().progress.deactivated_at
    assert deactivated is not None
    assert deactivated < START + 2 * DAY
    world.pass_until(State.DELETED)
    assert world.changes()[-1].at >= deactivated + 48 * HOUR + timedelta(minutes=30)


def test_go_ahead_on_an_open_ticket_is_a_notice_waived_on_the_record(world: World) -> None:
    world.user()
    world.take_in(world.key())
    steer.reply(world.desk(BOB), KEY, Reply.GO_AHEAD, on_behalf_of="etl team")
    world.tick()
    assert world.status() == "Inactive"
    waiver = world.ticket().progress.notice_waiver
    assert waiver is not None
    assert (waiver.by, waiver.on_behalf_of) == (BOB, "etl team")


def test_go_ahead_does_not_stand_for_an_approval(world: World) -> None:
    world.user()
    world.take_in(world.key(idle=2 * DAY))
    world.pass_until(State.NOTIFIED)
    steer.reply(world.desk(), KEY, Reply.GO_AHEAD)
    world.tick()
    assert world.ticket().state is State.AWAITING_APPROVAL
    assert world.changes() == []
    with pytest.raises(RefusedError, match="no grace period to waive"):
        steer.reply(world.desk(), KEY, Reply.GO_AHEAD)


def test_keep_before_the_deactivation_holds_the_ticket_against_the_clock(world: World) -> None:
    notified(world)
    held = steer.reply(world.desk(), KEY, Reply.KEEP, on_behalf_of="finance@example.com", text="payroll needs it")
    assert held.state is State.ON_HOLD
    assert "payroll needs it" in (held.blocked_reason or "")
    world.pass_days(40)
    assert world.changes() == []
    with pytest.raises(RefusedError, match="say why"):
        steer.resume(world.desk(), KEY)
    steer.resume(world.desk(), KEY, comment="payroll has moved")
    world.pass_until(State.DELETED)


def test_keep_after_the_deactivation_brings_the_key_back(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    steer.reply(world.desk(), KEY, Reply.KEEP, on_behalf_of="finance@example.com")
    world.tick()
    ticket = world.ticket()
    assert (ticket.state, ticket.resolution) == (State.ROLLED_BACK, Resolution.ROLLED_BACK)
    assert world.status() == "Active"
    assert ticket.wanted_by is not None
    assert ticket.wanted_by.on_behalf_of == "finance@example.com"


def test_keep_is_remembered_by_a_ticket_that_is_paused_already(world: World) -> None:
    notified(world)
    steer.hold(world.desk(), KEY)
    kept = steer.reply(world.desk(), KEY, Reply.KEEP)
    assert kept.state is State.ON_HOLD
    assert kept.progress.keep is not None
    with pytest.raises(RefusedError, match="say why"):
        steer.resume(world.desk(), KEY)


def test_migrated_is_put_on_the_record_and_shortens_nothing(world: World) -> None:
    notified(world)
    before = world.ticket()
    steer.reply(world.desk(), KEY, Reply.MIGRATED, on_behalf_of="etl team", text="all on roles now")
    after = world.ticket()
    assert (after.state, after.deadline) == (before.state, before.deadline)
    entry = world.app.store.history(after.id)[-1]
    assert entry.actor == "os:bob"
    assert "all on roles now" in entry.detail
    world.pass_days(6)
    assert world.changes() == []


def test_a_rollback_is_refused_where_nothing_was_taken_or_nothing_can_be_given_back(world: World) -> None:
    notified(world)
    with pytest.raises(RefusedError, match="never deactivated"):
        steer.rollback(world.desk(), KEY)
    world.pass_until(State.DELETED)
    with pytest.raises(RefusedError, match="cannot be restored"):
        steer.rollback(world.desk(), KEY)


def test_a_ticket_whose_key_is_inactive_is_not_cancelled_but_rolled_back(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    with pytest.raises(RefusedError, match="iamflow ticket rollback"):
        steer.cancel(world.desk(), KEY)
    steer.rollback(world.desk(), KEY)
    world.tick()
    with pytest.raises(RefusedError, match="ended already"):
        steer.rollback(world.desk(), KEY)
