"""Under systemd the daemon says when it is ready, feeds the watchdog by work that got on, and says that it is stopping."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.daemon.systemd import ServiceManager
from tests.acceptance.company import a_company

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "iamflow.service"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A notification socket such as systemd's; its path is short, as the kernel wants it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0iamflow-test-{os.getpid()}-{time.monotonic_ns()}")
        listening.settimeout(60)
        yield listening


def _address(listening: socket.socket) -> str:
    return "@" + listening.getsockname()[1:].decode()


def test_the_daemon_says_ready_alive_and_stopping_in_this_order(tmp_path: Path, manager: socket.socket) -> None:
    with a_company(tmp_path) as company:
        company.key("idle")
        company.run("import", str(company.report()))
        environment = os.environ | {"NOTIFY_SOCKET": _address(manager)}
        daemon = subprocess.Popen(
            company.command("daemon", "run"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        told = [manager.recv(4096).decode()]
        while not {"READY=1", "WATCHDOG=1"} <= {text.splitlines()[0] for text in told}:
            told.append(manager.recv(4096).decode())
        daemon.send_signal(signal.SIGTERM)
        while not told[-1].startswith("STOPPING=1"):
            told.append(manager.recv(4096).decode())
        assert daemon.wait(timeout=60) == 0
        assert company.status("idle") in {"Active", "Inactive", None}


def test_without_systemd_nothing_is_said_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().ready("up")
    ServiceManager("@iamflow-nobody-listens-here").alive()


def test_the_unit_confines_the_daemon() -> None:
    lines = set(UNIT.read_text(encoding="utf-8").splitlines())
    assert {
        "Type=notify",
        "DynamicUser=yes",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service",
    } <= lines
    if shutil.which("systemd-analyze") is not None:
        # Where systemd is at hand, its own judgement counts too: at most 2.0, which it writes as 20.
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(UNIT)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout[-400:]
