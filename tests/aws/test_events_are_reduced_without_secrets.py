"""An event record becomes what evidence needs, wherever AWS chose to write it; nothing else of it is kept."""

import json
from datetime import UTC, datetime

import pytest

from iamflow.aws.events import parsed
from iamflow.domain.evidence import TrailEvent

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEY = "AKIAYF5JKDJQS3LDLOIV"
CALLER = "arn:aws:iam::562458925665:user/ana"


def reduced(record: dict[str, object], **row: object) -> TrailEvent:
    full = {"eventName": "UpdateAccessKey", "eventSource": "iam.amazonaws.com", "eventID": "e-1", **record}
    told = {"EventId": "e-1", "EventTime": AT, "CloudTrailEvent": json.dumps(full), **row}
    return parsed(told, "us-east-1")


def test_a_status_change_names_its_key_its_user_and_the_new_status() -> None:
    event = reduced({"requestParameters": {"userName": "etl", "accessKeyId": KEY, "status": "Active"}})
    assert (event.target_key_id, event.target_user, event.new_status) == (KEY, "etl", "Active")


def test_a_new_key_is_found_in_the_answer() -> None:
    made = {"accessKey": {"accessKeyId": KEY, "userName": "etl", "status": "Active"}}
    event = reduced({"eventName": "CreateAccessKey", "requestParameters": None, "responseElements": made})
    assert (event.target_key_id, event.target_user, event.new_status) == (KEY, "etl", None)


@pytest.mark.parametrize(
    "where", ["user etl", "arn:aws:iam::562458925665:user/etl", "arn:aws-cn:iam::562458925665:user/a/b/etl"]
)
@pytest.mark.parametrize("why", ["", " because no identity-based policy allows it", " with an explicit deny"])
def test_a_denied_change_names_its_user_in_the_message_only(where: str, why: str) -> None:
    said = f"User: {CALLER} is not authorized to perform: iam:UpdateAccessKey on resource: {where}{why}"
    event = reduced({"requestParameters": None, "errorCode": "AccessDenied", "errorMessage": said})
    assert (event.target_user, event.target_key_id, event.error_code) == ("etl", None, "AccessDenied")


def test_the_resources_help_where_the_parameters_are_missing() -> None:
    rows = [
        {"ResourceType": "AWS::IAM::AccessKey", "ResourceName": KEY},
        {"ResourceType": "AWS::IAM::User", "ResourceName": "arn:aws:iam::562458925665:user/etl"},
        {"ResourceType": "AWS::IAM::User", "ResourceName": "etl"},
    ]
    event = reduced({"eventName": "DeleteAccessKey", "requestParameters": None}, Resources=rows)
    assert (event.target_key_id, event.target_user) == (KEY, "etl")


def test_other_calls_have_no_target() -> None:
    event = reduced({"eventName": "GetUser", "requestParameters": {"userName": "etl", "accessKeyId": KEY}})
    assert (event.target_key_id, event.target_user) == (None, None)


def test_a_minted_session_is_known_by_its_key_id_and_not_by_its_secret() -> None:
    given = {"accessKeyId": "ASIAMINTED", "secretAccessKey": "hush", "sessionToken": "hush-token"}
    event = reduced({"eventName": "GetSessionToken", "responseElements": {"credentials": given}})
    assert event.minted_key_id == "ASIAMINTED"
    assert "hush" not in repr(event)


def test_secrets_in_parameters_and_answers_stay_behind() -> None:
    event = reduced(
        {
            "eventName": "CreateAccessKey",
            "requestParameters": {"userName": "etl", "password": "hush"},
            "responseElements": {"accessKey": {"accessKeyId": KEY, "secretAccessKey": "hush"}},
            "additionalEventData": {"token": "hush"},
        }
    )
    assert "hush" not in repr(event)


@pytest.mark.parametrize(
    ("record", "console"),
    [
        ({"sessionCredentialFromConsole": "true"}, True),
        ({"sessionCredentialFromConsole": True}, True),
        ({"sessionCredentialFromConsole": "false"}, False),
        ({"eventName": "ConsoleLogin"}, True),
        ({"eventType": "AwsConsoleSignIn"}, True),
        ({"eventType": "AwsApiCall"}, False),
        ({}, False),
    ],
)
def test_console_sessions_are_told_apart(record: dict[str, object], console: bool) -> None:
    assert reduced(record).console is console


def test_the_caller_is_told_from_the_identity() -> None:
    who = {"type": "IAMUser", "arn": CALLER, "accessKeyId": "AKIACALLER", "userName": "ana"}
    event = reduced({"userIdentity": who, "sourceIPAddress": "192.0.2.1", "userAgent": "cli", "requestID": "r-1"})
    assert (event.principal, event.access_key_id, event.username) == (CALLER, "AKIACALLER", "ana")
    assert (event.source_ip, event.user_agent, event.request_id) == ("192.0.2.1", "cli", "r-1")


def test_a_session_name_is_the_username_of_the_row() -> None:
    event = reduced({"userIdentity": {"type": "AssumedRole"}}, Username="iamflow-local-12")
    assert event.username == "iamflow-local-12"


@pytest.mark.parametrize("odd", [None, 3, [], ["x"], "text", True])
def test_fields_of_an_odd_shape_are_not_known(odd: object) -> None:
    event = reduced(
        {
            "userIdentity": odd, "requestParameters": odd, "responseElements": odd, "sourceIPAddress": {"odd": odd},
            "eventSource": [odd],
        },
        Resources=odd,
    )  # fmt: skip
    assert (event.target_key_id, event.principal, event.source_ip, event.source) == (None, None, None, "unknown")
    assert event.region == "us-east-1"
