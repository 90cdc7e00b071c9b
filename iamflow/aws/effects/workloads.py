"""The effects that let an application take a role, and that put it back: instances, functions, services.

What is taken out of an environment stays where AWS keeps it, in a published version or an older revision. It passes through
the memory of one call here when it is put back, and is never returned, logged or stored.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from iamflow.aws.codes import code_of
from iamflow.aws.effects.call import Call
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import BlockedError, PermanentError, TemporaryError

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api

    Make = Callable[[Callable[[str], Api], Effect], Iterator[Answer]]

_SOON = frozenset({"PreconditionFailedException", "ResourceConflictException", "InvalidParameterValueException"})
"""How Lambda refuses what may be done in a moment: somebody else changed it, it is being changed, the role is too new."""


def _told(effect: Effect) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(effect.document or "{}")


def _soon(api: "Api", operation: str, **parameters: object) -> "Answer":
    """Make one call. Raises ``TemporaryError`` where it is refused for something that passes by itself."""
    try:
        return api.call(operation, **parameters)
    except PermanentError as error:
        if code_of(error) not in _SOON:
            raise
        message = f"{operation} is put off ({code_of(error)}); it will be tried again"
        raise TemporaryError(message) from error


def _changed(what: str) -> BlockedError:
    message = f"{what} has been changed since it was read: look at it, then iamflow ticket retry"
    return BlockedError(message, code="changed_meanwhile")


# --- EC2


def _associate(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    from iamflow.aws.instances import instance_id  # noqa: PLC0415 - permissions are had without boto3

    yield client("ec2").call(
        "AssociateIamInstanceProfile",
        InstanceId=instance_id(effect.target),
        IamInstanceProfile={"Name": _told(effect)["name"]},
    )


def _disassociate(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    from iamflow.aws.instances import association  # noqa: PLC0415 - permissions are had without boto3

    found = association(client("ec2"), effect.target)
    if found is None or found[1] != _told(effect)["profile"]:
        raise _changed(effect.target)
    yield client("ec2").call("DisassociateIamInstanceProfile", AssociationId=found[0])


# --- Lambda


def _publish(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    from iamflow.aws.functions import name_of  # noqa: PLC0415 - permissions are had without boto3

    yield _bare(
        _soon(
            client("lambda"),
            "PublishVersion",
            FunctionName=name_of(effect.target),
            Description=_told(effect)["description"],
        )
    )


def _delete_version(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    from iamflow.aws.functions import Change, kept, name_of  # noqa: PLC0415 - permissions are had without boto3

    change = Change.of(effect.document or "{}")
    version = kept(client("lambda"), effect.target, change)
    if version is None or version.get("Description") != change.description:
        raise _changed(effect.target)
    yield client("lambda").call("DeleteFunction", FunctionName=name_of(effect.target), Qualifier=version["Version"])


def _take_out(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Give the function the role, and take out the variables that hold the key; the others stay as they are."""
    from iamflow.aws.functions import Change, configuration, environment  # noqa: PLC0415 - as above

    change, now = Change.of(effect.document or "{}"), configuration(client("lambda"), effect.target)
    if now is None or now.get("Role") != change.before:
        raise _changed(effect.target)
    left = {name: value for name, value in environment(now).items() if name not in change.variables}
    yield _configured(client("lambda"), effect.target, now, (change.role, left))


