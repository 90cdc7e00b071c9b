"""The organisation's accounts are listed whole, with what the settings choose by; whoever may not ask is told so."""

from typing import Any

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.permissions import policy_document
from iamflow.aws.roles import Role
from iamflow.aws.scan_permissions import ScanReads, scan_reads
from iamflow.domain.accounts import AccountPattern
from iamflow.domain.errors import BlockedError
from iamflow.domain.scope import AccountScope
from iamflow.sandbox.faults import Effect, Scope
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, USER, Opener

BY_EVERYTHING = scan_reads(
    AccountScope(include_patterns=(AccountPattern.read("ou:ou-ab12-11111111"), AccountPattern.read("tag:env")))
)


def test_every_page_is_read_with_states_units_and_tags(sandbox: Sandbox, cloud: AwsCloud) -> None:
    above = sandbox.seed.unit("above")
    below = sandbox.seed.unit("below", parent=above)
    for number in range(45):
        sandbox.seed.account(f"{number:012}", f"account {number}", unit=below if number % 2 else None)
    sandbox.seed.account_state("000000000003", "CLOSED")
    sandbox.seed.account_tags("000000000004", {"env": "prod", "owner": ""})
    listed = {one.account_id: one for one in cloud.organisation_accounts([above, below], tags=True)}
    assert len(listed) == 47
    assert listed["000000000003"].units == {above, below}
    assert not listed["000000000003"].active
    assert listed["000000000004"].units == set()
    assert listed["000000000004"].tags == {"env": "prod", "owner": ""}
    assert (listed[ACCOUNT].name, listed[ACCOUNT].active) == ("prod-payments", True)


def test_units_and_tags_are_asked_for_only_where_they_matter(sandbox: Sandbox, cloud: AwsCloud) -> None:
    cloud.organisation_accounts()
    assert {operation for _, _, service, operation in sandbox.calls() if service == "organizations"} == {"ListAccounts"}


def only_the_role_may(sandbox: Sandbox, document: Any) -> None:
    """Let the host list nothing itself, and iamflow's role in the home account do what the document allows."""
    home = sandbox.settings.home_account
    scope = Scope(account=home, service="organizations", operation="ListAccounts")
    sandbox.faults.switch_on(Effect.ACCESS_DENIED, scope, times=1)
    sandbox.seed.role_policy(home, document)


def test_where_the_host_may_not_ask_iamflows_role_in_the_management_account_does(
    sandbox: Sandbox, opened: Opener
) -> None:
    only_the_role_may(sandbox, policy_document((), Role.OBSERVER, scans=BY_EVERYTHING))
    unit = sandbox.seed.unit("unit")
    assert len(opened().organisation_accounts([unit], tags=True)) == 2


@pytest.mark.parametrize("left_out", BY_EVERYTHING.of_organisation)
def test_no_permission_to_list_accounts_is_superfluous(sandbox: Sandbox, opened: Opener, left_out: str) -> None:
    document: Any = policy_document((), Role.OBSERVER, scans=BY_EVERYTHING)
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != left_out]
    only_the_role_may(sandbox, document)
    with pytest.raises(BlockedError, match=left_out):
        opened().organisation_accounts([sandbox.seed.unit("unit")], tags=True)


def use_a_survey(cloud: AwsCloud) -> None:
    with cloud.survey(ACCOUNT) as survey:
        survey.report()
        survey.keys(USER)
        survey.last_use(USER, KEY)
        survey.service_credentials(USER)
        survey.account()


SURVEYING = (*ScanReads().of_users, *ScanReads().of_accounts, "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed")


@pytest.mark.parametrize("left_out", [None, *SURVEYING])
def test_the_observer_may_survey_and_needs_every_permission(
    sandbox: Sandbox, cloud: AwsCloud, left_out: str | None
) -> None:
    document: Any = policy_document((), Role.OBSERVER, scans=ScanReads())
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != left_out]
    sandbox.seed.role_policy(ACCOUNT, document)
    if left_out is None:
        use_a_survey(cloud)
        return
    with pytest.raises(BlockedError, match=left_out):
        use_a_survey(cloud)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OBSERVER])
def test_only_the_observer_scans(role: Role) -> None:
    assert "CredentialReport" not in str(policy_document((), role, scans=ScanReads()))
