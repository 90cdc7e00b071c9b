"""A secret in the settings is a reference; Secrets Manager is one of the places that it can lead to."""

import boto3
import pytest

from iamflow.domain.errors import IamflowError
from tests.world import World


def _store(world: World, name: str, **value: object) -> None:
    client = boto3.Session().client("secretsmanager", endpoint_url=world.sandbox.endpoint_url, region_name="us-east-1")
    client.create_secret(Name=name, **value)


def test_a_secret_is_read_with_the_hosts_own_credentials(world: World) -> None:
    _store(world, "iamflow/smtp", SecretString="correct horse")
    assert world.app._secret("iamflow/smtp") == "correct horse"


def test_a_secret_that_is_missing_or_no_text_is_one_line(world: World) -> None:
    _store(world, "iamflow/binary", SecretBinary=b"\x00\x01")
    for name in ("iamflow/binary", "iamflow/nothing"):
        with pytest.raises(IamflowError) as caught:
            world.app._secret(name)
        assert name.split("/")[1] in str(caught.value) or "GetSecretValue" in str(caught.value)
        assert "\n" not in str(caught.value)
