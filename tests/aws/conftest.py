"""A simulated organisation with one key in it, a cloud that reaches it, and a scripted endpoint for the rest."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamflow.aws.cloud import AwsCloud, open_cloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.brownout import policy_document, policy_name
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName
from iamflow.domain.subject import UserSubject
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.scripted import Reply, Scripted, result

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CREATED = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
ACCOUNT = AccountId("562458925665")
USER = UserName("etl")
KEY = KeyId("AKIAYF5JKDJQS3LDLOIV")
SUBJECT = UserSubject(account_id=ACCOUNT, username=USER, key_id=KEY)
DENY, DENYING = policy_name(TicketId(1)), policy_document(TicketId(1))
BROWNOUT = (EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT)
KEY_EFFECTS = (EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY)
EFFECTS = (*BROWNOUT, *KEY_EFFECTS)
"""What can be done to the user and the key that these tests are about, in an order in which it can be done."""
Opener = Callable[..., AwsCloud]


def effect(kind: EffectKind, subject: UserSubject = SUBJECT) -> Effect:
    return Effect(
        kind=kind,
        account_id=subject.account_id,
        username=subject.username,
        key_id=subject.key_id,
        targets=(DENY,) if kind in BROWNOUT else (),
        document=DENYING if kind is EffectKind.ATTACH_BROWNOUT else None,
    )


@pytest.fixture(autouse=True)
def no_aws_of_the_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests know nothing of the credentials and the configuration of whoever runs them."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def sandbox(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        running.seed.account(ACCOUNT, "prod-payments")
        running.seed.user(ACCOUNT, USER, created=CREATED, tags={"Owner": "ana@example.com"})
        running.seed.key(ACCOUNT, USER, KEY, created=CREATED)
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def opened(sandbox: Sandbox, clock: VirtualClock) -> Iterator[Opener]:
    """Open clouds on the simulated AWS, with settings of the test's own."""
    made: list[AwsCloud] = []

    def opening(settings: AwsSettings | None = None) -> AwsCloud:
        made.append(open_cloud(replace(settings or AwsSettings(), sandbox=True), clock))
        return made[-1]

    yield opening
    for cloud in made:
        cloud.close()


@pytest.fixture
def cloud(opened: Opener) -> AwsCloud:
    return opened()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """An endpoint that tells of one user with one key; a test changes what it says."""
    endpoint = Scripted()
    endpoint.on("GetUser", user())
    endpoint.on("ListAccessKeys", result("ListAccessKeys", key_row()))
    endpoint.on("GetAccessKeyLastUsed", last_used())
    endpoint.on("ListAttachedUserPolicies", result("ListAttachedUserPolicies", "<AttachedPolicies/>"))
    yield endpoint
    endpoint.close()


@pytest.fixture
def scripted_cloud(scripted: Scripted, clock: VirtualClock) -> Iterator[AwsCloud]:
    made = open_cloud(AwsSettings(sandbox=True, endpoint_url=scripted.url, read_timeout=0.3), clock)
    yield made
    made.close()


def user() -> Reply:
    return result(
        "GetUser",
        f"<User><Path>/</Path><UserName>{USER}</UserName><UserId>AIDAEXAMPLE</UserId>"
        f"<Arn>arn:aws:iam::{ACCOUNT}:user/{USER}</Arn><CreateDate>2025-01-02T03:04:05Z</CreateDate></User>",
    )


def key_row(key_id: str = KEY, status: str = "Active") -> str:
    return (
        f"<AccessKeyMetadata><member><UserName>{USER}</UserName><AccessKeyId>{key_id}</AccessKeyId>"
        f"<Status>{status}</Status><CreateDate>2025-01-02T03:04:05Z</CreateDate></member></AccessKeyMetadata>"
    )


def last_used(owner: str = USER) -> Reply:
    return result(
        "GetAccessKeyLastUsed",
        f"<UserName>{owner}</UserName><AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region>"
        "</AccessKeyLastUsed>",
    )
