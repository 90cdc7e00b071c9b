"""A trail's bucket answers as LookupEvents does, once; whatever could hide an event is said, and is never quiet."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from iamflow.aws.cloud import AwsCloud, open_cloud
from iamflow.aws.delivered import reader
from iamflow.aws.permissions import policy_document
from iamflow.aws.settings import AwsSettings, TrailBucket
from iamflow.domain.errors import BlockedError, IamflowError, TemporaryError
from iamflow.domain.evidence import Attribute, TrailEvent, TrailQuery
from iamflow.domain.ids import AccountId, Region
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings
from tests.aws.conftest import ACCOUNT, CREATED, KEY, KEY_EFFECTS, START, USER

US, EU = Region("us-east-1"), Region("eu-west-1")
HOME = AccountId("123456789012")
WHERE = TrailBucket(bucket="org-trail", region=US, organization="o-exampleorgid")
LATE = timedelta(minutes=6)
GETS, LISTS = (HOME, US, "s3", "GetObject"), (HOME, US, "s3", "ListObjectsV2")


@pytest.fixture
def sandbox(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, settings=SandboxSettings(trail_bucket="org-trail")) as running:
        running.seed.account(ACCOUNT, "prod-payments")
        running.seed.user(ACCOUNT, USER, created=CREATED)
        running.seed.key(ACCOUNT, USER, KEY, created=CREATED)
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def cloud(sandbox: Sandbox, clock: VirtualClock) -> Iterator[AwsCloud]:
    made = open_cloud(AwsSettings(sandbox=True, trail_bucket=WHERE), clock)
    yield made
    made.close()


def ask(
    cloud: AwsCloud, clock: VirtualClock, attribute: Attribute = Attribute.ACCESS_KEY_ID, value: str = KEY
) -> list[TrailEvent]:
    """Ask about the last day in us-east-1, every page of it."""
    query = TrailQuery(attribute=attribute, value=value, start=START - timedelta(days=1), end=clock.now())
    events: list[TrailEvent] = []
    token: str | None = None
    while True:
        page = cloud.look_up(ACCOUNT, US, query, token)
        events += page.events
        token = page.token
        if token is None:
            return events


def seen(cloud: AwsCloud, clock: VirtualClock) -> None:
    """Let the trail show that it delivers."""
    with pytest.raises(TemporaryError):
        ask(cloud, clock)
    clock.advance(LATE)


def test_it_answers_what_lookup_events_answers(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.use_key(KEY, source_ip="198.51.100.9", user_agent="etl/2")
    sandbox.owner.deactivate_key(ACCOUNT, USER, KEY)
    sandbox.owner.reactivate_key(ACCOUNT, USER, KEY)
    sandbox.use_key(KEY, service="iam", operation="ListUsers")
    seen(cloud, clock)
    asked_of_aws = open_cloud(AwsSettings(sandbox=True), clock)
    for attribute, value in (
        (Attribute.ACCESS_KEY_ID, KEY),
        (Attribute.RESOURCE_NAME, KEY),
        (Attribute.USERNAME, USER),
        (Attribute.EVENT_NAME, "UpdateAccessKey"),
    ):
        answered = ask(asked_of_aws, clock, attribute, value)
        assert answered
        assert sorted(map(repr, ask(cloud, clock, attribute, value))) == sorted(map(repr, answered))
    asked_of_aws.close()


def test_an_event_delivered_on_the_next_day_is_found(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    clock.set(START.replace(hour=23, minute=58))
    sandbox.use_key(KEY)
    seen(cloud, clock)
    assert "/2026/11/25/" in sandbox.deliveries.names(ACCOUNT, US)[-1]
    (event,) = ask(cloud, clock)
    assert event.at == START.replace(hour=23, minute=58)


def test_each_object_is_read_once_however_many_ask(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.use_key(KEY)
    seen(cloud, clock)
    ask(cloud, clock)
    once = sandbox.calls()
    for name in ("etl", "ana", "li"):
        ask(cloud, clock, Attribute.USERNAME, name)
    assert sandbox.calls() == once
    clock.advance(timedelta(minutes=2))
    ask(cloud, clock)
    assert sandbox.calls()[GETS] == once[GETS]
    assert sandbox.calls()[LISTS] > once[LISTS]


def test_pages_hold_every_event_once_newest_first(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PAGE", 2)
    made = []
    for _ in range(5):
        made.append(sandbox.use_key(KEY).request_id)
        clock.advance(timedelta(seconds=90))
    clock.advance(LATE)
    name = sandbox.deliveries.names(ACCOUNT, US)[0]
    # CloudTrail may deliver an event twice.
    sandbox.deliveries.put(name.replace("T0805Z", "T0806Z"), sandbox.deliveries.content(name))
    assert [event.request_id for event in ask(cloud, clock)] == made[::-1]


def test_silence_is_not_quiet_until_a_call_of_our_own_was_delivered(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock
) -> None:
    with pytest.raises(TemporaryError, match=r"delivered nothing .* must cover all accounts and regions") as caught:
        ask(cloud, clock)
    assert caught.value.retry_after == timedelta(minutes=3)
    clock.advance(LATE)
    assert ask(cloud, clock) == []
    clock.advance(timedelta(minutes=20))  # and it goes stale
    with pytest.raises(TemporaryError, match="nothing made after 2026-11-24 08:00"):
        ask(cloud, clock)
    for _ in range(10):
        with pytest.raises(TemporaryError):
            ask(cloud, clock)
    # Whoever waits with us need not call again.
    assert sandbox.calls()[ACCOUNT, US, "sts", "GetCallerIdentity"] == 3  # one is the session's own


def test_a_trail_that_delivers_nothing_of_a_region_is_never_quiet(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock
) -> None:
    for _ in range(5):
        clock.advance(timedelta(minutes=10))
        for name in sandbox.deliveries.names(ACCOUNT, US):
            written = json.loads(gzip.decompress(sandbox.deliveries.content(name)))
            changes = [{**record, "readOnly": False} for record in written["Records"]]
            # A trail of changes alone: nothing that only reads is in it.
            sandbox.deliveries.put(name, gzip.compress(json.dumps({"Records": changes}).encode()))
        with pytest.raises(TemporaryError, match="management events that read and write"):
            ask(cloud, clock)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is cut off"),
        (b"<html>", "is not a whole gzip file"),
        (gzip.compress(b"[]"), "holds no records"),
        (gzip.compress(b'{"Records": [{"eventName": "x"}]}'), "a record without a time"),
    ],
    ids=["empty", "html", "a list", "no event"],
)
def test_an_object_that_cannot_be_understood_is_named_and_is_never_quiet(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock, content: bytes, why: str
) -> None:
    seen(cloud, clock)
    name = sandbox.deliveries.name(ACCOUNT, US, clock.now())
    sandbox.deliveries.put(name, content)
    with pytest.raises(TemporaryError, match=f"{name} .*{why}"):
        ask(cloud, clock)
    sandbox.deliveries.put(name, gzip.compress(b'{"Records": []}'))
    clock.advance(timedelta(minutes=1))
    assert ask(cloud, clock) == []


def test_what_was_found_is_told_before_what_could_not_be_read(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock
) -> None:
    sandbox.use_key(KEY)
    seen(cloud, clock)
    sandbox.deliveries.put(sandbox.deliveries.name(ACCOUNT, US, clock.now()), b"cut")
    query = TrailQuery(attribute=Attribute.ACCESS_KEY_ID, value=KEY, start=START - timedelta(days=1), end=clock.now())
    page = cloud.look_up(ACCOUNT, US, query)
    assert [event.access_key_id for event in page.events] == [KEY]
    with pytest.raises(TemporaryError, match="gzip"):
        cloud.look_up(ACCOUNT, US, query, page.token)


@pytest.mark.parametrize(
    ("break_it", "error", "why"),
    [
        ("gone", TemporaryError, "was listed and is gone"),
        ("server_error", TemporaryError, "fault of AWS"),
        ("timeout_before", TemporaryError, "no answer"),
        ("access_denied", BlockedError, "allow s3:GetObject on it, and kms:Decrypt"),
    ],
)
def test_an_object_that_cannot_be_had_is_never_quiet(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock, break_it: str, error: type[IamflowError], why: str
) -> None:
    seen(cloud, clock)
    with (
        getattr(sandbox.faults, break_it)(service="s3", operation="GetObject"),
        pytest.raises(error, match=why),
    ):
        ask(cloud, clock)
    assert ask(cloud, clock) == []


@pytest.mark.parametrize(
    ("break_it", "error", "why"),
    [
        ("server_error", TemporaryError, "fault of AWS"),
        ("throttle", TemporaryError, "put off"),
        ("access_denied", BlockedError, "allow s3:ListBucket on the bucket"),
    ],
)
def test_a_day_that_cannot_be_listed_is_never_quiet(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock, break_it: str, error: type[IamflowError], why: str
) -> None:
    seen(cloud, clock)
    clock.advance(timedelta(minutes=1))
    with (
        getattr(sandbox.faults, break_it)(service="s3", operation="ListObjectsV2"),
        pytest.raises(error, match=why),
    ):
        ask(cloud, clock)
    assert ask(cloud, clock) == []


def test_a_bucket_that_does_not_exist_needs_a_person(sandbox: Sandbox, clock: VirtualClock) -> None:
    where = TrailBucket(bucket="another", region=US, organization="o-exampleorgid")
    with pytest.raises(BlockedError, match="s3://another/AWSLogs/o-exampleorgid/562458925665") as caught:
        ask(open_cloud(AwsSettings(sandbox=True, trail_bucket=where), clock), clock)
    assert caught.value.code == "trail_bucket"


def test_a_name_that_is_not_cloudtrails_needs_a_person(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    folder = sandbox.deliveries.name(ACCOUNT, US, clock.now()).rsplit("/", 1)[0]
    sandbox.deliveries.put(f"{folder}/", b"")  # as the console shows an empty folder
    seen(cloud, clock)
    assert ask(cloud, clock) == []
    sandbox.deliveries.put(f"{folder}/evil\n\x1b[31m.json.gz", b"")
    clock.advance(timedelta(minutes=1))
    with pytest.raises(BlockedError, match=r"evil \[31m.json.gz is not named as CloudTrail names"):
        ask(cloud, clock)


def test_what_one_look_leaves_the_next_one_reads(
    cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_OBJECTS_MOST", 2)
    for _ in range(3):
        sandbox.use_key(KEY)
        clock.advance(timedelta(minutes=2))
    query = TrailQuery(
        attribute=Attribute.USERNAME, value="nobody", start=START - timedelta(days=1), end=clock.now() + LATE
    )
    clock.advance(LATE)
    with pytest.raises(TemporaryError, match="1 objects of the trail in us-east-1 are still to be read"):
        cloud.look_up(ACCOUNT, US, query)
    assert cloud.look_up(ACCOUNT, US, query).events == ()
    assert sandbox.calls()[GETS] == 3


def test_the_permissions_that_are_shown_are_enough_and_needed(sandbox: Sandbox, clock: VirtualClock) -> None:
    where = TrailBucket(bucket="org-trail", region=US, organization="o-exampleorgid", account_id=HOME)
    document = json.loads(json.dumps(policy_document(KEY_EFFECTS, trail=where)))
    sandbox.seed.role_policy(ACCOUNT, document)
    sandbox.seed.role_policy(HOME, document)
    cloud = open_cloud(AwsSettings(sandbox=True, trail_bucket=where), clock)
    seen(cloud, clock)
    assert ask(cloud, clock) == []
    assert "cloudtrail:LookupEvents" not in json.dumps(document)
    assert {"kms:ViaService": "s3.us-east-1.amazonaws.com"} in [
        row["Condition"]["StringEquals"] for row in document["Statement"] if row["Sid"] == "DecryptTrail"
    ]
    for left_out in ("s3:ListBucket", "s3:GetObject"):
        less = {**document, "Statement": [row for row in document["Statement"] if left_out not in row["Action"]]}
        sandbox.seed.role_policy(HOME, less)
        other = open_cloud(AwsSettings(sandbox=True, trail_bucket=where), clock)
        with pytest.raises(BlockedError, match=left_out):
            ask(other, clock)
        other.close()
    cloud.close()
