"""What a user has is read to the last page of every list, with bodies where asked, and what is missing is an error."""

import json
from typing import Any

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.effects import CALLS
from iamflow.aws.permissions import policy_document
from iamflow.aws.roles import Role
from iamflow.domain.errors import TemporaryError
from iamflow.domain.facts import KeyStatus
from iamflow.domain.subject import Part, UserSubject
from iamflow.sandbox.belongings import BOUNDARY, Counts
from iamflow.sandbox.server import Sandbox
from iamflow.workflows import delete_user, restore_user
from tests.aws.conftest import ACCOUNT, KEY, USER

PARTS = frozenset({Part.BELONGINGS, Part.KEY_USES})
SUBJECT = UserSubject(account_id=ACCOUNT, username=USER, parts=PARTS)
WHOLE = UserSubject(account_id=ACCOUNT, username=USER, parts=PARTS | {Part.BODIES})


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    """A boto3 client of the account's own people."""
    return sandbox.owner._iam(ACCOUNT)


def test_everything_is_told_by_name_and_state(cloud: AwsCloud, sandbox: Sandbox, iam: Any) -> None:
    sandbox.seed.everything(ACCOUNT, USER)
    (first, _) = iam.list_ssh_public_keys(UserName=USER)["SSHPublicKeys"]
    iam.update_ssh_public_key(UserName=USER, SSHPublicKeyId=first["SSHPublicKeyId"], Status="Inactive")
    has = cloud.read(SUBJECT).belongings
    assert has is not None
    assert (has.groups, has.boundary, has.login_profile) == (("group-000", "group-001"), BOUNDARY, True)
    assert [arn.rpartition("/")[2] for arn in has.attached] == ["policy-000", "policy-001"]
    assert [key.key_id for key in has.keys] == [KEY]
    assert sorted(key.status for key in has.ssh_keys) == [KeyStatus.ACTIVE, KeyStatus.INACTIVE]
    assert (len(has.mfa), len(has.virtual_mfa)) == (2, 1)
    assert {one.service for one in has.service_credentials} == {"codecommit.amazonaws.com"}
    assert all("BEGIN CERTIFICATE" in one.body for one in has.certificates)


def test_lists_are_read_to_the_last_page(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.seed.everything(ACCOUNT, USER, Counts(groups=150, policies=150, inline=150, ssh_keys=120, certificates=2))
    has = cloud.read(WHOLE).belongings
    assert has is not None
    assert (len(has.groups), len(has.attached), len(has.inline), len(has.ssh_keys)) == (150, 150, 150, 120)
    assert all(has.inline.values())


def test_documents_and_keys_are_read_only_where_they_are_asked_for(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.seed.everything(ACCOUNT, USER)
    names, whole = cloud.read(SUBJECT).belongings, cloud.read(WHOLE).belongings
    assert names is not None
    assert whole is not None
    assert set(names.inline.values()) == {None}
    assert {key.body for key in names.ssh_keys} == {None}
    assert json.loads(whole.inline["inline-000"] or "")["Statement"]
    assert all((key.body or "").startswith("ssh-ed25519 ") for key in whole.ssh_keys)


def test_a_user_without_anything_has_nothing(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.seed.user(ACCOUNT, "bare")
    has = cloud.read(UserSubject(account_id=ACCOUNT, username="bare", parts=WHOLE.parts)).belongings  # type: ignore[arg-type]  # a name
    assert has is not None
    assert not any(has.names().values())


def test_nothing_was_asked_of_whoever_does_not_ask(cloud: AwsCloud) -> None:
    reading = cloud.read(UserSubject(account_id=ACCOUNT, username=USER))
    assert (reading.belongings, reading.unassigned_mfa, reading.uses) == (None, None, None)


def test_devices_that_belong_to_nobody_are_told(cloud: AwsCloud, iam: Any) -> None:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="spare")["VirtualMFADevice"]["SerialNumber"]
    reading = cloud.read(UserSubject(account_id=ACCOUNT, username=USER, parts=frozenset({Part.UNASSIGNED_MFA})))
    assert reading.unassigned_mfa == {made}


@pytest.mark.parametrize(
    "operation",
    [
        "ListGroupsForUser", "ListUserPolicies", "GetUserPolicy", "GetLoginProfile", "ListMFADevices",
        "ListSSHPublicKeys", "GetSSHPublicKey", "ListSigningCertificates", "ListServiceSpecificCredentials",
        "ListAttachedUserPolicies",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_and_never_nothing(cloud: AwsCloud, sandbox: Sandbox, operation: str) -> None:
    sandbox.seed.everything(ACCOUNT, USER)
    with sandbox.faults.server_error(service="iam", operation=operation), pytest.raises(TemporaryError):
        cloud.read(WHOLE)


def test_who_takes_access_cannot_delete_and_who_deletes_cannot_make_users() -> None:
    effects = {*delete_user.WORKFLOW.effects, *restore_user.WORKFLOW.effects}
    allowed = {role: json.dumps(policy_document(effects, role)) for role in Role}
    assert 'DeleteUser"' not in allowed[Role.OPERATOR]
    assert "CreateUser" not in allowed[Role.REAPER]
    assert 'DeleteUser"' not in allowed[Role.ISSUER]
    for role in (Role.OPERATOR, Role.REAPER, Role.ISSUER):
        assert any(action.split(":")[1] in allowed[role] for kind in effects for action in CALLS[kind].actions)
