"""A policy that names resources allows a call by what the call concerns in AWS: users, groups, roles, devices."""

import json
from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Refused

PREFIX = f"arn:aws:iam::{ACCOUNT}"
CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


def narrowed(aws: Aws, service: str, *resources: str, **condition: Any) -> Any:
    """Return a client whose session may do everything to these resources, and nothing else."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": list(resources), **condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return aws.with_credentials(service, aws.assumed(name="iamflow-1-7", Policy=policy))


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(autouse=True)
def _laid_out(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana", path="/staff/")
    sandbox.seed.group(ACCOUNT, "ana", "analysts")
    iam = aws.role("iam")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")
    iam.create_role(RoleName="app", Path="/iamflow/", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="app", Path="/iamflow/")
    iam.create_policy(PolicyName="deny", PolicyDocument=DENY)


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("user/staff/ana", "attach_user_policy", {"UserName": "ana", "PolicyArn": READ_ONLY}),
    ("user/staff/ana", "enable_mfa_device", {"UserName": "ana", "SerialNumber": f"{PREFIX}:mfa/ana", **CODES}),
    ("user/new", "create_user", {"UserName": "new"}),
    ("user/staff/new", "create_user", {"UserName": "new", "Path": "/staff/"}),
    ("group/analysts", "remove_user_from_group", {"UserName": "ana", "GroupName": "analysts"}),
    ("mfa/ana", "delete_virtual_mfa_device", {"SerialNumber": f"{PREFIX}:mfa/ana"}),
    ("mfa/new", "create_virtual_mfa_device", {"VirtualMFADeviceName": "new"}),
    ("policy/deny", "list_entities_for_policy", {"PolicyArn": f"{PREFIX}:policy/deny"}),
    ("policy/new", "create_policy", {"PolicyName": "new", "PolicyDocument": DENY}),
    ("role/iamflow/app", "attach_role_policy", {"RoleName": "app", "PolicyArn": READ_ONLY}),
    ("role/new", "create_role", {"RoleName": "new", "AssumeRolePolicyDocument": trust("ec2.amazonaws.com")}),
    ("instance-profile/iamflow/app", "get_instance_profile", {"InstanceProfileName": "app"}),
]


@pytest.mark.parametrize(("resource", "operation", "parameters"), CALLS, ids=lambda value: str(value)[:30])
def test_a_call_needs_the_resource_that_it_concerns(
    aws: Aws, refused: Refused, resource: str, operation: str, parameters: dict[str, Any]
) -> None:
    elsewhere = narrowed(aws, "iam", f"{PREFIX}:user/etl", f"{PREFIX}:role/other", f"{PREFIX}:group/other")
    assert refused(getattr(elsewhere, operation), **parameters) == "AccessDenied"
    assert getattr(narrowed(aws, "iam", f"{PREFIX}:{resource}"), operation)(**parameters)


def test_a_list_of_everything_needs_every_resource(aws: Aws, refused: Refused) -> None:
    assert refused(narrowed(aws, "iam", f"{PREFIX}:user/*").list_users) == "AccessDenied"
    assert narrowed(aws, "iam", "*").list_users()


def test_a_call_about_oneself_concerns_oneself_even_without_a_name(aws: Aws, refused: Refused) -> None:
    own = aws.key("iam")
    assert own.list_access_keys()["AccessKeyMetadata"]
    statement = {"Effect": "Deny", "Action": "iam:ListAccessKeys", "Resource": f"{PREFIX}:user/etl"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.role("iam").put_user_policy(UserName="etl", PolicyName="deny", PolicyDocument=document)
    assert refused(own.list_access_keys) == "AccessDenied"
    assert own.list_access_keys(UserName="ana")["AccessKeyMetadata"] == []


def test_handing_a_role_to_a_service_needs_permission_to_pass_it(aws: Aws, refused: Refused) -> None:
    role = f"{PREFIX}:role/iamflow/app"
    named = {"family": "etl", "taskRoleArn": role, "containerDefinitions": [{"name": "c", "image": "i", "memory": 9}]}
    other = narrowed(aws, "ecs", f"{PREFIX}:role/other")
    assert refused(other.register_task_definition, **named) == "AccessDeniedException"
    assert narrowed(aws, "ecs", role).register_task_definition(**named)


def test_a_role_may_be_passed_to_the_named_service_only(aws: Aws, refused: Refused) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    named = {"InstanceProfileName": "app", "RoleName": "app"}
    statements = [
        {"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": condition},
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    iam = aws.with_credentials("iam", aws.assumed(name="one", Policy=json.dumps(policy)))
    assert refused(iam.add_role_to_instance_profile, **named) == "AccessDenied"
    condition["StringEquals"]["iam:PassedToService"] = "ec2.amazonaws.com"
    iam = aws.with_credentials("iam", aws.assumed(name="two", Policy=json.dumps(policy)))
    assert iam.add_role_to_instance_profile(**named)


def test_associating_a_profile_passes_the_role_in_it(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    instance = sandbox.seed.instance(ACCOUNT, region="us-east-1", private_ip="10.0.3.7")
    aws.role("iam").add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    named = {"InstanceId": instance, "IamInstanceProfile": {"Name": "app"}}
    other = narrowed(aws, "ec2", f"{PREFIX}:role/other")
    assert refused(other.associate_iam_instance_profile, **named) == "UnauthorizedOperation"
    allowed = narrowed(aws, "ec2", f"{PREFIX}:role/iamflow/app")
    assert allowed.associate_iam_instance_profile(**named)
