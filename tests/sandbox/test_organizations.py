"""AWS Organizations answers the management account as AWS does: the tree, its policies, their limits, in pages."""

import json
from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Events, Refused

ROOT = "r-exam"
SCP = "SERVICE_CONTROL_POLICY"
DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


@pytest.fixture(name="org")
def _org(aws: Aws) -> Any:
    return aws.home("organizations")


def made(org: Any, name: str = "deny") -> str:
    answer = org.create_policy(Name=name, Description="no buckets", Type=SCP, Content=DENY)
    return str(answer["Policy"]["PolicySummary"]["Id"])


def all_of(org: Any, operation: str, key: str, **parameters: Any) -> list[Any]:
    """Follow the tokens three at a time."""
    token: dict[str, str] = {}
    found: list[Any] = []
    while True:
        page = getattr(org, operation)(MaxResults=3, **parameters, **token)
        assert len(page[key]) <= 3
        found += page[key]
        if "NextToken" not in page:
            return found
        token = {"NextToken": page["NextToken"]}


def test_the_tree_is_listed_downwards_and_upwards_in_pages(sandbox: Sandbox, org: Any) -> None:
    units = [sandbox.seed.unit(f"unit-{number}") for number in range(7)]
    for number in range(8):
        sandbox.seed.account(f"{number:012}", f"account-{number}", unit=units[0])
    listed = all_of(org, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=ROOT)
    assert sorted(unit["Id"] for unit in listed) == sorted(units)
    children = all_of(org, "list_children", "Children", ParentId=ROOT, ChildType="ORGANIZATIONAL_UNIT")
    assert sorted(child["Id"] for child in children) == sorted(units)
    accounts = all_of(org, "list_accounts_for_parent", "Accounts", ParentId=units[0])
    assert [account["Name"] for account in accounts] == [f"account-{number}" for number in range(8)]
    assert len(all_of(org, "list_accounts", "Accounts")) == 10
    assert org.list_parents(ChildId="000000000003")["Parents"] == [{"Id": units[0], "Type": "ORGANIZATIONAL_UNIT"}]
    assert org.list_parents(ChildId=units[0])["Parents"] == [{"Id": ROOT, "Type": "ROOT"}]


def test_accounts_have_states_and_tags(sandbox: Sandbox, org: Any, refused: Refused) -> None:
    sandbox.seed.account_tags(ACCOUNT, {"env": "prod", "owner": "payments"})
    sandbox.seed.account_state(ACCOUNT, "CLOSED")
    (told,) = [account for account in all_of(org, "list_accounts", "Accounts") if account["Id"] == ACCOUNT]
    assert (told["State"], told["Status"]) == ("CLOSED", "SUSPENDED")
    tags = all_of_tags(org, ACCOUNT)
    assert tags == {"env": "prod", "owner": "payments"}
    assert refused(org.list_tags_for_resource, ResourceId="000000000000") == "TargetNotFoundException"


def all_of_tags(org: Any, account: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in org.list_tags_for_resource(ResourceId=account)["Tags"]}


def test_the_root_tells_that_control_policies_are_enabled(org: Any) -> None:
    (root,) = org.list_roots()["Roots"]
    assert (root["Id"], root["PolicyTypes"]) == (ROOT, [{"Type": SCP, "Status": "ENABLED"}])
    assert org.describe_organization()["Organization"]["FeatureSet"] == "ALL"


def test_full_access_is_attached_everywhere_at_first(sandbox: Sandbox, org: Any) -> None:
    unit = sandbox.seed.unit("workloads")
    for target in (ROOT, unit, ACCOUNT):
        (policy,) = org.list_policies_for_target(TargetId=target, Filter=SCP)["Policies"]
        assert (policy["Name"], policy["AwsManaged"]) == ("FullAWSAccess", True)


def test_a_policy_is_created_attached_detached_and_deleted(org: Any, refused: Refused) -> None:
    identifier = made(org)
    described = org.describe_policy(PolicyId=identifier)["Policy"]
    assert (described["Content"], described["PolicySummary"]["Description"]) == (DENY, "no buckets")
    org.attach_policy(PolicyId=identifier, TargetId=ACCOUNT)
    org.attach_policy(PolicyId=identifier, TargetId=ROOT)
    targets = all_of(org, "list_targets_for_policy", "Targets", PolicyId=identifier)
    assert sorted((target["TargetId"], target["Type"]) for target in targets) == [(ACCOUNT, "ACCOUNT"), (ROOT, "ROOT")]
    assert refused(org.delete_policy, PolicyId=identifier) == "PolicyInUseException"
    for target in (ACCOUNT, ROOT):
        org.detach_policy(PolicyId=identifier, TargetId=target)
    org.delete_policy(PolicyId=identifier)
    assert refused(org.describe_policy, PolicyId=identifier) == "PolicyNotFoundException"


