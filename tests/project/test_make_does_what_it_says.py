"""A stranger needs Python and make: the targets are listed, and set-up picks an interpreter that works."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.files import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = ("demo", "test", "lint", "bench", "mutants", "lock")


def make(*words: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    """Run make in the checkout, as a new process of its own and not as part of one above."""
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
    return subprocess.run(["make", *words], capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    done = make()

    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", done.stdout, flags=re.MULTILINE))
    assert done.returncode == 0
    assert set(TARGETS) <= set(listed)
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert set(listed) == set(phony.split())


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_sets_itself_up_before_it_starts(target: str, tmp_path: Path) -> None:
    done = make("-n", target, f"VENV={tmp_path}/venv")

    assert done.returncode == 0
    assert "--no-deps --require-hashes -r requirements/dev.txt" in done.stdout


def test_an_interpreter_that_does_not_work_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    done = make("test", "PYTHON=no-such-python", f"VENV={tmp_path}/venv")

    assert done.returncode != 0
    assert "iamflow needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_command_that_only_looks_like_python_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    script(folder / "python3", "echo 'command not found' >&2; exit 127")
    # Works, and tells what it was asked to do instead of doing it.
    script(folder / "python3.13", f'case "$1" in -m) echo "asked: $*"; exit 1;; esac; exec {sys.executable} "$@"')

    done = make("test", f"VENV={tmp_path}/venv", path=f"{folder}:/usr/bin:/bin")

    assert f"asked: -m venv {tmp_path}/venv" in done.stdout


def test_the_check_of_a_change_is_lint_and_then_the_tests() -> None:
    script_file = ROOT / ".ci" / "run"
    lines = script_file.read_text(encoding="utf-8").splitlines()

    assert script_file.stat().st_mode & stat.S_IXUSR
    assert "set -euo pipefail" in lines
    assert [line for line in lines if line.startswith("make ")] == ["make lint", "make test"]


def script(path: Path, body: str) -> None:
    """Write an executable shell script."""
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
