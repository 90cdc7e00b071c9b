"""The permissions that blueprints need: what is looked at, and the handing over of roles to services."""

from collections.abc import Iterable, Sequence

from iamflow.aws import reads as needed
from iamflow.aws.effects.call import Call
from iamflow.domain.blueprint import Blueprint

_OWN_READS = (
    "iam:GetInstanceProfile",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
)
_WHOLE_MOST = 600
"""How many characters of ARNs a session's policy has room for; more of them become ``*``."""


def general_statements(calls: Sequence[Call], partition: str, role_has: Iterable[Call]) -> list[dict[str, object]]:
    """Return what the role's policy needs for these calls; ``role_has`` are those that are this role's to make."""
    if not any(call.looks_at_blueprint for call in calls):
        return []
    reads = sorted({*needed.WORKLOADS, *needed.GRANTS, *_OWN_READS})
    statements: list[dict[str, object]] = [_allow("ReadWorkloadsAndRoles", reads, "*")]
    by_sid: dict[str, set[str]] = {}
    passed: set[str] = set()
    for call in role_has:
        if call.elsewhere:
            by_sid.setdefault(call.sid, set()).update(call.elsewhere)
        if call.passes is not None:
            passed.add(call.passes)
    statements += [_allow(sid, sorted(actions), "*") for sid, actions in by_sid.items()]
    if passed:
        to = {"StringEquals": {"iam:PassedToService": sorted(passed)}}
        statements.append(
            _allow("HandRolesToServices", ["iam:PassRole"], f"arn:{partition}:iam::*:role/*") | {"Condition": to}
        )
    return statements


def named_on(call: Call, blueprint: Blueprint) -> tuple[str, ...]:
    """Return the resources of IAM that a step is about by their names, where the role's own policy has patterns."""
    provider = str(blueprint.provider).rsplit(":oidc-provider/", 1)[-1]
    return tuple(
        pattern.replace("iamflow-*", blueprint.role).replace("oidc-provider/*", f"oidc-provider/{provider}")
        for pattern in call.on
    )


def session_statements(call: Call, blueprint: Blueprint, partition: str, account_id: str) -> list[dict[str, object]]:
    """Return what a session for one step of a blueprint needs beside what every session does."""
    own = [f"arn:{partition}:iam::{account_id}:{kind}/{blueprint.role}" for kind in ("role", "instance-profile")]
    statements: list[dict[str, object]] = [{"Effect": "Allow", "Action": list(_OWN_READS), "Resource": own}]
    looks = _looks_of(blueprint)
    if looks:
        statements.append({"Effect": "Allow", "Action": looks, "Resource": "*"})
    if call.elsewhere:
        targets = sorted({f"{step.target}*" for step in blueprint.steps if step.target.startswith("arn:")})
        fits = sum(map(len, targets)) <= _WHOLE_MOST and "ecs" not in call.elsewhere[0]
        statements.append({"Effect": "Allow", "Action": list(call.elsewhere), "Resource": targets if fits else "*"})
    if call.passes is not None:
        to = {"StringEquals": {"iam:PassedToService": call.passes}}
        role = f"arn:{partition}:iam::{account_id}:role/*"
        statements.append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": to})
    return statements


def _looks_of(blueprint: Blueprint) -> list[str]:
    """Return what looking at the workloads of a blueprint calls; none of it can be limited to one resource safely."""
    prefixes = {
        "ec2": [action for action in needed.WORKLOADS if action.startswith("ec2:DescribeIam")],
        "lambda": [
            action for action in needed.WORKLOADS if action.startswith("lambda:") and "ListFunctions" not in action
        ],
        "ecs": ["ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"],
        "ci-oidc": ["iam:GetOpenIDConnectProvider", "iam:ListRoles"],
    }
    return prefixes.get(blueprint.scenario.value, [])


def _allow(sid: str, actions: Sequence[str], resource: str) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
