"""A page of the trail is whole and understood, or an error."""

import json
from datetime import timedelta

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.evidence import Attribute, TrailQuery
from iamflow.domain.ids import Region
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, START, Opener
from tests.aws.scripted import Reply, Scripted

US, EU = Region("us-east-1"), Region("eu-west-1")
LOOKUP = (ACCOUNT, US, "cloudtrail", "LookupEvents")


def query(clock: VirtualClock) -> TrailQuery:
    return TrailQuery(
        attribute=Attribute.ACCESS_KEY_ID,
        value=KEY,
        start=START - timedelta(days=1),
        end=clock.now() + timedelta(hours=1),
    )


def page(*events: object, **more: str) -> Reply:
    return Reply(
        body=json.dumps({"Events": list(events), **more}), headers={"Content-Type": "application/x-amz-json-1.1"}
    )


def event(record: object, **more: object) -> dict[str, object]:
    told = record if isinstance(record, str) else json.dumps(record)
    return {"EventId": "e-1", "EventName": "ListBuckets", "EventTime": 1795507200, "CloudTrailEvent": told, **more}


RECORD = {"eventName": "ListBuckets", "eventSource": "s3.amazonaws.com", "awsRegion": "us-east-1"}


def test_all_pages_together_hold_every_event_once(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    made = [sandbox.use_key(KEY, service="s3", operation="ListBuckets").request_id for _ in range(60)]
    clock.advance(timedelta(minutes=6))
    first = cloud.look_up(ACCOUNT, US, query(clock))
    second = cloud.look_up(ACCOUNT, US, query(clock), first.token)
    assert (len(first.events), second.token) == (50, None)
    assert sorted(str(found.request_id) for found in (*first.events, *second.events)) == sorted(map(str, made))


def test_an_event_identifies_the_application(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.use_key(
        KEY, service="dynamodb", operation="ListTables", region=EU, source_ip="198.51.100.9", user_agent="etl/2"
    )
    clock.advance(timedelta(minutes=6))
    (found,) = cloud.look_up(ACCOUNT, EU, query(clock)).events
    assert (found.at, found.region, found.source, found.name) == (START, EU, "dynamodb.amazonaws.com", "ListTables")
    assert (found.access_key_id, found.username, found.source_ip) == (KEY, "etl", "198.51.100.9")
    assert (found.user_agent or "").startswith("etl/2")
    assert found.principal == f"arn:aws:iam::{ACCOUNT}:user/etl"


@pytest.mark.parametrize(
    "broken",
    [
        event("not json"),
        event("[]"),
        event("null"),
        event("{}"),
        event({"eventSource": "x"}, EventName=None),
        event(RECORD, EventTime=None),
        event(RECORD, EventId=None),
        {"EventId": "e-1", "EventName": "x", "EventTime": 1795507200},
    ],
)
def test_an_event_that_cannot_be_understood_is_never_left_out(
    scripted: Scripted, scripted_cloud: AwsCloud, clock: VirtualClock, broken: dict[str, object]
) -> None:
    scripted.on(
        "LookupEvents", page(event(RECORD), {name: value for name, value in broken.items() if value is not None})
    )
    with pytest.raises(TemporaryError, match="LookupEvents"):
        scripted_cloud.look_up(ACCOUNT, US, query(clock))


@pytest.mark.parametrize("body", ["{}", "", "[]", '{"Events": null}', '{"Events": 3}'])
def test_a_page_without_a_list_of_events_is_an_error(
    scripted: Scripted, scripted_cloud: AwsCloud, clock: VirtualClock, body: str
) -> None:
    scripted.on("LookupEvents", Reply(body=body, headers={"Content-Type": "application/x-amz-json-1.1"}))
    with pytest.raises(TemporaryError):
        scripted_cloud.look_up(ACCOUNT, US, query(clock))


def test_a_region_that_is_denied_names_both_remedies(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.faults.access_denied(service="cloudtrail", region=EU)
    with pytest.raises(BlockedError) as caught:
        cloud.look_up(ACCOUNT, EU, query(clock))
    assert caught.value.code == "region_denied"
    assert "allow cloudtrail:LookupEvents there" in str(caught.value)
    assert "aws.regions_excused: {eu-west-1: " in str(caught.value)
    assert cloud.look_up(ACCOUNT, US, query(clock)).events == ()


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "OptInRequired", "AccessDeniedException"])
def test_a_region_that_does_not_know_the_caller_is_denied(
    scripted: Scripted, scripted_cloud: AwsCloud, clock: VirtualClock, code: str
) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    scripted.on("LookupEvents", Reply(status=400, body=json.dumps({"__type": code, "message": "no"}), headers=headers))
    with pytest.raises(BlockedError) as caught:
        scripted_cloud.look_up(ACCOUNT, US, query(clock))
    assert caught.value.code == "region_denied"
    assert scripted.calls["LookupEvents"] == 1


def test_a_throttled_page_is_asked_for_again_in_a_later_turn(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock
) -> None:
    sandbox.faults.throttle(times=2, service="cloudtrail")
    cloud.look_up(ACCOUNT, US, query(clock))
    assert clock.now() - START == timedelta(seconds=2)


def test_a_trail_that_stays_throttled_is_tried_later(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.faults.throttle(service="cloudtrail")
    with pytest.raises(TemporaryError, match="put off"):
        cloud.look_up(ACCOUNT, US, query(clock))


def test_a_region_that_is_down_is_tried_later(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.faults.region_down(EU)
    with pytest.raises(TemporaryError):
        cloud.look_up(ACCOUNT, EU, query(clock))


def test_the_budget_holds_for_the_calls_that_aws_sees(opened: Opener, sandbox: Sandbox, clock: VirtualClock) -> None:
    cloud = opened(AwsSettings(trail_lookups_per_second=0.5))
    for _ in range(5):
        cloud.look_up(ACCOUNT, US, query(clock))
    assert sandbox.calls()[LOOKUP] == 5
    assert clock.now() - START == timedelta(seconds=8)
