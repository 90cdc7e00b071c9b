"""AssumeRole succeeds only for a role that exists and trusts the caller, and narrows as it was asked to."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings
from tests.sandbox.conftest import Aws, Events, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/iamflow"


def only_for(user: str, *actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": f"arn:aws:iam::{ACCOUNT}:user/{user}"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_session_is_in_the_roles_account_under_its_name(aws: Aws) -> None:
    shown = aws.role("sts", name="iamflow-1-42").get_caller_identity()
    assert shown["Account"] == ACCOUNT
    assert shown["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/iamflow/iamflow-1-42"
    assert shown["UserId"].endswith(":iamflow-1-42")


@pytest.mark.parametrize("arn", [f"arn:aws:iam::{ACCOUNT}:role/other", "arn:aws:iam::999999999999:role/iamflow"])
def test_a_role_that_does_not_exist_is_refused(aws: Aws, refused: Refused, arn: str) -> None:
    assert refused(aws.home("sts").assume_role, RoleArn=arn, RoleSessionName="x1") == "AccessDenied"


def test_a_role_that_does_not_trust_us_is_refused(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.role_trust(ACCOUNT, allowed=False)
    assert refused(aws.home("sts").assume_role, RoleArn=ROLE, RoleSessionName="x1") == "AccessDenied"
    sandbox.seed.role_trust(ACCOUNT, allowed=True)
    assert aws.assumed()["AccessKeyId"].startswith("ASIA")


def test_a_role_that_was_taken_away_is_refused(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.no_role(ACCOUNT)
    assert refused(aws.home("sts").assume_role, RoleArn=ROLE, RoleSessionName="x1") == "AccessDenied"


def test_a_user_of_another_account_is_not_trusted(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.account("896592267449", "data-platform")
    arn = "arn:aws:iam::896592267449:role/iamflow"
    assert refused(aws.key("sts").assume_role, RoleArn=arn, RoleSessionName="x1") == "AccessDenied"


def test_the_external_id_must_be_the_right_one(
    clock: VirtualClock, boto_session: boto3.Session, refused: Refused
) -> None:
    with Sandbox(clock=clock, settings=SandboxSettings(external_id="secret-handshake")) as sandbox:
        sandbox.seed.account(ACCOUNT, "prod")
        shown = sandbox.environment()
        sts: Any = boto_session.client(
            "sts", "us-east-1", endpoint_url=shown["AWS_ENDPOINT_URL"],
            aws_access_key_id=shown["AWS_ACCESS_KEY_ID"], aws_secret_access_key=shown["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        asked = {"RoleArn": ROLE, "RoleSessionName": "x1"}
        assert refused(sts.assume_role, **asked) == "AccessDenied"
        assert refused(sts.assume_role, **asked, ExternalId="guess") == "AccessDenied"
        assert sts.assume_role(**asked, ExternalId="secret-handshake")["Credentials"]
        sts.close()


def test_a_narrowed_session_may_act_on_its_own_user(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam", Policy=only_for("etl", "iam:UpdateAccessKey"))
    iam.update_access_key(UserName="etl", AccessKeyId=KEY, Status="Inactive")
    assert sandbox.key_status(ACCOUNT, KEY) == "Inactive"


def test_a_narrowed_session_may_not_touch_another_user(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    sandbox.seed.key(ACCOUNT, "ana", "AKIAYF5JKDJQ3WCJSTBX")
    iam = aws.role("iam", Policy=only_for("etl", "iam:UpdateAccessKey"))
    asked = {"UserName": "ana", "AccessKeyId": "AKIAYF5JKDJQ3WCJSTBX", "Status": "Inactive"}
    assert refused(iam.update_access_key, **asked) == "AccessDenied"
    assert sandbox.key_status(ACCOUNT, "AKIAYF5JKDJQ3WCJSTBX") == "Active"


def test_a_narrowed_session_may_not_do_anything_else(aws: Aws, refused: Refused) -> None:
    credentials = aws.assumed(Policy=only_for("etl", "iam:UpdateAccessKey"))
    iam = aws.with_credentials("iam", credentials)
    assert refused(iam.delete_access_key, UserName="etl", AccessKeyId=KEY) == "AccessDenied"
    assert refused(aws.with_credentials("cloudtrail", credentials).lookup_events) == "AccessDeniedException"
    assert refused(aws.with_credentials("ec2", credentials).describe_regions) == "UnauthorizedOperation"
    assert aws.with_credentials("sts", credentials).get_caller_identity()["Account"] == ACCOUNT


def test_a_narrowed_sessions_refusal_is_in_the_trail_without_parameters(
    aws: Aws, refused: Refused, events: Events
) -> None:
    iam = aws.role("iam", Policy=only_for("ana", "iam:*"))
    refused(iam.update_access_key, UserName="etl", AccessKeyId=KEY, Status="Inactive")
    event = json.loads(events(EventName="UpdateAccessKey")[0]["CloudTrailEvent"])
    assert event["errorCode"] == "AccessDenied"
    assert event["requestParameters"] is None
    assert f"on resource: arn:aws:iam::{ACCOUNT}:user/etl because no session policy allows" in event["errorMessage"]


def test_a_roles_own_policy_is_all_that_it_may_do(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.role_policy(ACCOUNT, {"Statement": {"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}})
    iam = aws.role("iam")
    assert iam.list_users()["Users"]
    assert refused(iam.update_access_key, UserName="etl", AccessKeyId=KEY, Status="Inactive") == "AccessDenied"


def test_a_session_ends_with_its_duration(aws: Aws, clock: VirtualClock, refused: Refused) -> None:
    sts = aws.role("sts", DurationSeconds=900)
    clock.advance(timedelta(seconds=899))
    assert sts.get_caller_identity()
    clock.advance(timedelta(seconds=1))
    assert refused(sts.get_caller_identity) == "ExpiredToken"


@pytest.mark.parametrize("seconds", [899, 3601])
def test_a_duration_outside_the_roles_limits_is_refused(aws: Aws, refused: Refused, seconds: int) -> None:
    asked = {"RoleArn": ROLE, "RoleSessionName": "x1", "DurationSeconds": seconds}
    assert refused(aws.home("sts").assume_role, **asked) == "ValidationError"


@pytest.mark.parametrize(("wrong", "code"), [("{", "MalformedPolicyDocument"), ("x" * 2049, "ValidationError")])
def test_a_session_policy_that_is_none_is_refused(aws: Aws, refused: Refused, wrong: str, code: str) -> None:
    assert refused(aws.home("sts").assume_role, RoleArn=ROLE, RoleSessionName="x1", Policy=wrong) == code


def test_a_session_name_with_a_space_is_refused(aws: Aws, refused: Refused) -> None:
    assert refused(aws.home("sts").assume_role, RoleArn=ROLE, RoleSessionName="a b") == "ValidationError"


def test_a_session_token_of_another_session_is_refused(aws: Aws, refused: Refused) -> None:
    one, other = aws.assumed(name="one"), aws.assumed(name="other")
    mixed = {**one, "SessionToken": other["SessionToken"]}
    assert refused(aws.with_credentials("sts", mixed).get_caller_identity) == "InvalidClientTokenId"
