"""The doctor asks AWS alone, never our own simulator: against bare moto it runs through, and says what that cannot do."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor.conftest import Said
from tests.notify.sink import free_port
from tests.world import ACCOUNT

CONFIG = f"""
mode: enforce
sandbox: true
aws: {{endpoint_url: "ENDPOINT", regions: [us-east-1]}}
accounts: {{enforce: ["{ACCOUNT}"]}}
notify: {{channels: [file], sender: iamflow@example.com}}
"""
SECONDS = 60


@pytest.fixture
def moto() -> Iterator[str]:
    """Run moto's own server in a process of its own; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + SECONDS
        while not _answers(address):
            assert time.monotonic() < end, "moto did not start"
            time.sleep(0.1)  # real time: a process of its own is starting
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/moto-api/data.json", timeout=5):  # noqa: S310 - on this machine
            return True
    except OSError:
        return False


def _iamflow(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    command = [sys.executable, "-m", "iamflow", "--config", str(folder / "config.yaml"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)


def test_what_it_cannot_do_is_a_failed_line_with_a_remedy_and_the_rest_is_examined(moto: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.replace("ENDPOINT", moto), encoding="utf-8")
    assert _iamflow(tmp_path, "db", "upgrade").returncode == 0
    done = _iamflow(tmp_path, "doctor", "--output", "json")
    said = Said(done.returncode, json.loads(done.stdout), done.stderr)
    assert said.code == 1
    assert said.worst == [f"cloudtrail {ACCOUNT}"]
    assert said.err.splitlines() == [f"iamflow: 1 of the checks failed: cloudtrail {ACCOUNT}"]
    assert "cloudtrail:LookupEvents in us-east-1" in said.of(f"cloudtrail {ACCOUNT}")["remedy"]
    assert "Traceback" not in done.stdout
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/iamflow/" in said.of(f"account {ACCOUNT}")["sentence"]
    assert {said.of(name)["status"] for name in ("clock", "aws identity", "database", "journal")} == {"ok"}
