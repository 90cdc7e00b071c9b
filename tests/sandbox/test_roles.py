"""Roles, instance profiles and identity providers come and go as in IAM, and a role's use is seen."""

import json
from datetime import timedelta
from typing import Any

import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, KEY, Aws, Refused

GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
BUCKETS = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def trust(service: str = "ec2.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(name="iam")
def _iam(aws: Aws) -> Any:
    return aws.role("iam")


def test_a_role_is_created_with_path_tags_and_trust(iam: Any) -> None:
    tags = [{"Key": "iamflow:ticket", "Value": "7"}]
    iam.create_role(RoleName="app", Path="/iamflow/", AssumeRolePolicyDocument=trust(), Tags=tags)
    role = iam.get_role(RoleName="app")["Role"]
    assert (role["Arn"], role["RoleId"][:4]) == (f"arn:aws:iam::{ACCOUNT}:role/iamflow/app", "AROA")
    assert (role["Tags"], role["RoleLastUsed"]) == (tags, {})
    assert role["AssumeRolePolicyDocument"] == json.loads(trust())


@pytest.mark.parametrize(
    "document", ["no json", "{}", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}']
)
def test_a_trust_policy_that_is_none_is_refused(iam: Any, refused: Refused, document: str) -> None:
    named = {"RoleName": "app", "AssumeRolePolicyDocument": document}
    assert refused(iam.create_role, **named) == "MalformedPolicyDocument"
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust())
    call = iam.update_assume_role_policy
    assert refused(call, RoleName="app", PolicyDocument=document) == "MalformedPolicyDocument"


def test_a_role_is_deleted_last(iam: Any, refused: Refused) -> None:
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust())
    assert refused(iam.create_role, RoleName="app", AssumeRolePolicyDocument=trust()) == "EntityAlreadyExists"
    iam.put_role_policy(RoleName="app", PolicyName="buckets", PolicyDocument=BUCKETS)
    iam.attach_role_policy(RoleName="app", PolicyArn=read_only)
    iam.create_instance_profile(InstanceProfileName="app")
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    for clear in (
        lambda: iam.remove_role_from_instance_profile(InstanceProfileName="app", RoleName="app"),
        lambda: iam.detach_role_policy(RoleName="app", PolicyArn=read_only),
        lambda: iam.delete_role_policy(RoleName="app", PolicyName="buckets"),
    ):
        assert refused(iam.delete_role, RoleName="app") == "DeleteConflict"
        clear()
    iam.delete_role(RoleName="app")
    assert refused(iam.get_role, RoleName="app") == "NoSuchEntity"


def test_an_instance_profile_holds_one_role_and_is_deleted_empty(iam: Any, refused: Refused) -> None:
    made = iam.create_instance_profile(InstanceProfileName="app")["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA")
    for name in ("app", "other"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    add = iam.add_role_to_instance_profile
    assert refused(add, InstanceProfileName="app", RoleName="other") == "LimitExceeded"
    assert refused(iam.delete_instance_profile, InstanceProfileName="app") == "DeleteConflict"
    (listed,) = iam.list_instance_profiles_for_role(RoleName="app")["InstanceProfiles"]
    assert listed["InstanceProfileName"] == "app"
    iam.remove_role_from_instance_profile(InstanceProfileName="app", RoleName="app")
    iam.delete_instance_profile(InstanceProfileName="app")
    assert refused(iam.get_instance_profile, InstanceProfileName="app") == "NoSuchEntity"


def test_an_identity_provider_is_created_once_given_clients_and_deleted(iam: Any, refused: Refused) -> None:
    named = {"Url": "https://token.actions.githubusercontent.com", "ClientIDList": ["sts.amazonaws.com"]}
    assert iam.create_open_id_connect_provider(**named)["OpenIDConnectProviderArn"] == GITHUB
    assert refused(iam.create_open_id_connect_provider, **named) == "EntityAlreadyExists"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB, ClientID="other")
    read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB)
    assert (read["Url"], read["ClientIDList"]) == (
        "token.actions.githubusercontent.com", ["sts.amazonaws.com", "other"],
    )  # fmt: skip
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB, ClientID="other")
    for _ in range(2):  # deleting again is no error, says AWS
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=GITHUB)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    call = iam.get_open_id_connect_provider
    assert refused(call, OpenIDConnectProviderArn=GITHUB) == "NoSuchEntity"


def test_a_roles_use_moves_its_last_use(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    aws.role("iam").create_role(RoleName="app", AssumeRolePolicyDocument=trust())
    clock.advance(timedelta(minutes=5))
    assert sandbox.use_role(ACCOUNT, "app", region="eu-west-1").ok
    used = aws.role("iam").get_role(RoleName="app")["Role"]["RoleLastUsed"]
    assert used == {"LastUsedDate": clock.now(), "Region": "eu-west-1"}


def test_a_service_that_the_role_does_not_trust_cannot_use_it(sandbox: Sandbox, iam: Any) -> None:
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    assert sandbox.use_role(ACCOUNT, "app").error == "AccessDenied"
    assert sandbox.use_role(ACCOUNT, "app", through="lambda.amazonaws.com").ok
    assert iam.get_role(RoleName="app")["Role"]["RoleLastUsed"]["Region"] == "us-east-1"


def test_a_role_may_do_only_what_its_policies_allow(sandbox: Sandbox, iam: Any) -> None:
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="app", PolicyName="buckets", PolicyDocument=BUCKETS)
    assert sandbox.use_role(ACCOUNT, "app").ok
    outcome = sandbox.use_role(ACCOUNT, "app", service="dynamodb", operation="ListTables")
    assert outcome.error == "AccessDeniedException"


def test_a_role_is_assumed_across_accounts(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.account("896592267449", "data-platform")
    iam = aws.role("iam", "896592267449")
    named = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/etl"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [named]})
    arn = iam.create_role(RoleName="shared", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    made = aws.key("sts", KEY).assume_role(RoleArn=arn, RoleSessionName="etl")["Credentials"]
    assert aws.with_credentials("sts", made).get_caller_identity()["Account"] == "896592267449"
    call = aws.home("sts").assume_role
    assert refused(call, RoleArn=arn, RoleSessionName="etl") == "AccessDenied"
