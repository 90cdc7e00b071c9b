"""Going from observe to enforce starts every grace period anew; going back stops new steps and no watching."""

from dataclasses import replace

import pytest

from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, Resolution, State
from iamflow.engine.deps import Engine
from tests.engine.situations import awaiting_approval, notified
from tests.world import ACCOUNT, DAY, KEY, OTHER, START, World


def _observing(world: World) -> Engine:
    return world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))


@pytest.mark.parametrize("begin", [notified, awaiting_approval])
def test_a_time_in_observe_starts_the_grace_period_anew(world: World, begin: object) -> None:
    assert callable(begin)
    begin(world)
    enforcing, world.engine = world.engine, _observing(world)
    world.pass_days(12)
    assert world.changes() == []
    world.engine = enforcing
    since = world.clock.now()
    world.tick()
    ticket = world.pass_until(State.NOTIFIED, days=1)
    assert ticket.progress.notified_at is not None
    assert ticket.progress.notified_at >= since
    assert ticket.progress.notice_round == 2
    world.pass_days(6.9)
    assert world.changes() == []


def test_in_observe_a_deactivated_key_is_watched_and_not_deleted(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    world.engine = _observing(world)
    world.pass_days(10)
    assert world.status() == "Inactive"
    assert world.ticket().state is State.MONITORING
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    assert world.pass_until(State.RESOLVED).resolution is Resolution.OWNER_REACTIVATED


def test_only_the_accounts_that_are_listed_are_acted_in(world: World) -> None:
    elsewhere = "AKIAUY3KM37NTCPIWK2B"
    world.user()
    world.user("dev", OTHER)
    world.take_in(world.key(), world.key(elsewhere, "dev", OTHER))  # type: ignore[arg-type]  # a key id
    scope = AccountScope(enforce=frozenset({OTHER}))
    world.engine = world.another_engine(policy=replace(world.engine.policy, scope=scope))
    world.pass_days(12)
    assert world.ticket(elsewhere).state is State.DELETED
    assert world.ticket().state is State.OPEN
    assert {change.account_id for change in world.changes()} == {OTHER}
    assert all("etl" not in mail for mail in world.mails())


def test_the_first_notice_under_enforce_promises_a_whole_grace_period(world: World) -> None:
    world.user()
    world.take_in(world.key())
    enforcing, world.engine = world.engine, _observing(world)
    world.pass_days(30)
    assert world.mails() == []
    world.engine = enforcing
    world.pass_until(State.DEACTIVATED)
    assert world.changes()[0].at >= START + 37 * DAY
