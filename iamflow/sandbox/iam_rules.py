"""IAM's users and keys where moto is too lenient: ids, statuses, quotas, conflicts, last use; the account's summary."""

from collections.abc import Mapping

from moto.iam.models import AccessKey, IAMBackend, User

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.iam_common import already, choice, conflict, named_user, within_quota
from iamflow.sandbox.iam_policies import groups_of, policy_of, set_boundary
from iamflow.sandbox.identity import KeyTrace, new_unique_id
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.world import QUOTAS, Root


def _key(exchange: Exchange, user: User) -> AccessKey:
    wanted = exchange.parameter("AccessKeyId")
    for key in user.access_keys:
        if key.access_key_id == wanted:
            return key
    raise AwsError(code="NoSuchEntity", message=f"The Access Key with id {wanted} cannot be found.", status=404)


def _create_user(exchange: Exchange, original: Original) -> object:
    name, boundary = exchange.parameter("UserName"), exchange.parameter("PermissionsBoundary")
    if boundary is not None:
        policy_of(exchange.world, exchange.principal.account_id, str(boundary))
    if any(name.lower() == existing.lower() for existing in exchange.iam.users):
        raise already(f"User with name {name} already exists.")  # names are unique without regard to case
    within_quota(exchange, "UsersQuota", exchange.iam.users)
    result = original()
    user = exchange.iam.users[name]
    user.id = new_unique_id("AIDA")
    if boundary is not None:
        set_boundary(exchange.world, user, str(boundary))
    described = {"Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn}
    exchange.outcome = {"User": {**described, "CreateDate": user.create_date}}
    return result


def _create_access_key(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    within_quota(exchange, "AccessKeysPerUserQuota", user.access_keys)
    before = {key.access_key_id for key in user.access_keys}
    result = original.asked_for(UserName=user.name)
    key = next(key for key in user.access_keys if key.access_key_id not in before)
    exchange.world.keys[key.access_key_id] = KeyTrace(
        exchange.principal.account_id,
        user.name,
        user.id,
        key.secret_access_key,
        usable_from=exchange.world.clock.now() + exchange.world.new_key_delay,
    )
    exchange.outcome = {
        "AccessKey": {"AccessKeyId": key.access_key_id, "Status": key.status, "UserName": user.name},
    }
    return result


def _update_access_key(exchange: Exchange, original: Original) -> object:
    status = choice(exchange, "Status", ("Active", "Inactive"))
    key = _key(exchange, named_user(exchange))
    if status == "Inactive":
        exchange.world.refuse_key(key.access_key_id)
    elif (trace := exchange.world.keys.get(key.access_key_id)) is not None:
        trace.refused_since = None
    return original()


def _delete_access_key(exchange: Exchange, original: Original) -> object:
    key = _key(exchange, named_user(exchange))
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
    user = named_user(exchange)
    result = original()
    for key in user.access_keys:
        key.user_name = user.name
        if (trace := exchange.world.keys.get(key.access_key_id)) is not None:
            trace.user_name = user.name
    return result


def _delete_user(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    groups = groups_of(exchange.world, exchange.principal.account_id, user)
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
            raise conflict(remedy=remedy)
    exchange.world.boundaries.pop(user.id, None)
    return original()


def _get_user(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange) if exchange.parameter("UserName") is None else None
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


def _get_account_summary(exchange: Exchange, original: Original) -> object:
    """Give moto's counts; what the root user has, and the quotas, are the sandbox's own."""
    world, account = exchange.world, exchange.principal.account_id
    summary = original().result["SummaryMap"]
    root = world.roots.get(account, Root())
    own = {
        "AccountMFAEnabled": int(root.mfa),
        "AccountAccessKeysPresent": int(root.access_keys),
        "AccountPasswordPresent": 1,
        "AccountSigningCertificatesPresent": 0,
        "MFADevices": len(exchange.iam.virtual_mfa_devices) + _hardware(exchange.iam),
    }
    quotas = {name: world.quota(account, name) for name in summary if name in QUOTAS}
    return {"SummaryMap": {**summary, **own, **quotas}}


def _hardware(backend: IAMBackend) -> int:
    return sum(not serial.startswith("arn:") for user in backend.users.values() for serial in user.mfa_devices)


HANDLERS: Mapping[str, Handler] = {
    "create_user": _create_user,
    "get_user": _get_user,
    "update_user": _update_user,
    "delete_user": _delete_user,
    "create_access_key": _create_access_key,
    "update_access_key": _update_access_key,
    "delete_access_key": _delete_access_key,
    "get_access_key_last_used": _get_access_key_last_used,
    "get_account_summary": _get_account_summary,
}
