"""Wherever an application runs, the way to a role ends with the key deleted, and the way back with everything as it was."""

import pytest

from iamflow.domain.states import Confirmation, State
from iamflow.engine import steer
from tests.engine.migrating import WAYS, Way, check_journal, check_no_secret, provisioned
from tests.world import KEY, World

each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.scenario.value)


@each_way
def test_the_key_is_deleted_once_the_application_has_taken_the_role(world: World, way: Way) -> None:
    way.begin(world)
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert ticket.migration is not None
    assert ticket.migration.choice is not None
    assert ticket.migration.choice.scenario is way.scenario
    assert world.changes() == []
    provisioned(world)
    made = [change.operation for change in world.changes()]
    assert "CreateRole" in made
    assert made[len(made) - len(way.steps) :] == list(way.steps)
    assert world.status() == "Active"

    way.take(world)
    world.pass_until(State.DELETED)

    assert world.status() is None
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    check_journal(world)
    check_no_secret(world)


@each_way
def test_a_rollback_while_the_key_is_watched_undoes_everything_in_the_reverse_order(world: World, way: Way) -> None:
    company = way.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    before = company.state()
    provisioned(world)
    way.take(world)
    world.pass_until(State.MONITORING)
    assert company.state() != before

    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)

    assert company.state() == before
    assert world.status() == "Active"
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    check_journal(world)
    check_no_secret(world)
