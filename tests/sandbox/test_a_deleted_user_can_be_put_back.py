"""What IAM lets one make again of a deleted user is the same as before; what it does not is another."""

import json
from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT

TAGS = {"Owner": "ana@example.com", "Team": "data"}


@pytest.fixture(name="iam")
def _iam(sandbox: Sandbox) -> Any:
    sandbox.seed.user(ACCOUNT, "ana", path="/staff/", tags=TAGS)
    sandbox.seed.key(ACCOUNT, "ana", "AKIAYF5JKDJQ3WCJSTBX")
    sandbox.seed.everything(ACCOUNT, "ana")
    return sandbox.owner.client(ACCOUNT, "iam")


def snapshot(iam: Any) -> dict[str, Any]:
    """Read all of a user that can be made again."""
    user = iam.get_user(UserName="ana")["User"]
    inline = iam.list_user_policies(UserName="ana")["PolicyNames"]
    ssh = [key["SSHPublicKeyId"] for key in iam.list_ssh_public_keys(UserName="ana")["SSHPublicKeys"]]
    return {
        "path": user["Path"],
        "tags": sorted((tag["Key"], tag["Value"]) for tag in user["Tags"]),
        "boundary": user["PermissionsBoundary"]["PermissionsBoundaryArn"],
        "groups": [group["GroupName"] for group in iam.list_groups_for_user(UserName="ana")["Groups"]],
        "attached": [item["PolicyArn"] for item in iam.list_attached_user_policies(UserName="ana")["AttachedPolicies"]],
        "inline": {
            name: iam.get_user_policy(UserName="ana", PolicyName=name)["PolicyDocument"] for name in inline
        },
        "ssh": sorted(
            iam.get_ssh_public_key(UserName="ana", SSHPublicKeyId=key, Encoding="SSH")["SSHPublicKey"][
                "SSHPublicKeyBody"
            ]
            for key in ssh
        ),
        "certificates": sorted(
            item["CertificateBody"] for item in iam.list_signing_certificates(UserName="ana")["Certificates"]
        ),
    }  # fmt: skip


def put_back(iam: Any, kept: dict[str, Any]) -> None:
    tags = [{"Key": key, "Value": value} for key, value in kept["tags"]]
    iam.create_user(UserName="ana", Path=kept["path"], Tags=tags, PermissionsBoundary=kept["boundary"])
    for group in kept["groups"]:
        iam.add_user_to_group(UserName="ana", GroupName=group)
    for arn in kept["attached"]:
        iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    for name, document in kept["inline"].items():
        iam.put_user_policy(UserName="ana", PolicyName=name, PolicyDocument=json.dumps(document))
    for body in kept["ssh"]:
        iam.upload_ssh_public_key(UserName="ana", SSHPublicKeyBody=body)
    for body in kept["certificates"]:
        iam.upload_signing_certificate(UserName="ana", CertificateBody=body)
    iam.create_login_profile(UserName="ana", Password="another-Horse-8", PasswordResetRequired=True)


def test_what_can_be_made_again_is_as_it_was(sandbox: Sandbox, iam: Any) -> None:
    before = snapshot(iam)
    assert all(before.values())
    sandbox.owner.delete_user(ACCOUNT, "ana")
    put_back(iam, before)
    assert snapshot(iam) == before


def test_the_id_the_keys_the_devices_and_the_service_credentials_do_not_come_back(sandbox: Sandbox, iam: Any) -> None:
    before, known = snapshot(iam), iam.get_user(UserName="ana")["User"]["UserId"]
    sandbox.owner.delete_user(ACCOUNT, "ana")
    put_back(iam, before)
    assert iam.get_user(UserName="ana")["User"]["UserId"] != known
    assert sandbox.key_status(ACCOUNT, "AKIAYF5JKDJQ3WCJSTBX") is None
    assert iam.list_mfa_devices(UserName="ana")["MFADevices"] == []
    assert iam.list_service_specific_credentials(UserName="ana")["ServiceSpecificCredentials"] == []


def test_the_new_user_does_not_inherit_what_the_old_one_left_behind(sandbox: Sandbox, iam: Any) -> None:
    sandbox.owner.recreate_user(ACCOUNT, "ana")
    user = iam.get_user(UserName="ana")["User"]
    assert "PermissionsBoundary" not in user
    assert "Tags" not in user
    assert "PasswordLastUsed" not in user
    assert not sandbox.console.sign_in(ACCOUNT, "ana").ok