def test_what_is_attached_or_detached_already_is_refused(org: Any, refused: Refused) -> None:
    identifier = made(org)
    assert refused(org.detach_policy, PolicyId=identifier, TargetId=ACCOUNT) == "PolicyNotAttachedException"
    org.attach_policy(PolicyId=identifier, TargetId=ACCOUNT)
    assert refused(org.attach_policy, PolicyId=identifier, TargetId=ACCOUNT) == "DuplicatePolicyAttachmentException"
    assert refused(org.attach_policy, PolicyId=identifier, TargetId="999999999999") == "TargetNotFoundException"
    assert refused(org.attach_policy, PolicyId="p-none1234", TargetId=ACCOUNT) == "PolicyNotFoundException"


def test_a_target_bears_five_policies_at_most_and_one_at_least(org: Any) -> None:
    error = org.exceptions.ConstraintViolationException
    with pytest.raises(error) as fewest:
        org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=ACCOUNT)
    for number in range(4):
        org.attach_policy(PolicyId=made(org, f"deny-{number}"), TargetId=ACCOUNT)
    with pytest.raises(error) as most:
        org.attach_policy(PolicyId=made(org), TargetId=ACCOUNT)
    reasons = [caught.value.response["Reason"] for caught in (fewest, most)]
    assert reasons == ["MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"]


def test_a_policy_has_a_name_of_its_own_a_document_and_a_size(org: Any, refused: Refused) -> None:
    made(org)
    create = {"Description": "", "Type": SCP}
    assert refused(org.create_policy, Name="deny", Content=DENY, **create) == "DuplicatePolicyException"
    assert refused(org.create_policy, Name="x", Content="{}", **create) == "MalformedPolicyDocumentException"
    assert refused(org.create_policy, Name="x", Content=DENY + " " * 5120, **create) == "ConstraintViolationException"


def test_aws_own_policy_cannot_be_changed(org: Any, refused: Refused) -> None:
    assert refused(org.delete_policy, PolicyId="p-FullAWSAccess") == "InvalidInputException"
    assert refused(org.update_policy, PolicyId="p-FullAWSAccess", Content=DENY) == "InvalidInputException"


def test_nothing_is_attached_while_the_type_is_disabled(org: Any, refused: Refused) -> None:
    identifier = made(org)
    org.disable_policy_type(RootId=ROOT, PolicyType=SCP)
    assert org.list_roots()["Roots"][0]["PolicyTypes"] == []
    assert refused(org.attach_policy, PolicyId=identifier, TargetId=ROOT) == "PolicyTypeNotEnabledException"
    assert refused(org.disable_policy_type, RootId=ROOT, PolicyType=SCP) == "PolicyTypeNotEnabledException"
    org.enable_policy_type(RootId=ROOT, PolicyType=SCP)
    org.attach_policy(PolicyId=identifier, TargetId=ROOT)


def test_a_parent_or_child_that_does_not_exist_is_refused(org: Any, refused: Refused) -> None:
    assert refused(org.list_accounts_for_parent, ParentId="ou-exam-nothing1") == "ParentNotFoundException"
    assert refused(org.list_children, ParentId=ACCOUNT, ChildType="ACCOUNT") == "ParentNotFoundException"
    assert refused(org.list_parents, ChildId="999999999999") == "ChildNotFoundException"
    assert refused(org.describe_account, AccountId="999999999999") == "AccountNotFoundException"


def test_a_unit_is_created_once_and_accounts_are_moved_into_it(org: Any, refused: Refused) -> None:
    unit = org.create_organizational_unit(ParentId=ROOT, Name="sandbox")["OrganizationalUnit"]["Id"]
    again = refused(org.create_organizational_unit, ParentId=ROOT, Name="sandbox")
    assert again == "DuplicateOrganizationalUnitException"
    org.move_account(AccountId=ACCOUNT, SourceParentId=ROOT, DestinationParentId=unit)
    assert [account["Id"] for account in org.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [ACCOUNT]
    named = {"AccountId": ACCOUNT, "SourceParentId": ROOT, "DestinationParentId": unit}
    assert refused(org.move_account, **named) == "SourceParentNotFoundException"


def test_only_the_management_account_may_ask(aws: Aws, refused: Refused) -> None:
    member = aws.role("organizations")
    assert refused(member.list_roots) == "AccessDeniedException"
    assert refused(member.attach_policy, PolicyId="p-FullAWSAccess", TargetId=ROOT) == "AccessDeniedException"
    assert member.describe_organization()["Organization"]["Id"] == "o-exampleorgid"


def test_changes_are_in_the_proof_and_in_the_management_accounts_trail(
    sandbox: Sandbox, aws: Aws, events: Events
) -> None:
    home = sandbox.settings.home_account
    org = aws.role("organizations", home, region="us-east-1", name="iamflow-1-9")
    identifier = made(org)
    org.attach_policy(PolicyId=identifier, TargetId=ACCOUNT)
    told = [(done.operation, done.session_name, done.error) for done in sandbox.mutations()]
    assert told == [("CreatePolicy", "iamflow-1-9", None), ("AttachPolicy", "iamflow-1-9", None)]
    assert events(EventName="AttachPolicy") == []
    found = aws.home("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AttachPolicy"}]
    )
    (event,) = found["Events"]
    assert (event["EventSource"], event["Username"]) == ("organizations.amazonaws.com", "iamflow-1-9")
