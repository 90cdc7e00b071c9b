"""No secret gets into a log, an error or a repr."""

import logging

import pytest

from iamflow.aws.clients import Clients, Credentials
from iamflow.aws.cloud import open_cloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import TemporaryError
from iamflow.domain.ids import TicketId
from iamflow.sandbox.clock import VirtualClock
from tests.aws.conftest import SUBJECT
from tests.aws.scripted import Reply, Scripted, assumed

SECRET = "iamflow-hush"  # the scripted AssumeRole hands out the session's name as the secret


def test_not_even_a_log_of_everything_holds_a_secret(
    scripted: Scripted, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("botocore").setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    cloud = open_cloud(AwsSettings(sandbox=True, endpoint_url=scripted.url, instance="hush"), clock)
    cloud.read(SUBJECT)
    with cloud.step(SUBJECT, TicketId(1), EffectKind.DELETE_KEY) as step:
        step.read()
    cloud.close()
    assert SECRET not in caplog.text
    assert "made-up" not in caplog.text


def test_a_repr_of_credentials_shows_no_secret() -> None:
    assert (
        repr(Credentials(access_key_id="ASIA1", secret=SECRET, token="hush-token"))
        == "Credentials(access_key_id='ASIA1')"
    )


def test_an_answer_that_breaks_off_after_the_secret_is_not_quoted(scripted: Scripted, clock: VirtualClock) -> None:
    scripted.on("AssumeRole", lambda asked: Reply(body=assumed(asked).body[:-30]))
    cloud = open_cloud(AwsSettings(sandbox=True, endpoint_url=scripted.url, instance="hush"), clock)
    with pytest.raises(TemporaryError) as caught:
        cloud.read(SUBJECT)
    assert SECRET not in str(caught.value)
    cloud.close()


def test_opening_a_cloud_quiets_the_libraries_that_log_answers(scripted: Scripted) -> None:
    logging.getLogger("botocore").setLevel(logging.DEBUG)
    Clients(AwsSettings(sandbox=True, endpoint_url=scripted.url)).close()
    assert not logging.getLogger("botocore.parsers").isEnabledFor(logging.INFO)
