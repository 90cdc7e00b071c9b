"""From nothing to a database: each step says what it did and what comes next, and overwrites nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iamflow.cli.main import main
from tests.cli.conftest import REPORT, Shell, environment


def test_init_writes_settings_and_a_private_key_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path / "etc" / "config.yaml", capsys)
    answer = shell.ok("init")
    assert str(shell.config) in answer.out
    assert "iamflow db upgrade" in answer.out
    key = shell.config.with_name("journal.key")
    assert key.stat().st_mode & 0o777 == 0o600
    before = (shell.config.read_bytes(), key.read_bytes())
    again = shell("init")
    assert again.code == 1
    assert "left as it is" in again.complaint
    assert (shell.config.read_bytes(), key.read_bytes()) == before


def test_init_goes_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IAMFLOW_CONFIG", str(tmp_path / "named.yaml"))
    assert main(["init"]) == 0
    assert (tmp_path / "named.yaml").is_file()
    monkeypatch.delenv("IAMFLOW_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert main(["init"]) == 0
    assert (tmp_path / "xdg" / "iamflow" / "config.yaml").is_file()
    assert "settings:" in capsys.readouterr().out


def test_the_written_settings_lead_to_a_database_that_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell(tmp_path / "config.yaml", capsys)
    shell.ok("init")
    assert shell("db", "current").code == 1
    assert shell("db", "check").code == 1
    upgraded = shell.ok("db", "upgrade").out.split()[-1]
    assert shell.ok("db", "current").out.strip() == upgraded
    shell.ok("db", "upgrade")
    shell.ok("db", "check")
    shell.ok("import", str(REPORT))
    shell.ok("ticket", "list")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from iamflow import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"iamflow {__version__}\n"


def test_a_simulated_aws_says_what_to_export_and_serves_until_it_is_told_to_stop() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "iamflow", "sandbox", "serve", "--audit", str(REPORT), "--date", "2026-11-24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    exports = [process.stdout.readline()]
    while exports[-1].startswith("export ") and not exports[-1].startswith("export AWS_ENDPOINT_URL="):
        exports.append(process.stdout.readline())
    assert exports[-1].startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:"), exports
    os.kill(process.pid, signal.SIGTERM)
    process.stdout.read()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
