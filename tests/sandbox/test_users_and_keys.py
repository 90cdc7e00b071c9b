"""IAM answers as IAM does: ids, pages, statuses, limits, tags, and accounts kept apart."""

from datetime import UTC, datetime

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"
OTHER = "896592267449"


def test_user_ids_look_like_aws_own(aws: Aws) -> None:
    iam = aws.role("iam")
    iam.create_user(UserName="new")
    ids = [user["UserId"] for user in iam.list_users()["Users"]]
    assert all(identifier.startswith("AIDA") and len(identifier) == 21 for identifier in ids)
    assert len(set(ids)) == 2


def test_a_user_has_the_id_date_and_tags_that_were_seeded(sandbox: Sandbox, aws: Aws) -> None:
    created = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    sandbox.seed.user(
        ACCOUNT, "ana", user_id="AIDAYF5JKDJQAAAAAAAAA", created=created, tags={"Owner": "ana@example.com"}
    )
    user = aws.role("iam").get_user(UserName="ana")["User"]
    assert (user["UserId"], user["CreateDate"]) == ("AIDAYF5JKDJQAAAAAAAAA", created)
    assert user["Tags"] == [{"Key": "Owner", "Value": "ana@example.com"}]


def test_list_users_omits_tags(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana", tags={"Owner": "ana@example.com"})
    assert all("Tags" not in user for user in aws.role("iam").list_users()["Users"])


def test_list_users_comes_in_pages_without_loss_or_repetition(sandbox: Sandbox, aws: Aws) -> None:
    for number in range(25):
        sandbox.seed.user(ACCOUNT, f"user-{number:02}")
    iam = aws.role("iam")
    first = iam.list_users(MaxItems=10)
    assert (len(first["Users"]), first["IsTruncated"]) == (10, True)
    names = [
        u["UserName"]
        for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 10})
        for u in page["Users"]
    ]
    assert names == sorted(["etl", *(f"user-{number:02}" for number in range(25))])


