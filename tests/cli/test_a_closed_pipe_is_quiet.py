"""Whoever stops reading early is not bothered with a complaint."""

import subprocess
import sys

from tests.cli.conftest import Shell, environment, opened


def test_a_reader_that_goes_away_ends_the_command_without_a_word(shell: Shell) -> None:
    opened(shell, *(f"user-{number}" for number in range(300)))
    process = subprocess.Popen(
        [sys.executable, "-m", "iamflow", "--config", str(shell.config), "audit", "export"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_a_reader_that_never_read_is_no_error_to_speak_of(shell: Shell) -> None:
    opened(shell, "etl")
    process = subprocess.Popen(
        [sys.executable, "-m", "iamflow", "--config", str(shell.config), "ticket", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141
