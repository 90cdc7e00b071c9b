"""A Lambda function gives up its key for a role: discovered, planned, approved, made, cut over, and the key deleted."""

import pytest

from iamflow.domain.blueprint import Scenario
from iamflow.domain.states import Confirmation, State
from iamflow.engine import steer
from tests.engine.migrating import (
    FUNCTION,
    ROLE,
    ROLE_ARN,
    WITH_KEY,
    a_user,
    check_journal,
    check_no_secret,
    planned,
    provisioned,
    take_role,
)
from tests.world import ACCOUNT, DAY, KEY, START, World, finding, on_both


@on_both
def test_a_quiet_way_ends_with_the_key_deleted_and_the_role_in_its_place(world: World) -> None:
    company = a_user(world)
    company.function()
    ticket = planned(world)
    assert ticket.migration is not None
    discovery, blueprint = ticket.migration.discovery, ticket.migration.blueprint
    assert discovery is not None
    assert blueprint is not None
    assert (discovery.proposed, [place.arn for place in discovery.places]) == (Scenario.LAMBDA, [FUNCTION])
    assert discovery.places[0].variables == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert world.changes() == []

    provisioned(world)
    function = company.client("lambda").get_function_configuration(FunctionName="etl")
    assert (function["Role"], function["Environment"]["Variables"]) == (ROLE_ARN, {"STAGE": "prod"})
    assert world.status() == "Active"
    inline, attached = company._policies(ROLE)
    assert sorted(inline) == ["01-user-reads", "02-group-loaders-loads", "03-role-etl-runs-logs"]
    assert [arn.rsplit("/", 1)[-1] for arn in attached] == ["writes"]

    take_role(world)
    ticket = world.pass_until(State.DELETED)
    assert world.status() is None
    world.pass_days(1)
    assert world.ticket(str(ticket.id)).confirmation is Confirmation.CONFIRMED
    check_journal(world)
    check_no_secret(world)


def test_a_rollback_puts_everything_back_field_by_field(world: World) -> None:
    company = a_user(world)
    company.function()
    before = company.state()
    planned(world)
    provisioned(world)
    take_role(world)
    world.pass_until(State.MONITORING)
    assert company.state() != before

    steer.rollback(world.desk(), KEY)
    ticket = world.pass_until(State.ROLLED_BACK)

    assert company.state() == before
    assert world.status() == "Active"
    world.pass_days(1)
    assert world.ticket(str(ticket.id)).confirmation is Confirmation.CONFIRMED
    assert WITH_KEY["STAGE"] == "prod"
    check_journal(world)
    check_no_secret(world)


def test_what_was_found_goes_with_the_other_evidence_and_the_plan_stays(world: World) -> None:
    a_user(world).function()
    planned(world)
    steer.reject(world.desk(), KEY)
    number = world.ticket().id
    world.clock.advance(500 * DAY)
    removals = world.app.settings.kept().removals(by="test", now=world.clock.now())
    for removal in removals:
        world.app.store.remove(removal, limit=10)
    migration = world.ticket(str(number)).migration
    assert migration is not None
    assert (migration.discovery, migration.blueprint is not None) == (None, True)
    assert list(world.app.store.verify()) == []


@pytest.mark.parametrize("world", ["rules: {open: {key-too-old: migrate-to-role}}"], indirect=True)
def test_a_finding_opens_a_ticket_where_the_rules_say_so(world: World) -> None:
    a_user(world).function()
    world.take_in(finding(KEY, "etl", ACCOUNT, created=START - 300 * DAY, used=None))
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert ticket.workflow == "migrate-to-role"
    assert ticket.migration is not None
    assert ticket.migration.blueprint is not None
