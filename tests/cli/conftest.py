"""The command line's tests run it whole: in this process where that is enough, in one of its own where it matters."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iamflow.bootstrap import Application, application
from iamflow.cli.main import main
from iamflow.domain.facts import Finding
from iamflow.domain.ids import KeyId
from iamflow.engine import intake
from iamflow.sandbox.clock import VirtualClock
from tests.world import ACCOUNT, DAY, START, Listed, World, a_world, finding

REPORT = Path(__file__).parent.parent / "data" / "iam_audit_report_20261124_001111.csv"

CONFIG = """
database: {url: "sqlite:///iamflow.db"}
notify: {channels: [file], sender: iamflow@example.com}
rules: {open: {console-without-mfa: none, user-unused: none}}
"""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, lines
        return lines[0]


@dataclass(frozen=True)
class Shell:
    """Runs commands in this process, against one settings file."""

    config: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Answer:
        self.capsys.readouterr()
        code = main(["--config", str(self.config), *arguments])
        captured = self.capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    def ok(self, *arguments: str) -> Answer:
        answer = self(*arguments)
        assert answer.code == 0, answer
        return answer

    @property
    def folder(self) -> Path:
        return self.config.parent


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Settings, and nothing else yet."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    return Shell(config, capsys)


@pytest.fixture
def shell(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Settings and a database, on the day of the report; AWS is out of reach."""
    monkeypatch.setattr("iamflow.bootstrap.SystemClock", lambda _stop: VirtualClock(START))
    empty.ok("db", "upgrade")
    return empty


@dataclass(frozen=True)
class Office:
    """A world with AWS in it, and a shell in that world, at its time."""

    world: World
    shell: Shell


@pytest.fixture
def office(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    database: str | None,
) -> Iterator[Office]:
    """``@pytest.mark.parametrize("office", [yaml], indirect=True)`` sets settings of its own."""
    with a_world(tmp_path, getattr(request, "param", ""), database=database) as world:
        monkeypatch.setattr("iamflow.bootstrap.SystemClock", lambda _stop: world.clock)
        yield Office(world, Shell(tmp_path / "config.yaml", capsys))


def opened(shell: Shell, *names: str, account_name: str = "payments") -> list[str]:
    """Open a ticket about an old key of each user, and return the key ids."""
    found = [
        replace(
            finding(_key(number), name, ACCOUNT, created=START - 300 * DAY, used=START - 200 * DAY),
            account_name=account_name,
        )
        for number, name in enumerate(names)
    ]
    return imported(shell, found)


def imported(shell: Shell, found: Sequence[Finding]) -> list[str]:
    """Import findings as a report would bring them, whatever stands in their cells."""
    with connected(shell) as app:
        intake.import_report(app.desk(), Listed(list(found)))
    return [item.key_id for item in found]


@contextmanager
def connected(shell: Shell) -> Iterator[Application]:
    """Open the application of a shell, for arranging things."""
    with application(shell.config, writer="test", clock=VirtualClock(START)) as app:
        yield app


def _key(number: int) -> KeyId:
    return KeyId(f"AKIAYF5JKDJQ{number:08d}")


MINUTE = timedelta(minutes=1)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a command in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR", "TERM"}}
    return kept | {"TERM": "xterm-256color"} | more


def run(shell: Shell, *arguments: str, **more: str) -> Answer:
    """Run a command in a process of its own, with pipes."""
    done = subprocess.run(
        [sys.executable, "-m", "iamflow", "--config", str(shell.config), *arguments],
        capture_output=True,
        text=True,
        env=environment(**more),
        timeout=60,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def on_a_terminal(shell: Shell, *arguments: str, answer: str = "", **more: str) -> Answer:
    """Run a command on a terminal of its own, and type ``answer``; everything that was shown is in ``out``."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "iamflow", "--config", str(shell.config), *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(**({"COLUMNS": "200"} | more)),
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:
        pass  # the terminal is gone with the process
    os.close(ours)
    return Answer(process.wait(timeout=60), shown.decode().replace("\r\n", "\n"), "")
