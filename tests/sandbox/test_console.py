"""People sign in to the console; the password's last use and the trail tell so."""

import json
from datetime import timedelta
from typing import Any

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Events


def record(event: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(event["CloudTrailEvent"])
    return shown


def test_signing_in_moves_the_passwords_last_use(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    iam = aws.role("iam")
    assert "PasswordLastUsed" not in iam.get_user(UserName="ana")["User"]
    clock.advance(timedelta(hours=1))
    assert sandbox.console.sign_in(ACCOUNT, "ana").ok
    assert aws.role("iam").get_user(UserName="ana")["User"]["PasswordLastUsed"] == clock.now()


def test_a_sign_in_is_an_event_of_us_east_1_under_the_users_name(sandbox: Sandbox, events: Events) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    sandbox.console.sign_in(ACCOUNT, "ana")
    (event,) = events(Username="ana")
    shown = record(event)
    assert (event["EventName"], event["EventSource"]) == ("ConsoleLogin", "signin.amazonaws.com")
    assert (shown["eventType"], shown["awsRegion"]) == ("AwsConsoleSignIn", "us-east-1")
    assert shown["responseElements"] == {"ConsoleLogin": "Success"}
    assert shown["additionalEventData"]["MFAUsed"] == "No"
    assert (shown["userIdentity"]["type"], shown["userIdentity"]["userName"]) == ("IAMUser", "ana")
    assert "accessKeyId" not in shown["userIdentity"]
    assert events("eu-west-1", Username="ana") == []


def test_who_has_a_device_signs_in_with_it(sandbox: Sandbox, events: Events) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True, mfa="Virtual")
    sandbox.console.sign_in(ACCOUNT, "ana")
    (event,) = events(EventName="ConsoleLogin")
    assert record(event)["additionalEventData"]["MFAUsed"] == "Yes"


def test_without_a_password_the_sign_in_fails_and_is_logged(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    assert sandbox.console.sign_in(ACCOUNT, "etl").error == "SignInFailure"
    (event,) = events(Username="etl")
    assert record(event)["responseElements"] == {"ConsoleLogin": "Failure"}
    assert record(event)["errorMessage"] == "Failed authentication"
    assert "PasswordLastUsed" not in aws.role("iam").get_user(UserName="etl")["User"]


def test_a_name_that_nobody_has_is_hidden_in_the_trail(sandbox: Sandbox, events: Events) -> None:
    assert not sandbox.console.sign_in(ACCOUNT, "hunter2").ok
    (event,) = events(EventName="ConsoleLogin")
    assert "hunter2" not in json.dumps(record(event)["userIdentity"]["userName"])
    assert event["Username"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_what_is_done_in_the_console_is_marked_so(sandbox: Sandbox, events: Events) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    sandbox.console.sign_in(ACCOUNT, "ana")
    assert sandbox.console.call(ACCOUNT, "ana", service="iam", operation="ListUsers").ok
    (event,) = events(EventName="ListUsers")
    assert record(event)["sessionCredentialFromConsole"] == "true"
    assert (event["Username"], event["AccessKeyId"][:4]) == ("ana", "ASIA")


def test_a_user_enrols_a_device_himself(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    sandbox.console.sign_in(ACCOUNT, "ana")
    assert sandbox.console.enrol_mfa(ACCOUNT, "ana").ok
    (device,) = aws.role("iam").list_mfa_devices(UserName="ana")["MFADevices"]
    assert device["SerialNumber"] == f"arn:aws:iam::{ACCOUNT}:mfa/ana"
    made = [done.operation for done in sandbox.mutations()]
    assert made == ["CreateVirtualMFADevice", "EnableMFADevice"]


def test_a_device_that_was_left_behind_stops_the_enrolment(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    aws.role("iam").create_virtual_mfa_device(VirtualMFADeviceName="ana")
    sandbox.console.sign_in(ACCOUNT, "ana")
    assert sandbox.console.enrol_mfa(ACCOUNT, "ana").error == "EntityAlreadyExists"


def test_signing_in_is_no_mutation(sandbox: Sandbox) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    sandbox.console.sign_in(ACCOUNT, "ana")
    assert sandbox.mutations() == ()
