"""What a user signs in with beside access keys: password, MFA devices, certificates, SSH and service keys."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta

from moto.iam.models import User

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.iam_common import already, choice, conflict, invalid, missing, named_user, within_quota
from iamflow.sandbox.identity import Kind, new_key_id, new_secret
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.world import ServiceCredential

_STATUSES = ("Active", "Inactive")
# Services whose long-term API keys have an alias and a secret instead of a user name and a password.
_API_KEY_SERVICES = frozenset({"bedrock.amazonaws.com", "logs.amazonaws.com"})
_CREDENTIAL_SERVICES = _API_KEY_SERVICES | {"codecommit.amazonaws.com", "cassandra.amazonaws.com"}
_CODE = re.compile(r"\d{6}")


def _create_login_profile(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    if user.password:
        raise already(f"Login Profile for user {user.name} already exists.")
    original.asked_for(UserName=user.name)
    reset = bool(exchange.parameter("PasswordResetRequired"))
    user.password_reset_required = reset
    exchange.world.login_profiles[user.id] = exchange.world.clock.now()
    exchange.outcome = {"LoginProfile": {"UserName": user.name, "PasswordResetRequired": reset}}
    return {"LoginProfile": _login_profile(exchange, user)}


def _get_login_profile(exchange: Exchange, _: Original) -> object:
    return {"LoginProfile": _login_profile(exchange, named_user(exchange))}


def _login_profile(exchange: Exchange, user: User) -> Mapping[str, object]:
    if not user.password:
        raise AwsError(code="NoSuchEntity", message=f"Login Profile for User {user.name} cannot be found.", status=404)
    made = exchange.world.login_profiles.get(user.id)
    created = user.create_date if made is None else made.astimezone(UTC).replace(tzinfo=None)
    reset = bool(user.password_reset_required)
    return {"UserName": user.name, "CreateDate": created, "PasswordResetRequired": reset}


def _update_login_profile(exchange: Exchange, _: Original) -> object:
    user = named_user(exchange)
    _login_profile(exchange, user)
    if (password := exchange.parameter("Password")) is not None:
        user.password = password
    if (reset := exchange.parameter("PasswordResetRequired")) is not None:
        user.password_reset_required = reset
    return None


def _delete_login_profile(exchange: Exchange, _: Original) -> object:
    user = named_user(exchange)
    _login_profile(exchange, user)
    user.password = None
    exchange.world.login_profiles.pop(user.id, None)
    return None


def _change_password(exchange: Exchange, _: Original) -> object:
    """Let a user change his own password; nobody else's can be changed so."""
    if exchange.principal.kind is not Kind.USER:
        message = "Only IAM Users can change their own password."
        raise AwsError(code="InvalidUserType", message=message)
    user = named_user(exchange)
    _login_profile(exchange, user)
    if exchange.parameter("OldPassword") != user.password:
        raise AwsError(code="AccessDenied", message="The old password was incorrect.", status=403)
    user.password, user.password_reset_required = exchange.parameter("NewPassword"), False
    return None


def _create_virtual_mfa_device(exchange: Exchange, original: Original) -> object:
    result = original()
    device = result.result["VirtualMFADevice"]
    exchange.outcome = {"VirtualMFADevice": {"SerialNumber": device.serial_number}}
    return result


def _enable_mfa_device(exchange: Exchange, original: Original) -> object:
    user, serial = named_user(exchange), str(exchange.parameter("SerialNumber"))
    codes = [str(exchange.parameter(f"AuthenticationCode{number}")) for number in (1, 2)]
    for number, code in enumerate(codes, start=1):
        if not _CODE.fullmatch(code):
            pattern = r"Member must satisfy regular expression pattern: [\d]+"
            raise invalid(code, f"authenticationCode{number}", pattern)
    if any(serial in other.mfa_devices for other in exchange.iam.users.values()):
        raise already(f"MFA device with serial number {serial} is already in use.")
    if serial.startswith("arn:") and serial not in exchange.iam.virtual_mfa_devices:
        raise missing(kind="MFA device", name=serial)
    if codes[0] == codes[1]:  # two consecutive codes are asked for
        message = "Authentication code for device is not valid."
        raise AwsError(code="InvalidAuthenticationCode", message=message, status=403)
    within_quota(exchange, "MFADevicesPerUserQuota", user.mfa_devices)
    return original.asked_for(UserName=user.name)


def _deactivate_mfa_device(exchange: Exchange, original: Original) -> object:
    user, serial = named_user(exchange), exchange.parameter("SerialNumber")
    if serial not in user.mfa_devices:
        raise missing(kind="MFA device", name=serial)
    return original.asked_for(UserName=user.name)


def _get_mfa_device(exchange: Exchange, _: Original) -> object:
    serial, name = exchange.parameter("SerialNumber"), exchange.parameter("UserName")
    for user in exchange.iam.users.values():
        if serial in user.mfa_devices and name in {None, user.name}:
            enabled = user.mfa_devices[serial].enable_date
            return {"UserName": user.name, "SerialNumber": serial, "EnableDate": enabled}
    if name is None and serial in exchange.iam.virtual_mfa_devices:
        return {"SerialNumber": serial}
    raise missing(kind="MFA device", name=serial)


