"""MFA devices are made, enabled, deactivated and deleted in IAM's order."""

from typing import Any

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Events, Refused

CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/etl"


def enrolled(iam: Any, user: str = "etl") -> str:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]
    iam.enable_mfa_device(UserName=user, SerialNumber=made["SerialNumber"], **CODES)
    return str(made["SerialNumber"])


def test_a_device_is_listed_once_it_is_enabled(aws: Aws) -> None:
    iam = aws.role("iam")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="etl")
    assert iam.list_mfa_devices(UserName="etl")["MFADevices"] == []
    iam.enable_mfa_device(UserName="etl", SerialNumber=SERIAL, **CODES)
    (device,) = iam.list_mfa_devices(UserName="etl")["MFADevices"]
    assert (device["UserName"], device["SerialNumber"]) == ("etl", SERIAL)


def test_the_seed_of_a_virtual_device_is_shown_once(aws: Aws) -> None:
    iam = aws.role("iam")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="etl")["VirtualMFADevice"]
    assert made["Base32StringSeed"]
    (listed,) = iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert listed == {"SerialNumber": SERIAL}


def test_virtual_devices_are_told_apart_by_being_assigned(aws: Aws) -> None:
    iam = aws.role("iam")
    enrolled(iam)
    iam.create_virtual_mfa_device(VirtualMFADeviceName="spare")
    (assigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    (spare,) = iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    assert (assigned["SerialNumber"], assigned["User"]["UserName"]) == (SERIAL, "etl")
    assert spare["SerialNumber"].endswith(":mfa/spare")


def test_a_virtual_device_is_deleted_only_after_it_was_deactivated(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    enrolled(iam)
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=SERIAL) == "DeleteConflict"
    iam.deactivate_mfa_device(UserName="etl", SerialNumber=SERIAL)
    iam.delete_virtual_mfa_device(SerialNumber=SERIAL)
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=SERIAL) == "NoSuchEntity"


def test_a_deactivated_device_keeps_its_name_until_it_is_deleted(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    enrolled(iam)
    iam.deactivate_mfa_device(UserName="etl", SerialNumber=SERIAL)
    assert refused(iam.create_virtual_mfa_device, VirtualMFADeviceName="etl") == "EntityAlreadyExists"
    iam.delete_virtual_mfa_device(SerialNumber=SERIAL)
    assert enrolled(iam) == SERIAL


def test_a_virtual_device_left_behind_does_not_block_the_users_deletion(aws: Aws) -> None:
    iam = aws.role("iam")
    iam.create_user(UserName="ana")
    serial = enrolled(iam, "ana")
    iam.deactivate_mfa_device(UserName="ana", SerialNumber=serial)
    iam.delete_user(UserName="ana")
    (left,) = iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert left == {"SerialNumber": serial}


def test_a_device_serves_one_user_only(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    iam = aws.role("iam")
    enrolled(iam)
    assert refused(iam.enable_mfa_device, UserName="ana", SerialNumber=SERIAL, **CODES) == "EntityAlreadyExists"
    assert refused(iam.deactivate_mfa_device, UserName="ana", SerialNumber=SERIAL) == "NoSuchEntity"


def test_a_virtual_device_that_was_never_made_is_not_enabled(aws: Aws, refused: Refused) -> None:
    assert refused(aws.role("iam").enable_mfa_device, UserName="etl", SerialNumber=SERIAL, **CODES) == "NoSuchEntity"


def test_a_hardware_device_needs_no_making(aws: Aws) -> None:
    iam = aws.role("iam")
    iam.enable_mfa_device(UserName="etl", SerialNumber="GAHT12345678", **CODES)
    assert [device["SerialNumber"] for device in iam.list_mfa_devices(UserName="etl")["MFADevices"]] == ["GAHT12345678"]
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_the_same_code_twice_is_no_proof_of_a_device(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="etl")
    same = {"AuthenticationCode1": "123456", "AuthenticationCode2": "123456"}
    assert refused(iam.enable_mfa_device, UserName="etl", SerialNumber=SERIAL, **same) == "InvalidAuthenticationCode"
    word = {**CODES, "AuthenticationCode2": "wrong"}
    assert refused(iam.enable_mfa_device, UserName="etl", SerialNumber=SERIAL, **word) == "ValidationError"


def test_a_user_has_eight_devices_at_most(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    for number in range(8):
        iam.enable_mfa_device(UserName="etl", SerialNumber=f"GAHT0000000{number}", **CODES)
    assert refused(iam.enable_mfa_device, UserName="etl", SerialNumber="GAHT00000009", **CODES) == "LimitExceeded"


def test_enrolling_shows_in_the_trail_by_the_users_name_and_without_codes(aws: Aws, events: Events) -> None:
    enrolled(aws.role("iam"))
    (event,) = events(EventName="EnableMFADevice")
    assert {"ResourceType": "AWS::IAM::User", "ResourceName": "etl"} in event["Resources"]
    assert "123456" not in event["CloudTrailEvent"].replace(ACCOUNT, "")


def test_a_device_is_found_by_its_serial_number(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    assert refused(iam.get_mfa_device, SerialNumber=SERIAL) == "NoSuchEntity"
    iam.create_virtual_mfa_device(VirtualMFADeviceName="etl")
    assert "UserName" not in iam.get_mfa_device(SerialNumber=SERIAL)
    iam.enable_mfa_device(UserName="etl", SerialNumber=SERIAL, **CODES)
    assert iam.get_mfa_device(SerialNumber=SERIAL)["UserName"] == "etl"
    assert refused(iam.get_mfa_device, SerialNumber=SERIAL, UserName="ana") == "NoSuchEntity"
