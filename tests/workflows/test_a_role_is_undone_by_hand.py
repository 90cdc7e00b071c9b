"""Where iamflow cannot take a role back itself, a person is given every command for it, the last change first."""

from dataclasses import replace

import pytest

from iamflow.domain.blueprint import Blueprint, Scenario
from iamflow.domain.migration import Migration
from iamflow.domain.ticket import Ticket
from iamflow.workflows.migrate_to_role.by_hand import undoing
from tests.workflows.samples import NOW, ticket
from tests.workflows.test_a_plan_for_a_role import ON_RESOURCES, REGION, blueprint, place


def made(whole: Blueprint, done: int, trying: str | None = None) -> Ticket:
    steps = tuple(step.id for step in whole.steps[:done])
    return replace(ticket(), migration=Migration(blueprint=whole, begun_at=NOW, done=steps, trying=trying))


def commands(of: Ticket) -> list[str]:
    return [command for command, _ in undoing(of)]


@pytest.mark.parametrize("scenario", ON_RESOURCES)
def test_whatever_was_made_has_its_command_and_the_role_goes_last(scenario: Scenario) -> None:
    whole = blueprint(place(scenario, profile=None))
    told = commands(made(whole, len(whole.steps)))
    assert told[-1] == "iam delete-role"
    in_iam = [place for place, command in enumerate(told) if command.startswith("iam ")]
    assert in_iam == list(range(in_iam[0], len(told)))
    assert told[-4:-1] == ["iam detach-role-policy", "iam delete-role-policy", "iam delete-role-policy"]


def test_only_what_was_made_or_may_have_been_is_undone() -> None:
    whole = blueprint(place(Scenario.EC2, profile=None))
    assert commands(made(whole, 1)) == ["iam delete-role"]
    assert commands(made(whole, 1, trying=whole.steps[1].id)) == ["iam delete-role-policy", "iam delete-role"]
    assert commands(replace(ticket(), migration=Migration(blueprint=whole))) == []
    assert commands(ticket()) == []


def test_a_function_gets_its_environment_back_from_the_version_that_keeps_it() -> None:
    whole = blueprint(place(Scenario.LAMBDA))
    found, kept, back = undoing(made(whole, len(whole.steps)))[:3]
    assert found[0] == "lambda list-versions-by-function"
    assert ("query", "Versions[?Description=='iamflow-7: as before the role'].Version") in found[1]
    assert ("qualifier", "VERSION") in kept[1]
    assert back[0] == "lambda update-function-configuration"
    assert ("environment", "ENVIRONMENT") in back[1]
    assert ("region", REGION) in back[1]
