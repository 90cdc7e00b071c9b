"""Policies and boundaries are attached, counted, measured and deleted as IAM does it."""

import json
from typing import Any

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Refused

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


def of_size(size: int, **layout: Any) -> str:
    """Return a document of that many characters, white space not counted."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:", "Resource": "*"}]}
    missing = size - len("".join(json.dumps(document).split()))
    document["Statement"] = [{"Effect": "Deny", "Action": "s3:" + "x" * missing, "Resource": "*"}]
    return json.dumps(document, **layout)


def test_attaching_twice_counts_once(sandbox: Sandbox, aws: Aws) -> None:
    arn = sandbox.seed.policy(ACCOUNT, "deny", DENY)
    iam = aws.role("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document)
    for _ in range(2):
        iam.attach_user_policy(UserName="etl", PolicyArn=arn)
        iam.attach_role_policy(RoleName="app", PolicyArn=READ_ONLY)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"] == 1


def test_an_attached_policy_lets_a_role_do_what_it_allows_and_no_more(sandbox: Sandbox, aws: Aws) -> None:
    only = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    arn = sandbox.seed.policy(ACCOUNT, "buckets", only)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = aws.role("iam")
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps({**only, "Statement": [trust]}))
    iam.attach_role_policy(RoleName="app", PolicyArn=arn)
    assert sandbox.use_role(ACCOUNT, "app").ok
    assert not sandbox.use_role(ACCOUNT, "app", service="dynamodb", operation="ListTables").ok


def test_detaching_what_is_not_attached_is_not_found(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    arn = sandbox.seed.policy(ACCOUNT, "deny", DENY)
    assert refused(aws.role("iam").detach_user_policy, UserName="etl", PolicyArn=arn) == "NoSuchEntity"


def test_aws_own_policies_are_there_to_be_attached_and_read(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.attach_user_policy(UserName="etl", PolicyArn=READ_ONLY)
    version = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=version)["PolicyVersion"]["Document"]
    assert document["Statement"]
    nothing = "arn:aws:iam::aws:policy/NoSuchPolicy"
    assert refused(iam.attach_user_policy, UserName="etl", PolicyArn=nothing) == "NoSuchEntity"


def test_attached_policies_and_groups_have_quotas_that_can_be_raised(
    sandbox: Sandbox, aws: Aws, refused: Refused
) -> None:
    iam = aws.role("iam")
    arns = [sandbox.seed.policy(ACCOUNT, f"deny-{number}", DENY) for number in range(11)]
    for number, arn in enumerate(arns[:10]):
        iam.attach_user_policy(UserName="etl", PolicyArn=arn)
        iam.create_group(GroupName=f"group-{number}")
        iam.add_user_to_group(GroupName=f"group-{number}", UserName="etl")
    iam.create_group(GroupName="group-10")
    assert refused(iam.attach_user_policy, UserName="etl", PolicyArn=arns[10]) == "LimitExceeded"
    assert refused(iam.add_user_to_group, GroupName="group-10", UserName="etl") == "LimitExceeded"
    sandbox.seed.quota(ACCOUNT, "AttachedPoliciesPerUserQuota", 20)
    iam.attach_user_policy(UserName="etl", PolicyArn=arns[10])
    assert iam.get_account_summary()["SummaryMap"]["AttachedPoliciesPerUserQuota"] == 20


def test_a_users_inline_policies_share_2048_characters_white_space_not_counted(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.put_user_policy(UserName="etl", PolicyName="one", PolicyDocument=of_size(1000, indent=40))
    iam.put_user_policy(UserName="etl", PolicyName="two", PolicyDocument=of_size(1048))
    iam.put_user_policy(UserName="etl", PolicyName="two", PolicyDocument=of_size(1048))
    named = {"UserName": "etl", "PolicyDocument": of_size(1049)}
    assert refused(iam.put_user_policy, PolicyName="two", **named) == "LimitExceeded"
    assert refused(iam.put_user_policy, PolicyName="three", **named) == "LimitExceeded"
    assert iam.list_user_policies(UserName="etl")["PolicyNames"] == ["one", "two"]


def test_a_policy_that_is_in_use_is_not_deleted(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    arn = sandbox.seed.policy(ACCOUNT, "deny", DENY)
    iam = aws.role("iam")
    iam.attach_user_policy(UserName="etl", PolicyArn=arn)
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    iam.detach_user_policy(UserName="etl", PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName="etl", PermissionsBoundary=arn)
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    iam.delete_user_permissions_boundary(UserName="etl")
    iam.delete_policy(PolicyArn=arn)
    assert refused(iam.get_policy, PolicyArn=arn) == "NoSuchEntity"


def test_a_policy_of_several_versions_is_not_deleted(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    arn = sandbox.seed.policy(ACCOUNT, "deny", DENY)
    iam = aws.role("iam")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(DENY), SetAsDefault=True)
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)


def test_a_boundary_names_a_policy_that_exists(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    nothing = f"arn:aws:iam::{ACCOUNT}:policy/none"
    assert refused(iam.put_user_permissions_boundary, UserName="etl", PermissionsBoundary=nothing) == "NoSuchEntity"
    assert refused(iam.create_user, UserName="ana", PermissionsBoundary=nothing) == "NoSuchEntity"
    assert refused(iam.delete_user_permissions_boundary, UserName="etl") == "NoSuchEntity"


def test_a_user_is_created_with_path_tags_and_boundary(aws: Aws) -> None:
    iam = aws.role("iam")
    tags = [{"Key": "Team", "Value": "data"}]
    iam.create_user(UserName="ana", Path="/staff/", Tags=tags, PermissionsBoundary=READ_ONLY)
    user = iam.get_user(UserName="ana")["User"]
    assert (user["Path"], user["Tags"], user["Arn"]) == ("/staff/", tags, f"arn:aws:iam::{ACCOUNT}:user/staff/ana")
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY


def test_a_name_is_taken_whatever_its_case(aws: Aws, refused: Refused) -> None:
    assert refused(aws.role("iam").create_user, UserName="ETL") == "EntityAlreadyExists"


def test_a_group_with_members_is_not_deleted(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="etl")
    assert refused(iam.delete_group, GroupName="staff") == "DeleteConflict"
    iam.remove_user_from_group(GroupName="staff", UserName="etl")
    iam.delete_group(GroupName="staff")
