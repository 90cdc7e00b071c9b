"""IAM where moto is too lenient: paging, ids, statuses, conflicts, last use, and what it has not built."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.iam.models import AccessKey, User

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import KeyTrace, Kind, new_key_id, new_unique_id
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.world import ServiceCredential

_CONFLICT = 409
_MOST_ITEMS = 100


def _missing(*, kind: str, name: str) -> AwsError:
    return AwsError(code="NoSuchEntity", message=f"The {kind} with id {name} cannot be found.", status=404)


def _user(exchange: Exchange) -> User:
    """Return the user that the call names, or the caller himself."""
    name = exchange.parameter("UserName")
    if name is None:
        if exchange.principal.kind is not Kind.USER:
            message = "Must specify userName when calling with non-User credentials"
            raise AwsError(code="ValidationError", message=message)
        name = exchange.principal.name
    user = exchange.iam.users.get(name)
    if user is None:
        raise AwsError(code="NoSuchEntity", message=f"The user with name {name} cannot be found.", status=404)
    return user


def _key(exchange: Exchange, user: User) -> AccessKey:
    wanted = exchange.parameter("AccessKeyId")
    for key in user.access_keys:
        if key.access_key_id == wanted:
            return key
    raise AwsError(code="NoSuchEntity", message=f"The Access Key with id {wanted} cannot be found.", status=404)


def _create_user(exchange: Exchange, original: Original) -> object:
    result = original()
    user = exchange.iam.users[exchange.parameter("UserName")]
    user.id = new_unique_id("AIDA")
    described = {"Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn}
    exchange.outcome = {"User": {**described, "CreateDate": user.create_date}}
    return result


def _create_access_key(exchange: Exchange, original: Original) -> object:
    user = _user(exchange)
    before = {key.access_key_id for key in user.access_keys}
    result = original()
    key = next(key for key in user.access_keys if key.access_key_id not in before)
    exchange.world.keys[key.access_key_id] = KeyTrace(
        exchange.principal.account_id, user.name, user.id, key.secret_access_key
    )
    exchange.outcome = {
        "AccessKey": {"AccessKeyId": key.access_key_id, "Status": key.status, "UserName": user.name},
    }
    return result


def _update_access_key(exchange: Exchange, original: Original) -> object:
    status = exchange.parameter("Status")
    if status not in {"Active", "Inactive"}:
        message = (
            f"1 validation error detected: Value '{status}' at 'status' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Active, Inactive]"
        )
        raise AwsError(code="ValidationError", message=message)
    key = _key(exchange, _user(exchange))
    if status == "Inactive":
        exchange.world.refuse_key(key.access_key_id)
    elif (trace := exchange.world.keys.get(key.access_key_id)) is not None:
        trace.refused_since = None
    return original()


def _delete_access_key(exchange: Exchange, original: Original) -> object:
    key = _key(exchange, _user(exchange))
    result = original()
    exchange.world.refuse_key(key.access_key_id)
    return result


def _get_access_key_last_used(exchange: Exchange, _: Original) -> object:
    wanted = exchange.parameter("AccessKeyId")
    key = exchange.iam.access_keys.get(wanted)
    if key is None or key.user_name is None:
        raise AwsError(code="NoSuchEntity", message=f"The Access Key with id {wanted} cannot be found.", status=404)
    used = key.last_used
    last_used: dict[str, object] = {"Region": "N/A", "ServiceName": "N/A"}
    if used is not None:
        last_used = {"LastUsedDate": used.timestamp, "Region": used.region, "ServiceName": used.service}
    return {"UserName": key.user_name, "AccessKeyLastUsed": last_used}


def _update_user(exchange: Exchange, original: Original) -> object:
    user = _user(exchange)
    result = original()
    for key in user.access_keys:
        key.user_name = user.name
        if (trace := exchange.world.keys.get(key.access_key_id)) is not None:
            trace.user_name = user.name
    return result


def _delete_user(exchange: Exchange, original: Original) -> object:
    user = _user(exchange)
    groups = exchange.iam.get_groups_for_user(user.name)
    blockers = (
        (user.password, "must delete login profile first"),
        (user.access_keys, "must delete access keys first"),
        (exchange.world.service_credentials.get(user.id), "must delete service specific credentials first"),
        (user.ssh_public_keys, "must delete SSH public keys first"),
        (user.signing_certificates, "must delete signing certificates first"),
        (user.mfa_devices, "must delete MFA device first"),
        (groups, "must remove users from group first"),
        (user.managed_policies, "must detach all policies first"),
        (user.policies, "must delete policies first"),
    )
    for present, remedy in blockers:
        if present:
            raise AwsError(code="DeleteConflict", message=f"Cannot delete entity, {remedy}.", status=_CONFLICT)
    exchange.world.boundaries.pop(user.id, None)
    return original()


def _delete_virtual_mfa_device(exchange: Exchange, original: Original) -> object:
    device = exchange.iam.virtual_mfa_devices.get(exchange.parameter("SerialNumber"))
    if device is not None and device.user is not None:
        raise AwsError(
            code="DeleteConflict",
            message="Cannot delete entity, must deactivate the MFA device first.",
            status=_CONFLICT,
        )
    return original()


def _get_user(exchange: Exchange, original: Original) -> object:
    user = _user(exchange) if exchange.parameter("UserName") is None else None
    result = original() if user is None else {"User": user}
    described = user or exchange.iam.users[exchange.parameter("UserName")]
    boundary = exchange.world.boundaries.get(described.id)
    if boundary is None:
        return result
    return {
        "User": {
            "Path": described.path, "UserName": described.name, "UserId": described.id, "Arn": described.arn,
            "CreateDate": described.create_date, "PasswordLastUsed": described.password_last_used,
            "Tags": described.tags,
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary},
        }
    }  # fmt: skip


def _put_user_permissions_boundary(exchange: Exchange, _: Original) -> object:
    exchange.world.boundaries[_user(exchange).id] = str(exchange.parameter("PermissionsBoundary"))
    return None


def _delete_user_permissions_boundary(exchange: Exchange, _: Original) -> object:
    if exchange.world.boundaries.pop(_user(exchange).id, None) is None:
        raise _missing(kind="permissions boundary", name=str(exchange.parameter("UserName")))
    return None


def _create_service_specific_credential(exchange: Exchange, _: Original) -> object:
    user, now = _user(exchange), exchange.world.clock.now()
    service = str(exchange.parameter("ServiceName"))
    credential = ServiceCredential(new_key_id("ACCA"), user.name, service, "Active", now)
    exchange.world.service_credentials.setdefault(user.id, []).append(credential)
    return {
        "ServiceSpecificCredential": {
            **_described(credential),
            "ServiceUserName": f"{user.name}-at-{user.account_id}",
            "ServicePassword": new_key_id("pw"),
        }
    }


def _described(credential: ServiceCredential) -> dict[str, object]:
    return {
        "ServiceSpecificCredentialId": credential.identifier,
        "UserName": credential.user_name,
        "ServiceName": credential.service_name,
        "ServiceUserName": credential.user_name,
        "Status": credential.status,
        "CreateDate": credential.created,
    }


def _list_service_specific_credentials(exchange: Exchange, _: Original) -> object:
    service = exchange.parameter("ServiceName")
    held = exchange.world.service_credentials.get(_user(exchange).id, [])
    wanted = [credential for credential in held if service in {None, credential.service_name}]
    return {"ServiceSpecificCredentials": [_described(credential) for credential in wanted]}


def _service_credential(exchange: Exchange) -> tuple[list[ServiceCredential], ServiceCredential]:
    held = exchange.world.service_credentials.get(_user(exchange).id, [])
    wanted = exchange.parameter("ServiceSpecificCredentialId")
    for credential in held:
        if credential.identifier == wanted:
            return held, credential
    raise _missing(kind="service specific credential", name=str(wanted))


def _update_service_specific_credential(exchange: Exchange, _: Original) -> object:
    _service_credential(exchange)[1].status = str(exchange.parameter("Status"))
    return None


def _delete_service_specific_credential(exchange: Exchange, _: Original) -> object:
    held, credential = _service_credential(exchange)
    held.remove(credential)
    return None


def _paged(result_key: str, identify: Callable[[Any], str]) -> Handler:
    """Cut moto's full list to MaxItems from Marker on; the marker is the last item shown, so deletions lose nothing."""

    def answer(exchange: Exchange, original: Original) -> object:
        if result_key != "Users":
            _user(exchange)
        returned = original()
        result: Mapping[str, Any] = getattr(returned, "result", returned)
        marker, most = exchange.parameter("Marker"), int(exchange.parameter("MaxItems") or _MOST_ITEMS)
        items = sorted(result.get(result_key) or (), key=identify)
        rest = [item for item in items if marker is None or identify(item) > marker]
        shown = rest[:most]
        cut = len(rest) > most
        page = {**result, result_key: shown, "IsTruncated": cut}
        return {**page, "Marker": identify(shown[-1])} if cut else page

    return answer


