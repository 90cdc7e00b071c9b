"""A fresh simulated AWS for each test, with one account, one user and one key in it, and real boto3 clients."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ACCOUNT = "562458925665"
KEY = "AKIAYF5JKDJQS3LDLOIV"


class Aws:
    """Makes boto3 clients of a sandbox and closes them at the end."""

    def __init__(self, sandbox: Sandbox, session: boto3.Session) -> None:
        self._sandbox = sandbox
        self._session: Any = session
        self._made: list[Any] = []

    def with_credentials(self, service: str, credentials: dict[str, str], region: str = "us-east-1") -> Any:
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=self._sandbox.endpoint_url,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
            # The simulated AWS, not botocore, shall refuse what is invalid.
            config=Config(retries={"total_max_attempts": 1}, read_timeout=10, parameter_validation=False),
        )
        self._made.append(client)
        return client

    def home(self, service: str, region: str = "us-east-1") -> Any:
        shown = self._sandbox.environment()
        credentials = {"AccessKeyId": shown["AWS_ACCESS_KEY_ID"], "SecretAccessKey": shown["AWS_SECRET_ACCESS_KEY"]}
        return self.with_credentials(service, credentials, region)

    def key(self, service: str, key_id: str = KEY, region: str = "us-east-1") -> Any:
        credentials = {"AccessKeyId": key_id, "SecretAccessKey": self._sandbox.seed.secret(key_id)}
        return self.with_credentials(service, credentials, region)

    def assumed(self, account: str = ACCOUNT, name: str = "iamflow-1-7", **more: Any) -> dict[str, str]:
        arn = f"arn:aws:iam::{account}:role/iamflow"
        made: dict[str, str] = self.home("sts").assume_role(RoleArn=arn, RoleSessionName=name, **more)["Credentials"]
        return made

    def role(self, service: str, account: str = ACCOUNT, region: str = "us-east-1", **more: Any) -> Any:
        return self.with_credentials(service, self.assumed(account, **more), region)

    def close(self) -> None:
        for client in self._made:
            client.close()


Refused: TypeAlias = Callable[..., str]
Events: TypeAlias = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def boto_session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def sandbox(clock: VirtualClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        running.seed.account(ACCOUNT, "prod-payments")
        running.seed.user(ACCOUNT, "etl")
        running.seed.key(ACCOUNT, "etl", KEY)
        yield running


@pytest.fixture
def aws(sandbox: Sandbox, boto_session: boto3.Session) -> Iterator[Aws]:
    made = Aws(sandbox, boto_session)
    yield made
    made.close()


@pytest.fixture
def refused() -> Refused:
    """Call and return the code of the error that AWS answers with."""

    def code_of(call: Callable[..., object], **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        return str(caught.value.response["Error"]["Code"])

    return code_of


@pytest.fixture
def events(aws: Aws, clock: VirtualClock) -> Events:
    """Look events up in the account's trail, newest first, after their delay."""

    def look(region: str = "us-east-1", **attribute: str) -> list[dict[str, Any]]:
        clock.advance(timedelta(minutes=6))
        chosen = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
        answer = aws.role("cloudtrail", region=region, name="reader").lookup_events(LookupAttributes=chosen)
        return [
            event
            for event in answer["Events"]
            if event.get("Username") != "reader" and event["EventName"] != "AssumeRole"
        ]

    return look
