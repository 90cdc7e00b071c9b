"""The effects on a whole user: its quarantine, its deletion, and its restoration from a snapshot."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from iamflow.aws.effects.call import ON_USER, Call
from iamflow.aws.effects.user_policies import put
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import BlockedError, PermanentError, TemporaryError, UncertainError
from iamflow.domain.facts import KeyStatus

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api

    Make = Callable[[Callable[[str], Api], Effect], Iterator[Answer]]

READS = (
    "iam:GetLoginProfile",
    "iam:ListGroupsForUser",
    "iam:ListMFADevices",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
    "iam:ListUserPolicies",
    "iam:GetUserPolicy",
    "iam:GetSSHPublicKey",
)
"""What reading everything that a user has calls, besides what every reading calls."""

_LISTS = ("iam:ListVirtualMFADevices",)
_GONE = frozenset({"NoSuchEntity", "NoSuchEntityException"})
_FULL = frozenset({"LimitExceeded", "LimitExceededException"})


def _code(error: BaseException) -> str:
    response = getattr(error.__cause__, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


def _one(iam: "Api", operation: str, **parameters: object) -> "Answer":
    """Make one call. That something is not there is for a reading to judge: raises ``UncertainError`` then."""
    try:
        return iam.call(operation, **parameters)
    except PermanentError as error:
        if _code(error) not in _GONE:
            raise
        message = f"{operation}: there is nothing of that name; reading AWS will tell what there is"
        raise UncertainError(message) from error


def _each(operation: str, parameter: str, **more: object) -> "Make":
    def make(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
        for target in effect.targets:
            yield _one(client("iam"), operation, UserName=effect.username, **{parameter: target}, **more)

    return make


def _of_user(operation: str) -> "Make":
    def make(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
        yield _one(client("iam"), operation, UserName=effect.username)

    return make


def _quarantine(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    try:
        yield from put(client, effect)
    except TemporaryError as error:
        if _code(error) not in _FULL:
            raise
        message = (
            f"account {effect.account_id}: the inline policies of {effect.username!r} leave no room for the quarantine's deny "
            "(2,048 characters for all of them together): make room, then: iamflow ticket retry"
        )
        raise BlockedError(message, code="no_room") from error


def _delete_devices(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    for serial in effect.targets:
        yield _one(client("iam"), "DeleteVirtualMFADevice", SerialNumber=serial)


def _create(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    made = json.loads(effect.document or "{}")
    boundary = {"PermissionsBoundary": made["boundary"]} if made.get("boundary") else {}
    tags = [{"Key": name, "Value": value} for name, value in made.get("tags", {}).items()]
    yield client("iam").call("CreateUser", UserName=effect.username, Path=made["path"], Tags=tags, **boundary)


def _add_to(operation: str, parameter: str) -> "Make":
    """Call the operation once for each target. One that is not there is refused for good: nothing can be put back to it."""

    def make(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
        for target in effect.targets:
            yield client("iam").call(operation, UserName=effect.username, **{parameter: target})

    return make


def _put_each(operation: str, name: str | None, body: str) -> "Make":
    """Put one body for each target, from the effect's document, which holds them by target."""

    def make(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
        bodies = json.loads(effect.document or "{}")
        for target in effect.targets:
            named = {name: target} if name is not None else {}
            yield client("iam").call(operation, UserName=effect.username, **named, **{body: bodies[target]})

    return make


def _operator(action: str, make: "Make") -> Call:
    return Call(role=Role.OPERATOR, sid="QuarantineUsers", actions=(action,), make=make, reads=READS)


def _reaper(action: str, make: "Make", on: str = ON_USER) -> Call:
    sid = {ON_USER: "DeleteUsers", "group/*": "TakeUsersOutOfGroups", "mfa/*": "DeleteMfaDevices"}[on]
    return Call(role=Role.REAPER, sid=sid, actions=(action,), make=make, reads=READS, lists=_LISTS, on=(on,))


def _issuer(actions: tuple[str, ...], make: "Make", on: str = ON_USER) -> Call:
    sid = "RestoreUsers" if on == ON_USER else "PutUsersIntoGroups"
    return Call(role=Role.ISSUER, sid=sid, actions=actions, make=make, reads=READS, on=(on,))


_ACTIVE, _INACTIVE = KeyStatus.ACTIVE.value, KeyStatus.INACTIVE.value
_SERVICE = "ServiceSpecificCredentialId"

EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.ATTACH_QUARANTINE: _operator("iam:PutUserPolicy", _quarantine),
    EffectKind.DEACTIVATE_KEYS: _operator(
        "iam:UpdateAccessKey", _each("UpdateAccessKey", "AccessKeyId", Status=_INACTIVE)
    ),
    EffectKind.DISABLE_SERVICES: _operator(
        "iam:UpdateServiceSpecificCredential", _each("UpdateServiceSpecificCredential", _SERVICE, Status=_INACTIVE)
    ),
    EffectKind.REMOVE_LOGIN: _operator("iam:DeleteLoginProfile", _of_user("DeleteLoginProfile")),
    EffectKind.REACTIVATE_KEYS: _operator(
        "iam:UpdateAccessKey", _each("UpdateAccessKey", "AccessKeyId", Status=_ACTIVE)
    ),
    EffectKind.ENABLE_SERVICES: _operator(
        "iam:UpdateServiceSpecificCredential", _each("UpdateServiceSpecificCredential", _SERVICE, Status=_ACTIVE)
    ),
    EffectKind.LIFT_QUARANTINE: _operator("iam:DeleteUserPolicy", _each("DeleteUserPolicy", "PolicyName")),
    EffectKind.DELETE_LOGIN: _reaper("iam:DeleteLoginProfile", _of_user("DeleteLoginProfile")),
    EffectKind.DELETE_KEYS: _reaper("iam:DeleteAccessKey", _each("DeleteAccessKey", "AccessKeyId")),
    EffectKind.DELETE_SERVICES: _reaper(
        "iam:DeleteServiceSpecificCredential", _each("DeleteServiceSpecificCredential", _SERVICE)
    ),
    EffectKind.DELETE_SSH_KEYS: _reaper("iam:DeleteSSHPublicKey", _each("DeleteSSHPublicKey", "SSHPublicKeyId")),
    EffectKind.DELETE_CERTIFICATES: _reaper(
        "iam:DeleteSigningCertificate", _each("DeleteSigningCertificate", "CertificateId")
    ),
    EffectKind.DEACTIVATE_MFA: _reaper("iam:DeactivateMFADevice", _each("DeactivateMFADevice", "SerialNumber")),
    EffectKind.DELETE_VIRTUAL_MFA: _reaper("iam:DeleteVirtualMFADevice", _delete_devices, on="mfa/*"),
    EffectKind.LEAVE_GROUPS: _reaper(
        "iam:RemoveUserFromGroup", _each("RemoveUserFromGroup", "GroupName"), on="group/*"
    ),
    EffectKind.DETACH_POLICIES: _reaper("iam:DetachUserPolicy", _each("DetachUserPolicy", "PolicyArn")),
    EffectKind.DELETE_POLICIES: _reaper("iam:DeleteUserPolicy", _each("DeleteUserPolicy", "PolicyName")),
    EffectKind.DELETE_QUARANTINE: _reaper("iam:DeleteUserPolicy", _each("DeleteUserPolicy", "PolicyName")),
    EffectKind.DELETE_USER: _reaper("iam:DeleteUser", _of_user("DeleteUser")),
    EffectKind.RESTORE_USER: _issuer(("iam:CreateUser", "iam:TagUser"), _create),
    EffectKind.RESTORE_GROUPS: _issuer(("iam:AddUserToGroup",), _add_to("AddUserToGroup", "GroupName"), on="group/*"),
    EffectKind.RESTORE_ATTACHED: _issuer(("iam:AttachUserPolicy",), _add_to("AttachUserPolicy", "PolicyArn")),
    EffectKind.RESTORE_POLICIES: _issuer(
        ("iam:PutUserPolicy",), _put_each("PutUserPolicy", "PolicyName", "PolicyDocument")
    ),
    EffectKind.RESTORE_SSH_KEYS: _issuer(
        ("iam:UploadSSHPublicKey",), _put_each("UploadSSHPublicKey", None, "SSHPublicKeyBody")
    ),
}
"""How each is carried out."""
