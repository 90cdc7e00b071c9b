"""The effects that make a role and what belongs to it in IAM, and that unmake them. Each is one call."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from iamflow.aws.effects.call import Call
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api

    Make = Callable[[Callable[[str], Api], Effect], Iterator[Answer]]

OWN = ("role/iamflow-*", "instance-profile/iamflow-*")
"""The names of what iamflow makes: its permissions reach nothing else."""
_PROVIDERS = ("oidc-provider/*",)


def _told(effect: Effect) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(effect.document or "{}")


def _tags(told: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in told["tags"].items()]


def _create_role(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    told = _told(effect)
    boundary = {"PermissionsBoundary": told["boundary"]} if told["boundary"] else {}
    yield client("iam").call(
        "CreateRole",
        RoleName=effect.target,
        AssumeRolePolicyDocument=json.dumps(told["trust"]),
        Description=told["description"],
        Tags=_tags(told),
        **boundary,
    )


def _create_profile(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield client("iam").call("CreateInstanceProfile", InstanceProfileName=effect.target, Tags=_tags(_told(effect)))


def _create_provider(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    told = _told(effect)
    yield client("iam").call(
        "CreateOpenIDConnectProvider", Url=told["url"], ClientIDList=[told["audience"]], Tags=_tags(told)
    )


def _named(operation: str, **names: str) -> "Make":
    """Make one call with the effect's target, and values of its document, under these names of parameters."""

    def make(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
        told = _told(effect)
        values = {name: effect.target if key == "target" else told[key] for name, key in names.items()}
        yield client("iam").call(operation, **values)

    return make


def _call(make: "Make", *actions: str, on: tuple[str, ...] = OWN, passes: str | None = None) -> Call:
    return Call(role=Role.BUILDER, sid="MakeRoles", actions=actions, make=make, on=on, passes=passes)


_EC2 = "ec2.amazonaws.com"
_IN_PROFILE = {"InstanceProfileName": "target", "RoleName": "role"}

EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.CREATE_ROLE: _call(_create_role, "iam:CreateRole", "iam:TagRole"),
    EffectKind.PUT_ROLE_POLICY: _call(
        _named("PutRolePolicy", RoleName="role", PolicyName="target", PolicyDocument="policy"), "iam:PutRolePolicy"
    ),
    EffectKind.ATTACH_ROLE_POLICY: _call(
        _named("AttachRolePolicy", RoleName="role", PolicyArn="target"), "iam:AttachRolePolicy"
    ),
    EffectKind.CREATE_PROFILE: _call(_create_profile, "iam:CreateInstanceProfile", "iam:TagInstanceProfile"),
    EffectKind.FILL_PROFILE: _call(
        _named("AddRoleToInstanceProfile", **_IN_PROFILE), "iam:AddRoleToInstanceProfile", passes=_EC2
    ),
    EffectKind.CREATE_PROVIDER: _call(
        _create_provider, "iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", on=_PROVIDERS
    ),
    EffectKind.DELETE_ROLE: _call(_named("DeleteRole", RoleName="target"), "iam:DeleteRole"),
    EffectKind.DELETE_ROLE_POLICY: _call(
        _named("DeleteRolePolicy", RoleName="role", PolicyName="target"), "iam:DeleteRolePolicy"
    ),
    EffectKind.DETACH_ROLE_POLICY: _call(
        _named("DetachRolePolicy", RoleName="role", PolicyArn="target"), "iam:DetachRolePolicy"
    ),
    EffectKind.DELETE_PROFILE: _call(
        _named("DeleteInstanceProfile", InstanceProfileName="target"), "iam:DeleteInstanceProfile"
    ),
    EffectKind.EMPTY_PROFILE: _call(
        _named("RemoveRoleFromInstanceProfile", **_IN_PROFILE), "iam:RemoveRoleFromInstanceProfile"
    ),
    EffectKind.DELETE_PROVIDER: _call(
        _named("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn="target"),
        "iam:DeleteOpenIDConnectProvider",
        on=_PROVIDERS,
    ),
}
"""How each is carried out."""
