"""A sandbox has moto for itself, leaves it as it was, and costs nothing until it is started."""

import socket
import subprocess
import sys

import boto3
import moto.core.utils
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def test_a_second_sandbox_in_the_process_is_refused(sandbox: Sandbox, clock: VirtualClock) -> None:
    with pytest.raises(RuntimeError, match="another sandbox is running"):
        Sandbox(clock=clock).start()
    assert sandbox.use_key(KEY).ok


def test_a_new_sandbox_knows_nothing_of_the_last(clock: VirtualClock) -> None:
    for _ in range(2):
        with Sandbox(clock=clock) as sandbox:
            sandbox.seed.account(ACCOUNT, "prod")
            sandbox.seed.user(ACCOUNT, "etl")
            assert sandbox.calls() == {}


def test_a_port_that_is_taken_is_told_and_leaves_moto_free(clock: VirtualClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Sandbox(clock=clock, settings=SandboxSettings(port=port)).start()
    with Sandbox(clock=clock) as sandbox:
        assert sandbox.endpoint_url


def test_motos_clock_is_the_systems_again_afterwards(clock: VirtualClock) -> None:
    before = moto.core.utils.utcnow
    with Sandbox(clock=clock):
        assert moto.core.utils.utcnow() == clock.now().replace(tzinfo=None)
    assert moto.core.utils.utcnow is before


def test_the_environment_is_all_that_a_program_needs(sandbox: Sandbox) -> None:
    shown = sandbox.environment()
    assert shown["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert sorted(shown) == [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_SECRET_ACCESS_KEY",
    ]


@pytest.mark.parametrize("module", ["iamflow.sandbox", "iamflow.sandbox.clock", "iamflow.sandbox.settings"])
def test_importing_the_package_loads_neither_moto_nor_boto3(module: str) -> None:
    code = (
        f"import sys, {module}; print([name for name in ('moto', 'boto3', 'flask', 'werkzeug') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_an_unsigned_request_is_refused(sandbox: Sandbox, boto_session: boto3.Session) -> None:
    config = Config(signature_version=UNSIGNED)
    client = boto_session.client("dynamodb", "us-east-1", endpoint_url=sandbox.endpoint_url, config=config)
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        client.list_tables()
    client.close()


def test_the_sandbox_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox._server.server_address[0] == "127.0.0.1"
