"""LookupEvents finds by one attribute, newest first, in pages, late, and not too often."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.seed import PastCall
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def by_key(key: str = KEY) -> list[dict[str, str]]:
    return [{"AttributeKey": "AccessKeyId", "AttributeValue": key}]


@pytest.fixture
def trail(aws: Aws) -> Any:
    return aws.role("cloudtrail", name="reader")


@pytest.fixture
def past(sandbox: Sandbox, clock: VirtualClock) -> Callable[..., None]:
    """Seed a number of past calls, one a minute, the last one a minute ago."""

    def seed(number: int, **more: Any) -> None:
        for minutes in range(1, number + 1):
            at = clock.now() - timedelta(minutes=minutes)
            sandbox.seed.trail_event(PastCall(access_key_id=KEY, at=at, **more))

    return seed


def test_an_event_appears_only_after_the_delay(sandbox: Sandbox, trail: Any, clock: VirtualClock) -> None:
    sandbox.use_key(KEY)
    clock.advance(timedelta(minutes=5, seconds=-1))
    assert trail.lookup_events(LookupAttributes=by_key())["Events"] == []
    clock.advance(timedelta(seconds=1))
    assert len(trail.lookup_events(LookupAttributes=by_key())["Events"]) == 1


def test_a_seeded_event_is_found_at_once_with_its_facts(past: Callable[..., None], trail: Any) -> None:
    past(1, source="ec2.amazonaws.com", name="DescribeInstances", error_code="Client.UnauthorizedOperation")
    (event,) = trail.lookup_events(LookupAttributes=by_key())["Events"]
    assert (event["EventSource"], event["EventName"]) == ("ec2.amazonaws.com", "DescribeInstances")
    assert '"errorCode": "Client.UnauthorizedOperation"' in event["CloudTrailEvent"]


def test_pages_hold_50_events_newest_first_without_loss(
    past: Callable[..., None], trail: Any, clock: VirtualClock
) -> None:
    past(120)
    pages: list[list[dict[str, Any]]] = []
    token: dict[str, str] = {}
    while True:
        answer = trail.lookup_events(LookupAttributes=by_key(), **token)
        pages.append(answer["Events"])
        clock.sleep(1)
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    times = [event["EventTime"] for page in pages for event in page]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert times == sorted(times, reverse=True)
    assert len({event["EventId"] for page in pages for event in page}) == 120


def test_an_event_that_arrives_meanwhile_does_not_shift_the_pages(
    sandbox: Sandbox, past: Callable[..., None], trail: Any, clock: VirtualClock
) -> None:
    past(60)
    first = trail.lookup_events(LookupAttributes=by_key())
    sandbox.use_key(KEY)
    clock.advance(timedelta(minutes=6))
    second = trail.lookup_events(LookupAttributes=by_key(), NextToken=first["NextToken"])
    shown = [event["EventId"] for event in first["Events"] + second["Events"]]
    assert len(shown) == len(set(shown)) == 60


def test_a_token_goes_with_its_own_question(past: Callable[..., None], trail: Any, refused: Refused) -> None:
    past(60)
    token = trail.lookup_events(LookupAttributes=by_key())["NextToken"]
    assert refused(trail.lookup_events, NextToken=token) == "InvalidNextTokenException"


def test_a_made_up_token_is_refused(trail: Any, refused: Refused) -> None:
    assert refused(trail.lookup_events, NextToken="xyz") == "InvalidNextTokenException"


def test_the_window_of_time_bounds_the_events(past: Callable[..., None], trail: Any, clock: VirtualClock) -> None:
    past(10)
    start, end = clock.now() - timedelta(minutes=6), clock.now() - timedelta(minutes=3)
    found = trail.lookup_events(LookupAttributes=by_key(), StartTime=start, EndTime=end)["Events"]
    assert [(clock.now() - event["EventTime"]).total_seconds() / 60 for event in found] == [3, 4, 5, 6]


def test_a_window_that_ends_before_it_starts_is_refused(trail: Any, refused: Refused, clock: VirtualClock) -> None:
    asked = {"StartTime": clock.now(), "EndTime": clock.now() - timedelta(hours=1)}
    assert refused(trail.lookup_events, **asked) == "InvalidTimeRangeException"


def test_events_older_than_90_days_are_gone(sandbox: Sandbox, trail: Any, clock: VirtualClock) -> None:
    sandbox.seed.trail_event(PastCall(access_key_id=KEY, at=clock.now() - timedelta(days=91)))
    assert trail.lookup_events(LookupAttributes=by_key())["Events"] == []
    assert trail.lookup_events(LookupAttributes=by_key(), StartTime=clock.now() - timedelta(days=100))["Events"] == []


def test_two_attributes_are_one_too_many(trail: Any, refused: Refused) -> None:
    asked = [*by_key(), {"AttributeKey": "EventName", "AttributeValue": "ListBuckets"}]
    assert refused(trail.lookup_events, LookupAttributes=asked) == "InvalidLookupAttributesException"


def test_more_than_50_events_a_page_are_refused(trail: Any, refused: Refused) -> None:
    assert refused(trail.lookup_events, MaxResults=51) == "InvalidMaxResultsException"


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("EventName", "ListBuckets"), ("EventSource", "s3.amazonaws.com"), ("Username", "etl"),
        ("ReadOnly", "true"), ("AccessKeyId", KEY),
    ],
)  # fmt: skip
def test_an_event_is_found_by_each_of_its_attributes(
    past: Callable[..., None], trail: Any, attribute: str, value: str
) -> None:
    past(1)
    asked = [{"AttributeKey": attribute, "AttributeValue": value}]
    assert [event["EventName"] for event in trail.lookup_events(LookupAttributes=asked)["Events"]] == ["ListBuckets"]


def test_an_event_is_found_by_its_id(past: Callable[..., None], trail: Any) -> None:
    past(3)
    wanted = trail.lookup_events()["Events"][1]["EventId"]
    asked = [{"AttributeKey": "EventId", "AttributeValue": wanted}]
    assert [event["EventId"] for event in trail.lookup_events(LookupAttributes=asked)["Events"]] == [wanted]


def test_a_third_lookup_within_a_second_is_throttled(trail: Any, refused: Refused, clock: VirtualClock) -> None:
    trail.lookup_events()
    trail.lookup_events()
    assert refused(trail.lookup_events) == "ThrottlingException"
    clock.sleep(1)
    assert trail.lookup_events()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_each_account_and_region_has_its_own_budget(sandbox: Sandbox, aws: Aws, trail: Any) -> None:
    sandbox.seed.account("896592267449", "data-platform")
    others = [aws.role("cloudtrail", region="eu-west-1"), aws.role("cloudtrail", "896592267449")]
    for client in (trail, trail, *others):
        client.lookup_events()
    with pytest.raises(ClientError, match="ThrottlingException"):
        trail.lookup_events()


def test_lookups_stay_fast_with_a_hundred_thousand_events(sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.seed.user(ACCOUNT, "busy")
    sandbox.seed.key(ACCOUNT, "busy", "AKIAYF5JKDJQ3WCJSTBX")
    for second in range(100_000, 0, -1):
        at = clock.now() - timedelta(seconds=second)
        sandbox.seed.trail_event(PastCall(access_key_id="AKIAYF5JKDJQ3WCJSTBX", at=at))
    sandbox.seed.trail_event(PastCall(access_key_id=KEY, at=clock.now() - timedelta(days=1)))
    trail = sandbox._world.trail
    asked = {"LookupAttributes": by_key(), "EndTime": clock.now()}
    began = time.process_time()
    found = [trail.lookup(ACCOUNT, "us-east-1", asked, clock.now()).events for _ in range(200)]
    # Reading all events would take some 10 ms a lookup.
    assert time.process_time() - began < 0.5
    assert [len(events) for events in found] == [1] * 200
