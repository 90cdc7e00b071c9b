"""An object of a trail is read whole, in pieces, or it is an error: it is never taken for one that tells of nothing."""

import gzip
import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamflow.aws.delivered import extract as extracting
from iamflow.aws.delivered import records as reading
from iamflow.aws.delivered.cache import Extracts
from iamflow.aws.delivered.extract import Extract, extract
from iamflow.aws.delivered.names import Place, days, delivered_at, may_hold
from iamflow.aws.delivered.records import MalformedError, records
from iamflow.aws.settings import TrailBucket
from iamflow.domain.evidence import Attribute, TrailEvent, TrailQuery
from iamflow.domain.ids import Region
from tests.aws.conftest import ACCOUNT, KEY

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PLACE = Place(
    where=TrailBucket(bucket="org-trail", region=Region("eu-west-1"), prefix="logs/a", organization="o-abcde12345"),
    account_id=ACCOUNT,
    region=Region("us-east-1"),
)
USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/etl", "accessKeyId": KEY, "userName": "etl"}
ROLE = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/iamflow/etl", "accessKeyId": "ASIAROLE"}


def record(**more: object) -> dict[str, object]:
    return {
        "eventTime": "2026-11-24T08:00:00Z",
        "eventID": "e-1",
        "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets",
        "awsRegion": "us-east-1",
        "userIdentity": USER,
        "readOnly": True,
        "managementEvent": True,
        "eventCategory": "Management",
        **more,
    }


def packed(*rows: object) -> bytes:
    return gzip.compress(json.dumps({"Records": rows}).encode())


def in_pieces(content: bytes, size: int = 7) -> Iterable[bytes]:
    return (content[place : place + size] for place in range(0, len(content), size))


def found(kept: Extract, attribute: Attribute, value: str) -> list[TrailEvent]:
    day = timedelta(days=1)
    return list(kept.events(TrailQuery(attribute=attribute, value=value, start=AT - day, end=AT + day)))


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none()), max_size=5), st.integers(1, 50))
def test_records_are_the_same_however_their_bytes_come(rows: list[dict[str, object]], size: int) -> None:
    assert list(records(in_pieces(packed(*rows), size))) == rows


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_an_object_that_is_cut_off_anywhere_is_an_error(cut: int) -> None:
    content = packed(record(), record(eventID="e-2"))
    with pytest.raises(MalformedError):
        list(records(in_pieces(content[: cut % len(content)])))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"not json",
        b'{"Records": ',
        b'{"Records": {}}',
        b'{"Records": [1]}',
        b'{"Records": [null]}',
        b'{"Records": [{]}',
        b'{"Records": [{}',
        b'{"Records": []',
        b'{"Records": []} {"Records": []}',
        b'{"Records": [], "more": 1}',
        b'{"Others": []}',
        b"\xff\xfe",
        b'{"Records": [{"a": "\xff"}]}',
        b" " * 5_000,
        b'{"Records": [' + b'{"a":' * 100_000,
        b'{"Records": []}' + b" " * 5_000 + b"x",
    ],
    ids=lambda content: str(content[:24]),
)
def test_whatever_is_not_records_is_an_error(content: bytes) -> None:
    with pytest.raises(MalformedError):
        list(records([gzip.compress(content)]))


@pytest.mark.parametrize(
    "content",
    [b"", b"plain", packed(record()) + b"more", zlib.compress(b'{"Records": []}'), packed()[:-8] + b"\0" * 8],
    ids=["empty", "plain", "goes on", "zlib", "wrong checksum"],
)
def test_whatever_is_not_one_whole_gzip_file_is_an_error(content: bytes) -> None:
    with pytest.raises(MalformedError):
        list(records([content]))


def test_an_object_that_expands_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 2**20)
    bomb = gzip.compress(b'{"Records": [' + b" " * 2**22 + b"]}")
    assert len(bomb) < 2**13
    with pytest.raises(MalformedError, match="expands to more than 1 MiB"):
        list(records([bomb]))


def test_one_record_without_end_does_not_fill_the_memory() -> None:
    endless = gzip.compress(b'{"Records": [{"a": "' + b"a" * 2**23)
    with pytest.raises(MalformedError, match="has no end"):
        list(records([endless]))


