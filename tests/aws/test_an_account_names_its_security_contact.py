"""The account's alternate contact is asked for once an hour; whatever keeps it from being read makes it not known, never an error."""

import logging

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT
from tests.world import HOUR

DENIED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_what_the_account_says_is_known_for_an_hour(sandbox: Sandbox, cloud: AwsCloud, clock: VirtualClock) -> None:
    sandbox.seed.security_contact(ACCOUNT, "first@example.com")
    assert cloud.security_contact(ACCOUNT) == "first@example.com"
    sandbox.seed.security_contact(ACCOUNT, "second@example.com")
    assert cloud.security_contact(ACCOUNT) == "first@example.com"
    clock.set(clock.now() + HOUR)
    assert cloud.security_contact(ACCOUNT) == "second@example.com"


def test_an_account_without_one_is_no_reason_for_a_warning(cloud: AwsCloud, caplog: pytest.LogCaptureFixture) -> None:
    assert cloud.security_contact(ACCOUNT) is None
    assert _warnings(caplog) == []


def test_a_denial_means_not_known_and_is_told_once(
    sandbox: Sandbox, cloud: AwsCloud, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.seed.security_contact(ACCOUNT, "first@example.com")
    sandbox.seed.role_policy(ACCOUNT, DENIED)
    assert cloud.security_contact(ACCOUNT) is None
    clock.set(clock.now() + HOUR)
    assert cloud.security_contact(ACCOUNT) is None
    assert _warnings(caplog) == ["an account's security contact cannot be read"]
    assert "account:GetAlternateContact" in vars(caplog.records[-1])["reason"]


def test_what_may_pass_is_asked_again_by_the_next_ticket(sandbox: Sandbox, cloud: AwsCloud) -> None:
    sandbox.seed.security_contact(ACCOUNT, "first@example.com")
    sandbox.faults.throttle(times=3, service="account", operation="GetAlternateContact")
    assert cloud.security_contact(ACCOUNT) is None
    assert cloud.security_contact(ACCOUNT) == "first@example.com"
