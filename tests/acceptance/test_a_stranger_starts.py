"""Somebody with only the README: nothing set up, nothing to hand, and each command says what to do next, in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[1] / "data" / "iam_audit_report_20261124_001111.csv"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment without settings and without AWS credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "IAMFLOW_"))}
    return kept | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg"), "AWS_EC2_METADATA_DISABLED": "true"}


def _run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "iamflow", *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, env=environment, cwd=environment["HOME"]
    )


def _told(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_every_step_on_the_way_says_which_one_is_missing(bare: dict[str, str]) -> None:
    assert "iamflow init" in _told(_run(bare, "ticket", "list"), 1)
    assert _run(bare, "init").returncode == 0
    assert "iamflow db upgrade" in _told(_run(bare, "ticket", "list"), 1)
    assert _run(bare, "db", "upgrade").returncode == 0
    assert _run(bare, "import", str(AUDIT)).returncode == 0
    assert _run(bare, "ticket", "list", "--limit", "3").returncode == 0


def test_without_aws_credentials_nothing_is_blocked_and_one_line_says_why(bare: dict[str, str]) -> None:
    for arguments in (("init",), ("db", "upgrade"), ("import", str(AUDIT))):
        assert _run(bare, *arguments).returncode == 0
    assert "no AWS credentials" in _told(_run(bare, "tick"), 1)
    listed = _run(bare, "ticket", "list", "--state", "blocked", "--output", "json")
    assert listed.stdout.strip() == "[]"
