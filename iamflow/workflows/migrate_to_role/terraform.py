"""The plan as Terraform, for those who want to have it in their own code. iamflow does not run it.

What is written here are values of AWS's own kinds (names, ARNs, JSON documents), each as a JSON string, in which Terraform's
own template signs are doubled: nothing in a policy can become an expression.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from iamflow.domain.blueprint import Blueprint, Step
from iamflow.domain.effect import EffectKind


def text(blueprint: Blueprint) -> str:
    """Return the plan as Terraform (HCL)."""
    blocks = [_HEAD.format(ticket=blueprint.ticket_id)]
    for number, step in enumerate(blueprint.steps, start=1):
        blocks += ["\n".join(_block(blueprint, step, number))]
    return "\n\n".join(block for block in blocks if block) + "\n"


_HEAD = """# Written by iamflow for ticket {ticket}. This is what iamflow makes by itself once the plan is approved: apply it
# yourself only if the ticket is put on hold or cancelled, or import what iamflow has made."""


def _block(blueprint: Blueprint, step: Step, number: int) -> Iterator[str]:
    told: Any = json.loads(step.document)
    match step.kind:
        case EffectKind.CREATE_PROVIDER:
            body = {"url": told["url"], "client_id_list": [told["audience"]], "tags": told["tags"]}
            yield from _resource("aws_iam_openid_connect_provider", "issuer", body)
        case EffectKind.CREATE_ROLE:
            body = {"name": step.target, "description": told["description"], "tags": told["tags"]}
            body |= {"permissions_boundary": told["boundary"]} if told["boundary"] else {}
            yield from _resource("aws_iam_role", "this", body | {"assume_role_policy": json.dumps(told["trust"])})
        case EffectKind.PUT_ROLE_POLICY:
            body = {"name": step.target, "policy": told["policy"]}
            yield from _resource("aws_iam_role_policy", f"inline_{number}", body, role="aws_iam_role.this.id")
        case EffectKind.ATTACH_ROLE_POLICY:
            body = {"policy_arn": step.target}
            yield from _resource(
                "aws_iam_role_policy_attachment", f"attached_{number}", body, role="aws_iam_role.this.name"
            )
        case EffectKind.CREATE_PROFILE:
            body = {"name": step.target, "tags": told["tags"]}
            yield from _resource("aws_iam_instance_profile", "this", body, role="aws_iam_role.this.name")
        case EffectKind.FILL_PROFILE | EffectKind.PUBLISH_VERSION:
            return
        case _:
            yield from _by_hand(blueprint, step, told)


def _by_hand(blueprint: Blueprint, step: Step, told: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Yield a comment where the resource is in somebody's code already, and is changed there."""
    names = ", ".join(told.get("variables", []))
    match step.kind:
        case EffectKind.ASSOCIATE_PROFILE:
            yield f"# {step.target}: in its aws_instance, iam_instance_profile = aws_iam_instance_profile.this.name"
        case EffectKind.UPDATE_FUNCTION:
            yield f"# {step.target}: in its aws_lambda_function, role = aws_iam_role.this.arn,"
            yield f"# and without {names} in environment.variables"
        case EffectKind.REGISTER_TASK:
            yield f"# {step.target}: in its aws_ecs_task_definition, task_role_arn = aws_iam_role.this.arn,"
            yield f"# and without {names} in the containers' environment and secrets"
        case _:
            yield f"# {step.target}: in its aws_ecs_service, task_definition = that revision (role {blueprint.role})"


def _resource(kind: str, name: str, body: Mapping[str, Any], **references: str) -> Iterator[str]:
    yield f'resource "{kind}" "{name}" {{'
    for key, reference in references.items():
        yield f"  {key} = {reference}"
    for key, value in body.items():
        yield f"  {key} = {_value(value)}"
    yield "}"


def _value(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_value(key)} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")
