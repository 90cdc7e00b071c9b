"""What a live scan calls, for the permissions, which are had without boto3."""

from dataclasses import dataclass

from iamflow.domain.scope import AccountScope


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanReads:
    """The actions of a live scan, beside those of every reading."""

    of_users: tuple[str, ...] = ("iam:ListServiceSpecificCredentials",)
    """What can be limited to users (Service Authorization Reference, IAM)."""
    of_accounts: tuple[str, ...] = ("iam:GenerateCredentialReport", "iam:GetCredentialReport")
    of_organisation: tuple[str, ...] = ("organizations:DescribeOrganization", "organizations:ListAccounts")
    """What is needed in one account only: the management account, or one that administration was delegated to."""


def scan_reads(scope: AccountScope) -> ScanReads:
    """Return what a scan needs where the settings choose accounts like this."""
    more: tuple[str, ...] = ()
    if scope.units:
        more += ("organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent")
    if scope.by_tags:
        more += ("organizations:ListTagsForResource",)
    return ScanReads(of_organisation=ScanReads().of_organisation + more)
