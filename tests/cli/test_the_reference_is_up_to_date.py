"""docs/reference/cli.md says what --help says, and every command and option says something."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from iamflow.cli.main import app
from iamflow.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def _all(command: Any, ctx: Any) -> Iterator[tuple[str, Any, Any]]:
    yield ctx.command_path, command, ctx
    for name, below in getattr(command, "commands", {}).items():
        yield from _all(below, typer.Context(below, info_name=name, parent=ctx))


COMMANDS = list(_all(get_command(app), typer.Context(get_command(app), info_name="iamflow")))


def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m iamflow.cli.reference > docs/reference/cli.md"
    )


@pytest.mark.parametrize(("path", "command", "ctx"), COMMANDS, ids=[path for path, _, _ in COMMANDS])
def test_every_command_and_option_has_a_sentence(path: str, command: Any, ctx: Any) -> None:
    assert command.help
    assert command.help.strip().endswith(".")
    for parameter in command.params:
        assert parameter.help, (path, parameter.name)
        assert parameter.help.strip().endswith("."), (path, parameter.name)


def test_every_list_and_show_takes_an_output() -> None:
    reading = {"list", "show", "history", "why", "status", "verify"}
    for path, command, _ in COMMANDS:
        if path.split()[-1] in reading:
            assert "output" in {parameter.name for parameter in command.params}, path