@pytest.mark.parametrize(
    "broken", [{"eventTime": None}, {"eventTime": "yesterday"}, {"eventID": None}, {"eventName": 3}]
)
def test_a_record_that_is_no_event_is_never_left_out(broken: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        extract([record(), record(**broken)], "us-east-1")


def test_events_are_found_as_lookup_events_finds_them() -> None:
    asked = {"userName": "etl", "accessKeyId": KEY, "status": "Active"}
    change = record(eventSource="iam.amazonaws.com", eventName="UpdateAccessKey", readOnly=False)
    kept = extract([change | {"userIdentity": ROLE, "requestParameters": asked}], "us-east-1")
    for attribute, value in (
        (Attribute.RESOURCE_NAME, "etl"),
        (Attribute.RESOURCE_NAME, KEY),
        (Attribute.ACCESS_KEY_ID, "ASIAROLE"),
        (Attribute.USERNAME, "etl"),  # the role session's name
        (Attribute.EVENT_NAME, "UpdateAccessKey"),
    ):
        (event,) = found(kept, attribute, value)
        assert (event.at, event.target_user, event.new_status) == (AT, "etl", "Active")
    assert found(kept, Attribute.USERNAME, "iamflow") == []


def test_whoever_takes_a_role_is_found_by_the_roles_arn() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/etl"
    caller = {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}
    taken = record(eventSource="sts.amazonaws.com", eventName="AssumeRole", userIdentity=caller)
    for told in ({"requestParameters": {"roleArn": arn}}, {"resources": [{"ARN": arn, "type": "AWS::IAM::Role"}]}):
        assert found(extract([taken | told], "us-east-1"), Attribute.RESOURCE_NAME, arn)


def test_data_events_of_a_key_count_as_its_use() -> None:
    used = record(eventName="GetObject", eventCategory="Data", managementEvent=False, errorCode="AccessDenied")
    (event,) = found(extract([used], "us-east-1"), Attribute.ACCESS_KEY_ID, KEY)
    assert (event.name, event.error_code) == ("GetObject", "AccessDenied")


def test_what_roles_do_elsewhere_is_not_kept() -> None:
    kept = extract([record(userIdentity=ROLE), record(userIdentity={"type": "AWSService"})], "us-east-1")
    assert kept.names == frozenset()


def test_no_secret_and_nothing_unasked_stays_in_the_memory() -> None:
    answer = {"credentials": {"accessKeyId": "ASIAMINTED", "secretAccessKey": "hush", "sessionToken": "hush-token"}}
    kept = extract([record(eventName="GetSessionToken", responseElements=answer)], "us-east-1")
    told = zlib.decompress(kept.packed)
    assert b"ASIAMINTED" in told
    assert b"hush" not in told


@pytest.mark.parametrize(
    ("more", "shows"),
    [
        ({}, True),
        ({"readOnly": "true"}, True),
        ({"userIdentity": ROLE}, True),
        ({"readOnly": False}, False),
        ({"readOnly": None}, False),
        ({"eventCategory": "Data"}, False),
        ({"managementEvent": False}, False),
    ],
)
def test_only_a_management_event_that_read_shows_that_such_events_are_delivered(
    more: dict[str, object], shows: bool
) -> None:
    assert extract([record(**more)], "us-east-1").seen_until == (AT if shows else None)


def test_names_and_folders_are_those_that_cloudtrail_gives() -> None:
    folder = "logs/a/AWSLogs/o-abcde12345/562458925665/CloudTrail/us-east-1/2026/11/24/"
    assert PLACE.folder(AT.date()) == folder
    name = f"{folder}562458925665_CloudTrail_us-east-1_20261124T0810Z_Mu0KsOhtH1ar15ZZ.json.gz"
    assert delivered_at(name, PLACE) == AT + timedelta(minutes=10)
    for wrong in (
        name.replace("562458925665_", "111111111111_"),
        name.replace("_us-east-1_", "_eu-west-1_"),
        name.replace("20261124T", "20261324T"),
        name.removesuffix(".gz"),
        folder,
    ):
        assert delivered_at(wrong, PLACE) is None


def test_every_day_until_today_is_looked_through_since_delivery_may_be_late() -> None:
    found_days = list(days(AT - timedelta(days=2), AT))
    assert found_days == [(AT - timedelta(days=back)).date() for back in (2, 1, 0)]
    midnight = AT.replace(hour=0, minute=10)
    assert next(iter(days(midnight, midnight))) == (AT - timedelta(days=1)).date()


def test_what_was_delivered_before_holds_nothing_of_later() -> None:
    since = AT + timedelta(seconds=30)
    assert may_hold(AT, since)  # the name has no seconds
    assert not may_hold(AT - timedelta(minutes=1), since)


def test_only_so_much_is_kept_and_what_was_used_last() -> None:
    one = extract([record()], "us-east-1")
    kept = Extracts(most=one.size * 2)
    kept.put("a", "1", one)
    kept.put("b", "1", one)
    assert kept.get("a", "1") is one
    kept.put("c", "1", one)
    assert (kept.get("a", "1"), kept.get("b", "1"), kept.get("c", "1")) == (one, None, one)
    assert kept.get("a", "2") is None  # written anew since


def test_a_busy_days_memory_is_a_small_part_of_its_size() -> None:
    rows = [record(eventID=f"e-{number}", requestID=f"r-{number * 7919}") for number in range(2_000)]
    kept = extract(rows, "us-east-1")
    assert kept.size < len(json.dumps(rows)) / 10
    assert len(found(kept, Attribute.ACCESS_KEY_ID, KEY)) == 2_000
    assert extracting.extract([], "us-east-1").size < 2_000