def _put_back(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Give the function its role again, and the variables, from the version that AWS has kept."""
    from iamflow.aws.functions import Change, configuration, environment, kept  # noqa: PLC0415 - as above

    change, now = Change.of(effect.document or "{}"), configuration(client("lambda"), effect.target)
    version = kept(client("lambda"), effect.target, change)
    if now is None or now.get("Role") != change.role or version is None:
        raise _changed(effect.target)
    before = environment(version)
    whole = {**{name: before[name] for name in change.variables if name in before}, **environment(now)}
    yield _configured(client("lambda"), effect.target, now, (change.before, whole))


def _configured(api: "Api", arn: str, now: "Answer", wanted: tuple[str, Mapping[str, str]]) -> "Answer":
    """Change a function, unless it has changed since it was read; what AWS answers holds the environment, and is left out."""
    from iamflow.aws.functions import name_of  # noqa: PLC0415 - as above

    role, variables = wanted
    revision = now.get("RevisionId")
    unchanged = {"RevisionId": revision} if revision else {}
    answer = _soon(
        api,
        "UpdateFunctionConfiguration",
        FunctionName=name_of(arn),
        Role=role,
        Environment={"Variables": dict(variables)},
        **unchanged,
    )
    return _bare(answer)


def _bare(answer: "Answer") -> "Answer":
    return {"ResponseMetadata": answer.get("ResponseMetadata", {})}


# --- ECS


def _register(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Register another revision: the same but for the role, and without the variables that hold the key."""
    from iamflow.aws.tasks import REGISTERED, definition  # noqa: PLC0415 - as above

    told, ecs = _told(effect), client("ecs")
    found = definition(ecs, effect.target)
    again = {name: found[name] for name in REGISTERED if found.get(name)}
    again["containerDefinitions"] = [_without(one, set(told["variables"])) for one in found["containerDefinitions"]]
    added = [{"key": name, "value": value} for name, value in told["tags"].items()]
    tags = [tag for tag in found["tags"] if tag.get("key") not in told["tags"]]
    yield _bare(ecs.call("RegisterTaskDefinition", **again, taskRoleArn=told["role"], tags=[*tags, *added]))


def _without(container: Mapping[str, Any], variables: set[str]) -> dict[str, Any]:
    kept = {
        field: [item for item in container[field] if item.get("name") not in variables]
        for field in ("environment", "secrets")
        if container.get(field)
    }
    return {**container, **kept}


def _deregister(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    from iamflow.aws.tasks import registered  # noqa: PLC0415 - as above
    from iamflow.domain.blueprint import Step  # noqa: PLC0415 - as above

    step = Step(kind=EffectKind.REGISTER_TASK, target=effect.target, document=effect.document or "{}")
    found = registered(client("ecs"), step)
    if found is None:
        raise _changed(effect.target)
    yield _bare(client("ecs").call("DeregisterTaskDefinition", taskDefinition=found))


def _move(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Let a service run the revision that takes the role."""
    from iamflow.aws.tasks import cluster_of, registered  # noqa: PLC0415 - as above
    from iamflow.domain.blueprint import Step  # noqa: PLC0415 - as above

    told = _told(effect)
    step = Step(kind=EffectKind.REGISTER_TASK, target=told["before"], document=effect.document or "{}")
    found = registered(client("ecs"), step)
    if found is None:
        raise _changed(told["before"])
    cluster = cluster_of(effect.target)
    yield _bare(client("ecs").call("UpdateService", cluster=cluster, service=effect.target, taskDefinition=found))


def _move_back(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    from iamflow.aws.tasks import cluster_of  # noqa: PLC0415 - as above

    before = _told(effect)["before"]
    cluster = cluster_of(effect.target)
    yield _bare(client("ecs").call("UpdateService", cluster=cluster, service=effect.target, taskDefinition=before))


def _call(sid: str, make: "Make", *actions: str, passes: str | None = None) -> Call:
    return Call(role=Role.BUILDER, sid=sid, actions=(), make=make, elsewhere=actions, on=(), passes=passes)


_MACHINES, _FUNCTIONS, _TASKS = "ChangeInstances", "ChangeFunctions", "ChangeServices"
_FUNCTION = "lambda:UpdateFunctionConfiguration"

EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.ASSOCIATE_PROFILE: _call(
        _MACHINES, _associate, "ec2:AssociateIamInstanceProfile", passes="ec2.amazonaws.com"
    ),
    EffectKind.DISASSOCIATE_PROFILE: _call(_MACHINES, _disassociate, "ec2:DisassociateIamInstanceProfile"),
    EffectKind.PUBLISH_VERSION: _call(_FUNCTIONS, _publish, "lambda:PublishVersion"),
    EffectKind.DELETE_VERSION: _call(_FUNCTIONS, _delete_version, "lambda:DeleteFunction"),
    EffectKind.UPDATE_FUNCTION: _call(_FUNCTIONS, _take_out, _FUNCTION, passes="lambda.amazonaws.com"),
    EffectKind.RESTORE_FUNCTION: _call(_FUNCTIONS, _put_back, _FUNCTION, passes="lambda.amazonaws.com"),
    EffectKind.REGISTER_TASK: _call(
        _TASKS, _register, "ecs:RegisterTaskDefinition", "ecs:TagResource", passes="ecs-tasks.amazonaws.com"
    ),
    EffectKind.DEREGISTER_TASK: _call(_TASKS, _deregister, "ecs:DeregisterTaskDefinition"),
    EffectKind.UPDATE_SERVICE: _call(_TASKS, _move, "ecs:UpdateService"),
    EffectKind.RESTORE_SERVICE: _call(_TASKS, _move_back, "ecs:UpdateService"),
}
"""How each is carried out."""