def test_a_page_of_keys_ends_with_a_marker(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.key(ACCOUNT, "etl", "AKIAYF5JKDJQ3WCJSTBX")
    iam = aws.role("iam")
    first = iam.list_access_keys(UserName="etl", MaxItems=1)
    second = iam.list_access_keys(UserName="etl", MaxItems=1, Marker=first["Marker"])
    shown = [page["AccessKeyMetadata"][0]["AccessKeyId"] for page in (first, second)]
    assert sorted(shown) == ["AKIAYF5JKDJQ3WCJSTBX", KEY]
    assert second["IsTruncated"] is False


def test_a_third_key_exceeds_the_limit(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.create_access_key(UserName="etl")
    assert refused(iam.create_access_key, UserName="etl") == "LimitExceeded"


@pytest.mark.parametrize("status", ["inactive", "Disabled", "Expired"])
def test_a_status_that_is_none_is_refused(sandbox: Sandbox, aws: Aws, refused: Refused, status: str) -> None:
    iam = aws.role("iam")
    assert refused(iam.update_access_key, UserName="etl", AccessKeyId=KEY, Status=status) == "ValidationError"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


def test_a_key_is_not_found_under_another_user(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    iam = aws.role("iam")
    assert refused(iam.delete_access_key, UserName="ana", AccessKeyId=KEY) == "NoSuchEntity"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


def test_a_user_manages_his_own_keys_without_naming_himself(aws: Aws) -> None:
    assert aws.key("iam").list_access_keys()["AccessKeyMetadata"][0]["AccessKeyId"] == KEY


def test_a_role_must_name_the_user(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    assert refused(iam.update_access_key, AccessKeyId=KEY, Status="Inactive") == "ValidationError"
    assert refused(iam.list_access_keys) == "ValidationError"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


def test_a_deleted_key_is_gone(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.delete_access_key(UserName="etl", AccessKeyId=KEY)
    assert sandbox.key_status(ACCOUNT, KEY) is None
    assert iam.list_access_keys(UserName="etl")["AccessKeyMetadata"] == []
    assert refused(iam.delete_access_key, UserName="etl", AccessKeyId=KEY) == "NoSuchEntity"


def test_a_new_key_works_and_is_named_by_its_user(aws: Aws) -> None:
    made = aws.role("iam").create_access_key(UserName="etl")["AccessKey"]
    assert aws.with_credentials("sts", made).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/etl"


def test_the_account_summary_counts_users(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    assert aws.role("iam").get_account_summary()["SummaryMap"]["Users"] == 2


def test_accounts_do_not_see_each_other(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.account(OTHER, "data-platform")
    iam = aws.role("iam", OTHER)
    assert iam.list_users()["Users"] == []
    assert refused(iam.update_access_key, UserName="etl", AccessKeyId=KEY, Status="Inactive") == "NoSuchEntity"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


def test_a_user_keeps_the_mfa_devices_that_were_seeded(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "virtual", mfa="Virtual")
    sandbox.seed.user(ACCOUNT, "hard", mfa="Hardware")
    iam = aws.role("iam")
    device = iam.list_mfa_devices(UserName="virtual")["MFADevices"][0]["SerialNumber"]
    assert device == f"arn:aws:iam::{ACCOUNT}:mfa/virtual"
    assert len(iam.list_mfa_devices(UserName="hard")["MFADevices"]) == 1
    assert iam.list_mfa_devices(UserName="etl")["MFADevices"] == []


def test_a_password_shows_as_a_login_profile_and_its_last_use(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    used = datetime(2025, 10, 20, 0, 11, 2, tzinfo=UTC)
    sandbox.seed.user(ACCOUNT, "ana", password=True, password_last_used=used)
    iam = aws.role("iam")
    assert iam.get_login_profile(UserName="ana")["LoginProfile"]["UserName"] == "ana"
    assert iam.get_user(UserName="ana")["User"]["PasswordLastUsed"] == used
    assert refused(iam.get_login_profile, UserName="etl") == "NoSuchEntity"


def test_a_boundary_is_shown_by_get_user_only(aws: Aws) -> None:
    iam = aws.role("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.put_user_permissions_boundary(UserName="etl", PermissionsBoundary=arn)
    assert iam.get_user(UserName="etl")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    iam.delete_user_permissions_boundary(UserName="etl")
    assert "PermissionsBoundary" not in iam.get_user(UserName="etl")["User"]


def test_a_leaked_keys_user_bears_aws_quarantine_policy(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.quarantine(ACCOUNT, "etl")
    (attached,) = aws.role("iam").list_attached_user_policies(UserName="etl")["AttachedPolicies"]
    assert attached["PolicyArn"] == "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
    assert refused(aws.key("iam").create_user, UserName="mallory") == "AccessDenied"


def test_the_enabled_regions_are_the_configured_ones(aws: Aws) -> None:
    ec2 = aws.role("ec2")
    assert [found["RegionName"] for found in ec2.describe_regions()["Regions"]] == [
        "us-east-1",
        "eu-west-1",
        "sa-east-1",
    ]
    everything = {
        found["RegionName"]: found["OptInStatus"] for found in ec2.describe_regions(AllRegions=True)["Regions"]
    }
    assert everything["af-south-1"] == "not-opted-in"


def test_the_security_contact_of_an_account_is_told(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.account(OTHER, "data-platform", alternate_contact="security@example.com")
    contact = aws.role("account", OTHER).get_alternate_contact(AlternateContactType="SECURITY")
    assert contact["AlternateContact"]["EmailAddress"] == "security@example.com"
    call = aws.role("account").get_alternate_contact
    assert refused(call, AlternateContactType="SECURITY") == "ResourceNotFoundException"


def test_the_management_account_lists_the_organisation_in_pages(sandbox: Sandbox, aws: Aws) -> None:
    for number in range(30):
        sandbox.seed.account(f"{number:012}", f"account-{number}")
    client = aws.home("organizations")
    pages = [page["Accounts"] for page in client.get_paginator("list_accounts").paginate()]
    names = {account["Id"]: account["Name"] for page in pages for account in page}
    assert [len(page) for page in pages] == [20, 12]
    assert names[ACCOUNT] == "prod-payments"


def test_a_member_account_does_not_list_the_organisation(aws: Aws, refused: Refused) -> None:
    assert refused(aws.role("organizations").list_accounts) == "AccessDeniedException"


def test_an_operation_that_is_not_built_is_refused_in_good_form(aws: Aws, refused: Refused) -> None:
    assert refused(aws.role("cloudtrail").list_dashboards) == "NotImplemented"
