"""Every accepted management call becomes an event where, and as, AWS would log it."""

import json
from datetime import UTC, datetime
from typing import Any

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def record(event: dict[str, Any]) -> Any:
    return json.loads(event["CloudTrailEvent"])


def test_an_applications_call_tells_who_where_from_and_with_what(sandbox: Sandbox, events: Events) -> None:
    sandbox.use_key(
        KEY,
        service="dynamodb",
        operation="ListTables",
        region="eu-west-1",
        source_ip="192.0.2.44",
        user_agent="nightly/2",
    )
    assert events(AccessKeyId=KEY) == []
    (event,) = events(region="eu-west-1", AccessKeyId=KEY)
    told = record(event)
    assert (event["EventName"], event["EventSource"], event["Username"]) == (
        "ListTables",
        "dynamodb.amazonaws.com",
        "etl",
    )
    assert event["EventTime"] == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert (told["awsRegion"], told["sourceIPAddress"]) == ("eu-west-1", "192.0.2.44")
    assert told["userAgent"].startswith("nightly/2")
    assert told["userIdentity"]["accessKeyId"] == KEY
    assert told["userIdentity"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/etl"
    assert (told["eventTime"], told["readOnly"], told["recipientAccountId"]) == ("2026-11-24T08:00:00Z", True, ACCOUNT)


def test_iam_is_logged_in_us_east_1_wherever_it_was_signed_for(aws: Aws, events: Events) -> None:
    aws.role("iam", region="eu-west-1").tag_user(UserName="etl", Tags=[{"Key": "Team", "Value": "data"}])
    assert [event["EventName"] for event in events(EventName="TagUser")] == ["TagUser"]


def test_a_regional_sts_call_is_logged_in_its_region(sandbox: Sandbox, events: Events) -> None:
    sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity", region="sa-east-1")
    assert events(AccessKeyId=KEY) == []
    assert len(events(region="sa-east-1", AccessKeyId=KEY)) == 1


def test_a_mutation_names_its_user_and_key_as_resources(aws: Aws, events: Events) -> None:
    aws.role("iam", name="iamflow-1-7").update_access_key(UserName="etl", AccessKeyId=KEY, Status="Inactive")
    (by_key,), (by_user,) = events(ResourceName=KEY), events(ResourceName="etl")
    assert by_key["EventId"] == by_user["EventId"]
    assert by_key["Username"] == "iamflow-1-7"
    assert {"ResourceType": "AWS::IAM::AccessKey", "ResourceName": KEY} in by_key["Resources"]
    assert {"ResourceType": "AWS::IAM::User", "ResourceName": "etl"} in by_key["Resources"]
    told = record(by_key)
    assert told["requestParameters"] == {"userName": "etl", "accessKeyId": KEY, "status": "Inactive"}
    assert told["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "iamflow"


def test_a_call_by_a_deleted_keys_user_stays_under_the_key(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    sandbox.use_key(KEY)
    aws.role("iam").delete_access_key(UserName="etl", AccessKeyId=KEY)
    assert [event["EventName"] for event in events(AccessKeyId=KEY)] == ["ListBuckets"]
    assert [event["EventName"] for event in events(ResourceName=KEY)] == ["DeleteAccessKey"]


def test_a_new_keys_secret_is_not_in_the_trail(aws: Aws, events: Events) -> None:
    made = aws.role("iam").create_access_key(UserName="etl")["AccessKey"]
    (event,) = events(EventName="CreateAccessKey")
    assert made["SecretAccessKey"] not in event["CloudTrailEvent"]
    assert record(event)["responseElements"]["accessKey"]["accessKeyId"] == made["AccessKeyId"]
    assert {"ResourceType": "AWS::IAM::AccessKey", "ResourceName": made["AccessKeyId"]} in event["Resources"]


def test_passwords_and_tokens_are_not_in_the_trail(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    aws.role("iam").create_login_profile(UserName="ana", Password="correct-Horse-7")
    session = aws.key("sts").get_session_token()["Credentials"]
    text = json.dumps(events(), default=str)
    assert "correct-Horse-7" not in text
    assert session["SecretAccessKey"] not in text
    assert session["SessionToken"] not in text


def test_a_failed_call_is_logged_with_its_error(aws: Aws, refused: Refused, events: Events) -> None:
    refused(aws.role("iam").delete_access_key, UserName="etl", AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    told = record(events(EventName="DeleteAccessKey")[0])
    assert told["errorCode"] == "NoSuchEntity"
    assert told["requestParameters"]["accessKeyId"] == "AKIAIOSFODNN7EXAMPLE"


def test_motos_own_errors_are_logged_too(aws: Aws, refused: Refused, events: Events) -> None:
    refused(aws.role("iam").get_user, UserName="nobody")
    assert record(events(EventName="GetUser")[0])["errorCode"] == "NoSuchEntity"


def test_an_assumed_role_is_logged_in_both_accounts(aws: Aws, clock: VirtualClock) -> None:
    assumed = aws.assumed(name="iamflow-1-9")
    clock.sleep(600)
    found = {}
    for place, client in (("home", aws.home("cloudtrail")), ("target", aws.role("cloudtrail"))):
        asked = [{"AttributeKey": "ResourceName", "AttributeValue": assumed["AccessKeyId"]}]
        found[place] = client.lookup_events(LookupAttributes=asked)["Events"][0]
    assert found["home"]["Username"] == "iamflow-host"
    assert record(found["target"])["userIdentity"]["type"] == "AWSAccount"


def test_a_person_is_seen_as_the_session_of_his_sign_in(sandbox: Sandbox, events: Events) -> None:
    new = sandbox.owner.create_key(ACCOUNT, "etl")
    (event,) = events(ResourceName=new)
    assert (event["EventName"], event["Username"]) == ("CreateAccessKey", "owner@example.com")


def test_data_calls_are_not_management_events(aws: Aws, events: Events) -> None:
    s3 = aws.key("s3")
    s3.create_bucket(Bucket="letters")
    s3.put_object(Bucket="letters", Key="a", Body=b"hello")
    assert [event["EventName"] for event in events(AccessKeyId=KEY)] == ["CreateBucket"]
