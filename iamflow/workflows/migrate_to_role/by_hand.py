"""How everything that was made for a role is undone with the AWS CLI, for the night on which iamflow cannot do it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from iamflow.domain.blueprint import Step, region_in
from iamflow.domain.effect import EffectKind
from iamflow.domain.ticket import Ticket

Command = tuple[str, tuple[tuple[str, str], ...]]
"""A command of the AWS CLI, service and name, and its options."""


def undoing(ticket: Ticket) -> tuple[Command, ...]:
    """Return the commands that undo what was made, the last change first: what was seen done, and what was being tried."""
    migration = ticket.migration
    if migration is None or migration.blueprint is None or not migration.made:
        return ()
    maybe = {*migration.done, *((migration.trying or "").removeprefix("-"),)}
    steps = [step for step in reversed(migration.blueprint.steps) if step.id in maybe]
    return tuple(command for step in steps for command in _COMMANDS[step.kind](step, json.loads(step.document)))


def _in_iam(command: str, **options: str) -> "Callable[[Step, Any], Iterator[Command]]":
    """Return one command of IAM; an option's value is the step's target, or what the step's document has of that name."""

    def commands(step: Step, told: Any) -> Iterator[Command]:  # noqa: ANN401 - any JSON value
        values = ((option, step.target if name == "target" else told[name]) for option, name in options.items())
        yield f"iam {command}", tuple((option.replace("_", "-"), value) for option, value in values)

    return commands


def _instance(step: Step, _: Any) -> Iterator[Command]:  # noqa: ANN401 - any JSON value
    place, instance = _region(step), step.target.rsplit("/", 1)[-1]
    found = ("filters", f"Name=instance-id,Values={instance}")
    yield "ec2 describe-iam-instance-profile-associations", (found, place)
    yield "ec2 disassociate-iam-instance-profile", (("association-id", "ASSOCIATION_ID"), place)


def _function(step: Step, told: Any) -> Iterator[Command]:  # noqa: ANN401 - any JSON value
    """Take the old environment from the version that iamflow published; it holds the key, and is never printed here."""
    place, named = _region(step), ("function-name", step.target)
    which = f"Versions[?Description=='{told['description']}'].Version"
    yield "lambda list-versions-by-function", (named, ("query", which), place)
    kept = (named, ("qualifier", "VERSION"), ("query", "Environment"), place)
    yield "lambda get-function-configuration", kept
    yield (
        "lambda update-function-configuration",
        (named, ("role", told["before"]), ("environment", "ENVIRONMENT"), place),
    )


def _definition(step: Step, _: Any) -> Iterator[Command]:  # noqa: ANN401 - any JSON value
    family = step.target.rsplit("/", 1)[-1].partition(":")[0]
    yield "ecs list-task-definitions", (("family-prefix", family), ("sort", "DESC"), _region(step))
    yield "ecs deregister-task-definition", (("task-definition", "TASK_DEFINITION"), _region(step))


def _service(step: Step, told: Any) -> Iterator[Command]:  # noqa: ANN401 - any JSON value
    parts = step.target.split(":service/", 1)[-1].split("/")
    cluster = parts[0] if len(parts) > 1 else "default"
    named = (("cluster", cluster), ("service", step.target), ("task-definition", told["before"]))
    yield "ecs update-service", (*named, _region(step))


def _nothing(_step: Step, _told: Any) -> Iterator[Command]:  # noqa: ANN401 - any JSON value
    """Leave the version where it is: it is what the function's environment is put back from, and harms nobody."""
    yield from ()


def _region(step: Step) -> tuple[str, str]:
    return "region", region_in(step.target) or "REGION"


_COMMANDS: Mapping[EffectKind, Callable[[Step, Any], Iterator[Command]]] = {
    EffectKind.CREATE_PROVIDER: _in_iam("delete-open-id-connect-provider", open_id_connect_provider_arn="target"),
    EffectKind.CREATE_ROLE: _in_iam("delete-role", role_name="target"),
    EffectKind.PUT_ROLE_POLICY: _in_iam("delete-role-policy", role_name="role", policy_name="target"),
    EffectKind.ATTACH_ROLE_POLICY: _in_iam("detach-role-policy", role_name="role", policy_arn="target"),
    EffectKind.CREATE_PROFILE: _in_iam("delete-instance-profile", instance_profile_name="target"),
    EffectKind.FILL_PROFILE: _in_iam(
        "remove-role-from-instance-profile", instance_profile_name="target", role_name="role"
    ),
    EffectKind.ASSOCIATE_PROFILE: _instance,
    EffectKind.PUBLISH_VERSION: _nothing,
    EffectKind.UPDATE_FUNCTION: _function,
    EffectKind.REGISTER_TASK: _definition,
    EffectKind.UPDATE_SERVICE: _service,
}
