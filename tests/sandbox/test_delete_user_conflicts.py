"""DeleteUser is refused while anything of the user is left."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from iamflow.sandbox.belongings import Counts
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Refused

ACCOUNT = "562458925665"
DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})


def key(iam: Any) -> Callable[[], object]:
    made = iam.create_access_key(UserName="ana")["AccessKey"]["AccessKeyId"]
    return lambda: iam.delete_access_key(UserName="ana", AccessKeyId=made)


def password(iam: Any) -> Callable[[], object]:
    iam.create_login_profile(UserName="ana", Password="correct-Horse-7")
    return lambda: iam.delete_login_profile(UserName="ana")


def service_credential(iam: Any) -> Callable[[], object]:
    made = iam.create_service_specific_credential(UserName="ana", ServiceName="codecommit.amazonaws.com")
    identifier = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    return lambda: iam.delete_service_specific_credential(UserName="ana", ServiceSpecificCredentialId=identifier)


def ssh_key(iam: Any) -> Callable[[], object]:
    made = iam.upload_ssh_public_key(UserName="ana", SSHPublicKeyBody="ssh-rsa AAAA")["SSHPublicKey"]["SSHPublicKeyId"]
    return lambda: iam.delete_ssh_public_key(UserName="ana", SSHPublicKeyId=made)


def device(iam: Any) -> Callable[[], object]:
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ana", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    return lambda: iam.deactivate_mfa_device(UserName="ana", SerialNumber=serial)


def group(iam: Any) -> Callable[[], object]:
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ana")
    return lambda: iam.remove_user_from_group(GroupName="staff", UserName="ana")


def inline_policy(iam: Any) -> Callable[[], object]:
    iam.put_user_policy(UserName="ana", PolicyName="deny", PolicyDocument=DENY)
    return lambda: iam.delete_user_policy(UserName="ana", PolicyName="deny")


def attached_policy(iam: Any) -> Callable[[], object]:
    arn = iam.create_policy(PolicyName="deny", PolicyDocument=DENY)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    return lambda: iam.detach_user_policy(UserName="ana", PolicyArn=arn)


BLOCKERS = [key, password, service_credential, ssh_key, device, group, inline_policy, attached_policy]


@pytest.mark.parametrize("block", BLOCKERS, ids=lambda block: block.__name__)
def test_a_user_with_something_left_is_not_deleted(
    sandbox: Sandbox, aws: Aws, refused: Refused, block: Callable[[Any], Callable[[], object]]
) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    iam = aws.role("iam")
    clear = block(iam)
    assert refused(iam.delete_user, UserName="ana") == "DeleteConflict"
    clear()
    iam.delete_user(UserName="ana")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["etl"]


def test_a_signing_certificate_blocks_too(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    iam = aws.role("iam")
    user: Any = sandbox._world.iam(ACCOUNT).users["ana"]
    user.signing_certificates["cert"] = object()  # moto parses real ones only; what counts here is that one is there
    assert refused(iam.delete_user, UserName="ana") == "DeleteConflict"


def test_an_enabled_virtual_device_is_not_deleted(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana", mfa="Virtual")
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/ana"
    assert refused(aws.role("iam").delete_virtual_mfa_device, SerialNumber=serial) == "DeleteConflict"


def test_a_recreated_user_bears_another_id(sandbox: Sandbox) -> None:
    before = sandbox.seed.user(ACCOUNT, "ana", password=True, mfa="Virtual", tags={"Team": "data"})
    sandbox.seed.key(ACCOUNT, "ana", "AKIAYF5JKDJQ3WCJSTBX")
    after = sandbox.owner.recreate_user(ACCOUNT, "ana")
    assert after.startswith("AIDA")
    assert after != before
    assert sandbox.key_status(ACCOUNT, "AKIAYF5JKDJQ3WCJSTBX") is None


def test_a_user_with_everything_is_recreated_with_nothing(sandbox: Sandbox, aws: Aws) -> None:
    before = sandbox.seed.user(ACCOUNT, "ana")
    sandbox.seed.everything(ACCOUNT, "ana", Counts(groups=110, policies=110, inline=110))
    assert sandbox.owner.recreate_user(ACCOUNT, "ana") != before
    iam = aws.role("iam")
    for listing, key in (
        ("list_groups_for_user", "Groups"),
        ("list_attached_user_policies", "AttachedPolicies"),
        ("list_user_policies", "PolicyNames"),
        ("list_service_specific_credentials", "ServiceSpecificCredentials"),
        ("list_mfa_devices", "MFADevices"),
    ):
        assert getattr(iam, listing)(UserName="ana")[key] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_blockers_are_named_one_at_a_time_until_none_is_left(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana", tags={"Team": "data"})
    sandbox.seed.key(ACCOUNT, "ana", "AKIAYF5JKDJQ3WCJSTBX")
    sandbox.seed.everything(ACCOUNT, "ana")
    iam = aws.role("iam")
    named: list[str] = []
    while (message := conflict(iam)) is not None:
        assert message not in named, "what was cleared is not named again"
        named.append(message)
        cleared = next(clear for words, clear in CLEARING.items() if words in message)
        cleared(iam)
    assert len(named) == len(CLEARING)
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["etl"]


def conflict(iam: Any) -> str | None:
    """Try to delete the user; return what is said to be in the way, None when he is gone."""
    try:
        iam.delete_user(UserName="ana")
    except iam.exceptions.DeleteConflictException as error:
        return str(error.response["Error"]["Message"])
    return None


def each(listing: str, key: str, identifier: str, deletion: str) -> Callable[[Any], None]:
    def clear(iam: Any) -> None:
        for item in getattr(iam, listing)(UserName="ana")[key]:
            name = item if isinstance(item, str) else item[identifier]
            getattr(iam, deletion)(UserName="ana", **{identifier: name})

    return clear


CLEARING: dict[str, Callable[[Any], None]] = {
    "login profile": lambda iam: iam.delete_login_profile(UserName="ana"),
    "access keys": each("list_access_keys", "AccessKeyMetadata", "AccessKeyId", "delete_access_key"),
    "service specific": each(
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        "delete_service_specific_credential",
    ),
    "SSH": each("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId", "delete_ssh_public_key"),
    "certificates": each("list_signing_certificates", "Certificates", "CertificateId", "delete_signing_certificate"),
    "MFA": each("list_mfa_devices", "MFADevices", "SerialNumber", "deactivate_mfa_device"),
    "group": each("list_groups_for_user", "Groups", "GroupName", "remove_user_from_group"),
    "detach": each("list_attached_user_policies", "AttachedPolicies", "PolicyArn", "detach_user_policy"),
    "delete policies": each("list_user_policies", "PolicyNames", "PolicyName", "delete_user_policy"),
}
