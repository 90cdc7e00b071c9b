"""Everything that a user has, every list read to its last page."""

from collections.abc import Iterator

from iamflow.aws import parts
from iamflow.aws.answers import instant, required, text
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import not_understood
from iamflow.domain.belongings import Belongings, ServiceCredential, SigningCertificate, SshKey
from iamflow.domain.facts import KeyState, KeyStatus


def read(iam: Api, user: Answer, *, keys: tuple[KeyState, ...], attached: dict[str, str], bodies: bool) -> Belongings:
    """Read what the user of this answer to GetUser has; ``bodies`` with the documents and SSH keys, one call each."""
    attempt = iam.attempt_at("GetUser")
    name, created = required(user, "UserName", attempt), instant(user.get("CreateDate"))
    if created is None:
        raise not_understood(attempt, "lacks the user's creation")
    return Belongings(
        user_id=required(user, "UserId", attempt),
        username=name,
        path=required(user, "Path", attempt),
        created_at=created,
        tags={required(tag, "Key", attempt): str(tag.get("Value", "")) for tag in user.get("Tags", [])},
        boundary=text(user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")),
        groups=tuple(sorted(_each(iam, name, "ListGroupsForUser", "Groups", "GroupName"))),
        attached=tuple(sorted(attached)),
        inline=_inline(iam, name, bodies=bodies),
        keys=tuple(sorted(keys, key=lambda key: key.key_id)),
        login_profile=parts.console(iam, name),
        mfa=tuple(sorted(parts.mfa(iam, name))),
        ssh_keys=tuple(_ssh_keys(iam, name, bodies=bodies)),
        certificates=tuple(_certificates(iam, name)),
        service_credentials=tuple(_service_credentials(iam, name)),
    )


def unassigned_mfa(iam: Api) -> frozenset[str]:
    """Return the serial numbers of the account's virtual MFA devices that belong to nobody."""
    attempt = iam.attempt_at("ListVirtualMFADevices")
    rows = iam.rows("ListVirtualMFADevices", "VirtualMFADevices", AssignmentStatus="Unassigned")
    return frozenset(required(row, "SerialNumber", attempt) for row in rows)


def _each(iam: Api, name: str, operation: str, key: str, field: str) -> Iterator[str]:
    attempt = iam.attempt_at(operation)
    for row in iam.rows(operation, key, UserName=name):
        yield required(row, field, attempt)


def _inline(iam: Api, name: str, *, bodies: bool) -> dict[str, str | None]:
    if bodies:
        return dict(sorted(parts.inline(iam, name).items()))
    return dict.fromkeys(sorted(str(policy) for policy in iam.rows("ListUserPolicies", "PolicyNames", UserName=name)))


def _ssh_keys(iam: Api, name: str, *, bodies: bool) -> Iterator[SshKey]:
    attempt = iam.attempt_at("ListSSHPublicKeys")
    rows = iam.rows("ListSSHPublicKeys", "SSHPublicKeys", UserName=name)
    for row in sorted(rows, key=lambda row: str(row.get("SSHPublicKeyId"))):
        key_id = required(row, "SSHPublicKeyId", attempt)
        yield SshKey(id=key_id, status=_status(row), body=_body(iam, name, key_id) if bodies else None)


def _body(iam: Api, name: str, key_id: str) -> str:
    answer = iam.call("GetSSHPublicKey", UserName=name, SSHPublicKeyId=key_id, Encoding="SSH")
    return required(answer.get("SSHPublicKey", {}), "SSHPublicKeyBody", iam.attempt_at("GetSSHPublicKey"))


def _certificates(iam: Api, name: str) -> Iterator[SigningCertificate]:
    attempt = iam.attempt_at("ListSigningCertificates")
    rows = iam.rows("ListSigningCertificates", "Certificates", UserName=name)
    for row in sorted(rows, key=lambda row: str(row.get("CertificateId"))):
        yield SigningCertificate(
            id=required(row, "CertificateId", attempt),
            status=_status(row),
            body=required(row, "CertificateBody", attempt),
        )


def _service_credentials(iam: Api, name: str) -> Iterator[ServiceCredential]:
    attempt = iam.attempt_at("ListServiceSpecificCredentials")
    rows = iam.rows("ListServiceSpecificCredentials", "ServiceSpecificCredentials", UserName=name)
    for row in sorted(rows, key=lambda row: str(row.get("ServiceSpecificCredentialId"))):
        yield ServiceCredential(
            id=required(row, "ServiceSpecificCredentialId", attempt),
            service=required(row, "ServiceName", attempt),
            status=_status(row),
            username=text(row.get("ServiceUserName")) or text(row.get("ServiceCredentialAlias")),
        )


def _status(row: Answer) -> KeyStatus:
    """Return Active only for what is: an expired credential acts no more, and cannot be switched on again."""
    return KeyStatus.ACTIVE if row.get("Status") == KeyStatus.ACTIVE.value else KeyStatus.INACTIVE
