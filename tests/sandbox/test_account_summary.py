"""The account's summary tells of its root user, counts what is there, and names the quotas."""

import csv

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws


def test_a_root_user_has_mfa_and_no_keys_unless_something_else_is_said(aws: Aws) -> None:
    summary = aws.role("iam").get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (1, 0)


def test_a_root_user_without_mfa_and_with_keys_shows(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.root(ACCOUNT, mfa=False, access_keys=True)
    summary = aws.role("iam").get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (0, 1)
    sandbox.seed.root(ACCOUNT)
    summary = aws.role("iam").get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (1, 0)


def test_the_credential_report_says_the_same_of_the_root_user(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.root(ACCOUNT, mfa=False, access_keys=True)
    iam = aws.role("iam")
    iam.generate_credential_report()
    row = next(csv.DictReader(iam.get_credential_report()["Content"].decode().splitlines()))
    assert (row["user"], row["mfa_active"], row["access_key_1_active"]) == ("<root_account>", "false", "true")


def test_users_groups_roles_and_devices_are_counted(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    sandbox.seed.everything(ACCOUNT, "ana")
    summary = aws.role("iam").get_account_summary()["SummaryMap"]
    counted = {
        name: summary[name] for name in ("Users", "Groups", "Roles", "Policies", "MFADevices", "MFADevicesInUse")
    }
    assert counted == {"Users": 2, "Groups": 2, "Roles": 1, "Policies": 2, "MFADevices": 2, "MFADevicesInUse": 2}


def test_the_quotas_are_aws_defaults(aws: Aws) -> None:
    summary = aws.role("iam").get_account_summary()["SummaryMap"]
    names = ("UsersQuota", "AccessKeysPerUserQuota", "UserPolicySizeQuota", "GroupsPerUserQuota")
    assert [summary[name] for name in names] == [5000, 2, 2048, 10]
