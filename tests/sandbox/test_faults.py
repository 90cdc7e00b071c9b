"""What is switched on goes wrong as it does in AWS, where it was scoped to, and no longer than asked for."""

from datetime import timedelta

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, HTTPClientError

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"
LOST = (ConnectionClosedError, EndpointConnectionError, HTTPClientError)
OFF = {"UserName": "etl", "AccessKeyId": KEY, "Status": "Inactive"}


@pytest.mark.parametrize(
    ("called", "code"),
    [
        (("iam", "list_users"), "Throttling"),
        (("cloudtrail", "lookup_events"), "ThrottlingException"),
        (("ec2", "describe_regions"), "RequestLimitExceeded"),
        (("s3", "list_buckets"), "SlowDown"),
    ],
)
def test_throttling_comes_in_the_services_own_code(
    sandbox: Sandbox, aws: Aws, refused: Refused, called: tuple[str, str], code: str
) -> None:
    call = getattr(aws.role(called[0]), called[1])
    with sandbox.faults.throttle(service=called[0]):
        assert refused(call) == code
    call()


def test_a_throttled_mutation_has_no_effect(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    sandbox.faults.throttle(operation="UpdateAccessKey", times=1)
    assert refused(iam.update_access_key, **OFF) == "Throttling"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"
    iam.update_access_key(**OFF)
    assert sandbox.key_status(ACCOUNT, KEY) == "Inactive"


def test_a_fault_lasts_for_its_number_of_calls(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    fault = sandbox.faults.throttle(service="iam", times=2)
    assert [refused(iam.list_users), refused(iam.list_users)] == ["Throttling", "Throttling"]
    iam.list_users()
    assert fault.hits == 2


def test_a_connection_lost_before_the_effect_changes_nothing(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    sandbox.faults.timeout_before(operation="UpdateAccessKey", times=1)
    with pytest.raises(LOST):
        iam.update_access_key(**OFF)
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"
    assert sandbox.mutations() == ()


def test_a_connection_lost_after_the_effect_has_changed_it(sandbox: Sandbox, aws: Aws, events: Events) -> None:
    iam = aws.role("iam")
    sandbox.faults.timeout_after(operation="UpdateAccessKey", times=1)
    with pytest.raises(LOST):
        iam.update_access_key(**OFF)
    assert sandbox.key_status(ACCOUNT, KEY) == "Inactive"
    assert [(made.operation, made.error) for made in sandbox.mutations()] == [("UpdateAccessKey", None)]
    assert len(events(EventName="UpdateAccessKey")) == 1


def test_a_client_goes_on_after_a_lost_connection(sandbox: Sandbox, aws: Aws) -> None:
    iam = aws.role("iam")
    sandbox.faults.timeout_before(service="iam", times=1)
    with pytest.raises(LOST):
        iam.list_users()
    assert iam.list_users()["Users"]


def test_a_denied_call_has_no_effect_and_is_in_the_trail(
    sandbox: Sandbox, aws: Aws, refused: Refused, events: Events
) -> None:
    iam = aws.role("iam")
    with sandbox.faults.access_denied(account=ACCOUNT, operation="UpdateAccessKey"):
        assert refused(iam.update_access_key, **OFF) == "AccessDenied"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"
    assert len(events(EventName="UpdateAccessKey")) == 1


def test_a_server_error_has_no_effect(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    sandbox.faults.server_error(operation="UpdateAccessKey", times=1)
    assert refused(iam.update_access_key, **OFF) == "ServiceFailure"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


def test_a_region_that_is_down_answers_nothing_and_the_others_do(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    down, up = aws.role("cloudtrail", region="eu-west-1"), aws.role("cloudtrail", region="sa-east-1")
    with sandbox.faults.region_down("eu-west-1"):
        assert refused(down.lookup_events) == "ServiceUnavailableException"
        up.lookup_events()
    down.lookup_events()


def test_a_single_service_of_a_region_can_be_down(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    trail, iam = aws.role("cloudtrail"), aws.role("iam")
    with sandbox.faults.region_down("us-east-1", service="cloudtrail"):
        assert refused(trail.lookup_events) == "ServiceUnavailableException"
        iam.list_users()


def test_a_fault_spares_other_accounts_and_services(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.faults.throttle(account="896592267449")
    sandbox.faults.throttle(service="ec2")
    sandbox.faults.throttle(operation="ListRoles")
    sandbox.faults.throttle(region="eu-west-1")
    assert aws.role("iam").list_users()["Users"]


def test_everything_works_again_once_faults_are_cleared(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.faults.throttle()
    sandbox.faults.clear()
    assert aws.role("iam").list_users()["Users"]


def test_a_stale_read_shows_the_status_before_the_change(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    iam = aws.role("iam")
    sandbox.faults.stale_reads(timedelta(seconds=10))

    def shown() -> str:
        return str(iam.list_access_keys(UserName="etl")["AccessKeyMetadata"][0]["Status"])

    iam.update_access_key(**OFF)
    assert (shown(), sandbox.key_status(ACCOUNT, KEY)) == ("Active", "Inactive")
    clock.advance(timedelta(seconds=10))
    assert shown() == "Inactive"


def test_a_stale_read_still_shows_a_deleted_key(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    iam = aws.role("iam")
    sandbox.faults.stale_reads(timedelta(seconds=10))
    iam.delete_access_key(UserName="etl", AccessKeyId=KEY)
    assert len(iam.list_access_keys(UserName="etl")["AccessKeyMetadata"]) == 1
    clock.advance(timedelta(seconds=10))
    assert iam.list_access_keys(UserName="etl")["AccessKeyMetadata"] == []


def test_a_stale_read_does_not_know_a_new_user_yet(
    sandbox: Sandbox, aws: Aws, clock: VirtualClock, refused: Refused
) -> None:
    iam = aws.role("iam")
    sandbox.faults.stale_reads(timedelta(seconds=10))
    iam.create_user(UserName="new")
    assert refused(iam.get_user, UserName="new") == "NoSuchEntity"
    clock.advance(timedelta(seconds=10))
    assert iam.get_user(UserName="new")


def test_a_deactivation_arrives_late_in_a_slow_region(sandbox: Sandbox, clock: VirtualClock, events: Events) -> None:
    sandbox.faults.propagation("eu-west-1", timedelta(seconds=90))
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY, region="us-east-1").error == "InvalidAccessKeyId"
    clock.advance(timedelta(seconds=89))
    assert sandbox.use_key(KEY, region="eu-west-1").ok
    clock.advance(timedelta(seconds=1))
    assert sandbox.use_key(KEY, region="eu-west-1").error == "InvalidAccessKeyId"
    assert len(events(region="eu-west-1", AccessKeyId=KEY)) == 1


def test_the_delay_counts_from_the_last_deactivation(sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.faults.propagation("eu-west-1", timedelta(seconds=90))
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    clock.advance(timedelta(hours=1))
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY, region="eu-west-1").ok


def test_a_straggler_in_a_slow_region_moves_the_last_use(sandbox: Sandbox, aws: Aws, clock: VirtualClock) -> None:
    sandbox.faults.propagation("eu-west-1", timedelta(minutes=2))
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    clock.advance(timedelta(minutes=1))
    sandbox.use_key(KEY, region="eu-west-1")
    used = aws.role("iam").get_access_key_last_used(AccessKeyId=KEY)["AccessKeyLastUsed"]
    assert (used["Region"], used["LastUsedDate"]) == ("eu-west-1", clock.now())


@pytest.mark.parametrize("times", [0, -1])
def test_a_fault_for_no_call_at_all_is_a_mistake(sandbox: Sandbox, times: int) -> None:
    with pytest.raises(ValueError, match="at least one call"):
        sandbox.faults.throttle(times=times)


def test_a_late_reader_sees_the_groups_of_a_user_all_the_same(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.group(ACCOUNT, "etl", "staff")
    iam = aws.role("iam")
    with sandbox.faults.stale_reads(timedelta(minutes=1)):
        iam.tag_user(UserName="etl", Tags=[{"Key": "Team", "Value": "data"}])
        assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="etl")["Groups"]] == ["staff"]


def test_an_entity_that_cannot_be_changed_for_now_is_not_changed(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    sandbox.faults.unmodifiable(operation="UpdateAccessKey", times=1)
    sandbox.faults.concurrent_change(operation="UpdateAccessKey", times=1)
    assert refused(iam.update_access_key, **OFF) == "EntityTemporarilyUnmodifiable"
    assert refused(iam.update_access_key, **OFF) == "ConcurrentModification"
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"
    iam.update_access_key(**OFF)
    assert sandbox.key_status(ACCOUNT, KEY) == "Inactive"