def _listed(name: str) -> Callable[[Any], str]:
    return lambda item: str(item[name] if isinstance(item, Mapping) else getattr(item, name))


HANDLERS: Mapping[str, Handler] = {
    "create_user": _create_user,
    "get_user": _get_user,
    "update_user": _update_user,
    "delete_user": _delete_user,
    "create_access_key": _create_access_key,
    "update_access_key": _update_access_key,
    "delete_access_key": _delete_access_key,
    "get_access_key_last_used": _get_access_key_last_used,
    "delete_virtual_mfa_device": _delete_virtual_mfa_device,
    "put_user_permissions_boundary": _put_user_permissions_boundary,
    "delete_user_permissions_boundary": _delete_user_permissions_boundary,
    "create_service_specific_credential": _create_service_specific_credential,
    "list_service_specific_credentials": _list_service_specific_credentials,
    "update_service_specific_credential": _update_service_specific_credential,
    "delete_service_specific_credential": _delete_service_specific_credential,
    "list_users": _paged("Users", _listed("name")),
    "list_access_keys": _paged("AccessKeyMetadata", _listed("access_key_id")),
    "list_user_policies": _paged("PolicyNames", str),
    "list_groups_for_user": _paged("Groups", _listed("name")),
    "list_mfa_devices": _paged("MFADevices", _listed("SerialNumber")),
}
