"""Help and lists are quick: what they do not need is not even imported."""

import subprocess
import sys

import pytest

from tests.cli.conftest import Shell, environment, opened

PROGRAM = """
import sys
from iamflow.cli.main import main
code = main(sys.argv[1:])
print("loaded:", *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""
HEAVY = {"boto3", "botocore", "moto", "apscheduler", "werkzeug", "alembic", "jinja2", "rich", "structlog"}
NOT_FOR_HELP = HEAVY | {"sqlalchemy", "pydantic_settings", "transitions", "yaml"}


def _loaded(shell: Shell, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--config", str(shell.config), *arguments],
        capture_output=True,
        text=True,
        env=_nobody(shell),
        timeout=60,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].removeprefix("loaded:").split())


def _nobody(shell: Shell) -> dict[str, str]:
    """The environment of a host without AWS credentials: with some at hand, AWS is asked who is steering."""
    values = {name: value for name, value in environment().items() if not name.startswith("AWS_")}
    return values | {"HOME": str(shell.folder)}


@pytest.mark.parametrize("command", [("--help",), ("--version",), ("ticket", "--help"), ("ticket", "list", "--help")])
def test_help_imports_no_database_and_no_settings(shell: Shell, command: tuple[str, ...]) -> None:
    assert not _loaded(shell, *command) & NOT_FOR_HELP


@pytest.mark.parametrize(
    "command",
    [
        ("ticket", "list"),
        ("ticket", "list", "--output", "json"),
        ("ticket", "show", "1"),
        ("ticket", "history", "1"),
        ("finding", "list"),
        ("freeze", "status"),
        ("ticket", "hold", "1"),
        ("audit", "verify"),
    ],
    ids=" ".join,
)
def test_reading_and_steering_import_no_aws(shell: Shell, command: tuple[str, ...]) -> None:
    opened(shell, "etl")
    assert not _loaded(shell, *command) & HEAVY


@pytest.mark.parametrize("module", ["iamflow", "iamflow.cli", "iamflow.cli.main", "iamflow.bootstrap"])
def test_importing_the_program_imports_no_library_but_typer(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & NOT_FOR_HELP