def _delete_virtual_mfa_device(exchange: Exchange, original: Original) -> object:
    device = exchange.iam.virtual_mfa_devices.get(exchange.parameter("SerialNumber"))
    if device is not None and device.user is not None:
        raise conflict(remedy="must deactivate the MFA device first")
    return original()


def _upload_ssh_public_key(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    within_quota(exchange, "SSHPublicKeysPerUserQuota", user.ssh_public_keys)
    result = original.asked_for(UserName=user.name)
    key = result.result["SSHPublicKey"]
    shown = {"SSHPublicKeyId": key.ssh_public_key_id, "UserName": user.name, "Status": key.status}
    exchange.outcome = {"SSHPublicKey": shown}
    return result


def _upload_signing_certificate(exchange: Exchange, original: Original) -> object:
    user = named_user(exchange)
    within_quota(exchange, "SigningCertificatesPerUserQuota", user.signing_certificates)
    result = original.asked_for(UserName=user.name)
    certificate = result.result["Certificate"]
    exchange.outcome = {"Certificate": {"CertificateId": certificate.id, "UserName": user.name}}
    return result


def _with_status(exchange: Exchange, original: Original) -> object:
    choice(exchange, "Status", _STATUSES)
    return original.asked_for(UserName=named_user(exchange).name)


def _of_user(exchange: Exchange, original: Original) -> object:
    return original.asked_for(UserName=named_user(exchange).name)


def _create_service_specific_credential(exchange: Exchange, _: Original) -> object:
    user, service = named_user(exchange), str(exchange.parameter("ServiceName"))
    if service not in _CREDENTIAL_SERVICES:
        message = f"No such service {service} is supported for Service Specific Credentials"
        raise AwsError(code="NotSupportedService", message=message, status=404)
    held = exchange.world.service_credentials.setdefault(user.id, [])
    of_service = [credential for credential in held if credential.service_name == service]
    within_quota(exchange, "ServiceSpecificCredentialsPerUserQuota", of_service)
    now, days = exchange.world.clock.now(), exchange.parameter("CredentialAgeDays")
    number = f"+{len(of_service)}" if of_service else ""
    credential = ServiceCredential(
        identifier=new_key_id("ACCA"),
        user_name=user.name,
        service_name=service,
        service_user_name=f"{user.name}{number}-at-{user.account_id}",
        api_key=service in _API_KEY_SERVICES,
        status="Active",
        created=now,
        expires=None if days is None else now + timedelta(days=int(days)),
    )
    held.append(credential)
    exchange.outcome = {"ServiceSpecificCredential": credential.described()}
    return {"ServiceSpecificCredential": _with_secret(credential)}


def _with_secret(credential: ServiceCredential) -> Mapping[str, object]:
    """Show a credential as it is shown once, when its secret is made."""
    secret = "ServiceCredentialSecret" if credential.api_key else "ServicePassword"
    return {**credential.described(), secret: new_secret()}


def _service_credential(exchange: Exchange) -> tuple[list[ServiceCredential], ServiceCredential]:
    held = exchange.world.service_credentials.get(named_user(exchange).id, [])
    wanted = exchange.parameter("ServiceSpecificCredentialId")
    for credential in held:
        if credential.identifier == wanted:
            return held, credential
    raise missing(kind="service specific credential", name=wanted)


def _update_service_specific_credential(exchange: Exchange, _: Original) -> object:
    status = choice(exchange, "Status", (*_STATUSES, "Expired"))
    _service_credential(exchange)[1].status = status
    return None


def _reset_service_specific_credential(exchange: Exchange, _: Original) -> object:
    return {"ServiceSpecificCredential": _with_secret(_service_credential(exchange)[1])}


def _delete_service_specific_credential(exchange: Exchange, _: Original) -> object:
    held, credential = _service_credential(exchange)
    held.remove(credential)
    return None


HANDLERS: Mapping[str, Handler] = {
    "create_login_profile": _create_login_profile,
    "get_login_profile": _get_login_profile,
    "update_login_profile": _update_login_profile,
    "delete_login_profile": _delete_login_profile,
    "change_password": _change_password,
    "get_mfa_device": _get_mfa_device,
    "create_virtual_mfa_device": _create_virtual_mfa_device,
    "enable_mfa_device": _enable_mfa_device,
    "deactivate_mfa_device": _deactivate_mfa_device,
    "delete_virtual_mfa_device": _delete_virtual_mfa_device,
    "upload_ssh_public_key": _upload_ssh_public_key,
    "get_ssh_public_key": _of_user,
    "update_ssh_public_key": _with_status,
    "delete_ssh_public_key": _of_user,
    "upload_signing_certificate": _upload_signing_certificate,
    "update_signing_certificate": _with_status,
    "delete_signing_certificate": _of_user,
    "create_service_specific_credential": _create_service_specific_credential,
    "update_service_specific_credential": _update_service_specific_credential,
    "reset_service_specific_credential": _reset_service_specific_credential,
    "delete_service_specific_credential": _delete_service_specific_credential,
}
