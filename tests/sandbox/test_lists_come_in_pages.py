"""Every list of IAM that a workflow reads honours MaxItems and Marker, and loses nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from iamflow.sandbox.belongings import BOUNDARY, Counts
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Refused

PLENTY = Counts(
    groups=150, policies=150, inline=150, ssh_keys=150, certificates=2, service_credentials=150
)  # certificates are made with real keys, and their quota cannot be raised
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
OF_A_USER = [
    ("list_groups_for_user", "Groups", 150),
    ("list_attached_user_policies", "AttachedPolicies", 150),
    ("list_user_policies", "PolicyNames", 150),
    ("list_ssh_public_keys", "SSHPublicKeys", 150),
    ("list_signing_certificates", "Certificates", 2),
    ("list_service_specific_credentials", "ServiceSpecificCredentials", 150),
    ("list_mfa_devices", "MFADevices", 2),
    ("list_access_keys", "AccessKeyMetadata", 1),
    ("list_user_tags", "Tags", 40),
]
OF_AN_ACCOUNT = [
    ("list_groups", "Groups", 150),
    ("list_policies", "Policies", 151),
    ("list_virtual_mfa_devices", "VirtualMFADevices", 1),
    ("list_roles", "Roles", 1),
]


@pytest.fixture(name="rich")
def _rich(sandbox: Sandbox) -> None:
    tags = {f"tag-{number}": "x" for number in range(40)}
    sandbox.seed.user(ACCOUNT, "ana", tags=tags)
    sandbox.seed.key(ACCOUNT, "ana", "AKIAYF5JKDJQ3WCJSTBX")
    sandbox.seed.everything(ACCOUNT, "ana", PLENTY)


def pages(iam: Any, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Follow the markers by hand: not every list has a paginator."""
    marker: dict[str, str] = {}
    while True:
        page = getattr(iam, operation)(**parameters, **marker)
        yield page
        if not page["IsTruncated"]:
            assert "Marker" not in page
            return
        marker = {"Marker": page["Marker"]}


@pytest.mark.usefixtures("rich")
def test_lists_of_what_a_user_has_are_whole_at_any_page_size(aws: Aws) -> None:
    iam = aws.role("iam")
    for operation, key, total in OF_A_USER:
        for size in (7, 100):
            found = [page[key] for page in pages(iam, operation, UserName="ana", MaxItems=size)]
            assert [len(items) for items in found[:-1]] == [size] * (len(found) - 1), operation
            assert len({str(item) for items in found for item in items}) == total, operation


@pytest.mark.usefixtures("rich")
def test_a_page_holds_a_hundred_items_when_nothing_is_said(aws: Aws) -> None:
    first = aws.role("iam").list_attached_user_policies(UserName="ana")
    assert (len(first["AttachedPolicies"]), first["IsTruncated"]) == (100, True)


@pytest.mark.usefixtures("rich")
def test_lists_of_an_account_are_whole_at_any_page_size(aws: Aws) -> None:
    iam = aws.role("iam")
    for operation, key, total in OF_AN_ACCOUNT:
        for size in (7, 100):
            found = [page[key] for page in pages(iam, operation, MaxItems=size)]
            assert [len(items) for items in found[:-1]] == [size] * (len(found) - 1), operation
            assert len({str(item) for items in found for item in items}) == total, operation


@pytest.mark.usefixtures("rich")
def test_what_is_deleted_between_two_pages_makes_nobody_miss_the_rest(aws: Aws) -> None:
    iam = aws.role("iam")
    seen = []
    for page in pages(iam, "list_attached_user_policies", UserName="ana", MaxItems=40):
        for policy in page["AttachedPolicies"]:
            seen.append(policy["PolicyArn"])
            iam.detach_user_policy(UserName="ana", PolicyArn=policy["PolicyArn"])
    assert len(seen) == 150
    assert iam.list_attached_user_policies(UserName="ana")["AttachedPolicies"] == []


def test_who_has_a_policy_is_told_in_pages_over_users_groups_and_roles(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    arn = sandbox.seed.policy(ACCOUNT, "require-mfa", DENY)
    for number in range(5):
        sandbox.seed.user(ACCOUNT, f"user-{number}")
        sandbox.seed.attached(ACCOUNT, f"user-{number}", arn)
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)
    iam.attach_role_policy(RoleName="app", PolicyArn=arn)
    found = list(pages(iam, "list_entities_for_policy", PolicyArn=arn, MaxItems=3))
    users = [user["UserName"] for page in found for user in page["PolicyUsers"]]
    assert users == [f"user-{number}" for number in range(5)]
    assert [group["GroupName"] for page in found for group in page["PolicyGroups"]] == ["staff"]
    assert [role["RoleName"] for page in found for role in page["PolicyRoles"]] == ["app"]
    assert len(found) == 3
    only = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="User")
    assert (len(only["PolicyUsers"]), only["PolicyGroups"], only["PolicyRoles"]) == (5, [], [])


@pytest.mark.usefixtures("rich")
def test_who_has_a_policy_as_his_boundary_can_be_asked_for(aws: Aws) -> None:
    iam = aws.role("iam")
    found = iam.list_entities_for_policy(PolicyArn=BOUNDARY, PolicyUsageFilter="PermissionsBoundary")
    assert [user["UserName"] for user in found["PolicyUsers"]] == ["ana"]
    assert iam.list_entities_for_policy(PolicyArn=BOUNDARY)["PolicyUsers"] == []


def test_a_page_of_no_items_or_too_many_is_refused(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    for size in (0, 1001):
        assert refused(iam.list_groups, MaxItems=size) == "ValidationError"


@pytest.mark.parametrize("operation", [operation for operation, _, _ in OF_A_USER])
def test_a_list_of_nobodys_is_not_found(aws: Aws, refused: Refused, operation: str) -> None:
    assert refused(getattr(aws.role("iam"), operation), UserName="nobody") == "NoSuchEntity"
