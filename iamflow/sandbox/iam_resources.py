"""What a call is weighed against in policies: the ARN that it concerns, and the roles that it hands to a service.

The kinds of resource are those of IAM's service authorization reference.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from iamflow.sandbox.calls import Call
from iamflow.sandbox.identity import Kind, Principal
from iamflow.sandbox.world import World

# Operations that name a user, but concern something else.
_OF_GROUPS = frozenset({"AddUserToGroup", "RemoveUserFromGroup"})
# Operations that concern the caller himself when they name nobody.
_OF_THE_CALLER = frozenset({
    "ChangePassword", "CreateAccessKey", "CreateLoginProfile", "CreateServiceSpecificCredential", "DeleteLoginProfile",
    "GetLoginProfile", "GetUser", "ListAccessKeys", "ListMFADevices", "ListSSHPublicKeys",
    "ListServiceSpecificCredentials", "ListSigningCertificates", "UploadSigningCertificate",
})  # fmt: skip
# Where a role is handed over, and to which service.
_PASSING = {
    "lambda:CreateFunction": ("lambda.amazonaws.com", ("Role",)),
    "lambda:UpdateFunctionConfiguration": ("lambda.amazonaws.com", ("Role",)),
    "ecs:RegisterTaskDefinition": ("ecs-tasks.amazonaws.com", ("taskRoleArn", "executionRoleArn")),
    "ec2:RunInstances": ("ec2.amazonaws.com", ()),
    "ec2:AssociateIamInstanceProfile": ("ec2.amazonaws.com", ()),
    "ec2:ReplaceIamInstanceProfileAssociation": ("ec2.amazonaws.com", ()),
    "iam:AddRoleToInstanceProfile": ("ec2.amazonaws.com", ()),
}


def resource_of(world: World, call: Call, principal: Principal) -> str | None:
    """Return the ARN that IAM weighs policies against; None for other services, whose resources are not looked at."""
    if call.service != "iam":
        return None
    parameters, account_id = call.parameters, principal.account_id
    for parameter in ("OpenIDConnectProviderArn", "SerialNumber", "PolicyArn"):
        if parameter in parameters and not {"UserName", "RoleName", "GroupName"} & parameters.keys():
            return str(parameters[parameter])
    prefix = f"arn:aws:iam::{account_id}"
    if call.operation == "CreateOpenIDConnectProvider":
        return f"{prefix}:oidc-provider/{str(parameters.get('Url')).removeprefix('https://')}"
    for kind, name in _named(world, call, parameters):
        return f"{prefix}:{kind}{_path(world, account_id, kind, name, parameters)}{name}"
    if principal.kind is Kind.USER and call.operation in _OF_THE_CALLER:
        return principal.arn
    return "*"


def _named(world: World, call: Call, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tell kinds and names that a call has, the one that counts first."""
    if call.operation in _OF_GROUPS:
        yield "group", str(parameters.get("GroupName"))
    trace = world.keys.get(str(parameters.get("AccessKeyId")))
    user = parameters.get("UserName") or (trace.user_name if trace else None)
    if user is not None:
        yield "user", str(user)
    for parameter, kind in (
        ("InstanceProfileName", "instance-profile"),
        ("RoleName", "role"),
        ("GroupName", "group"),
        ("PolicyName", "policy"),
        ("VirtualMFADeviceName", "mfa"),
    ):
        if parameter in parameters:
            yield kind, str(parameters[parameter])


def _path(world: World, account_id: str, kind: str, name: str, parameters: Mapping[str, Any]) -> str:
    backend = world.iam(account_id)
    held: Mapping[str, Mapping[str, Any]] = {
        "user": backend.users,
        "group": backend.groups,
        "role": {role.name: role for role in backend.roles.values()},
        "instance-profile": {profile.name: profile for profile in backend.instance_profiles.values()},
    }
    found = held.get(kind, {}).get(name)
    path = found.path if found is not None else parameters.get("Path")
    return str(path or "/")


def passed_roles(world: World, call: Call, account_id: str) -> Iterator[tuple[str, str]]:
    """Give the ARN of each role that a call hands to a service, and that service; the caller needs iam:PassRole."""
    service, parameters = _PASSING.get(call.action, ("", ()))
    if not service:
        return
    for parameter in parameters:
        if (arn := call.parameters.get(parameter)) is not None:
            yield str(arn), service
    backend = world.iam(account_id)
    if call.service == "iam":
        name = call.parameters.get("RoleName")
        yield from ((role.arn, service) for role in backend.roles.values() if role.name == name)
    asked: Mapping[str, Any] = call.parameters.get("IamInstanceProfile") or {}
    for profile in backend.instance_profiles.values():
        if profile.arn == asked.get("Arn") or profile.name == asked.get("Name"):
            yield from ((role.arn, service) for role in profile.roles)
