"""Writes docs/reference/cli.md from the commands themselves: ``python -m iamflow.cli.reference > docs/reference/cli.md``."""

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from iamflow.cli.daemon import INSTANCE_FIELDS, TICK_FIELDS
from iamflow.cli.doctor import FIELDS as DOCTOR_FIELDS
from iamflow.cli.exemptions import FIELDS as EXEMPTION_FIELDS
from iamflow.cli.hub import PUSH_FIELDS
from iamflow.cli.main import app
from iamflow.cli.owners import FIELDS as OWNER_FIELDS
from iamflow.cli.render.finding import FIELDS as FINDING_FIELDS
from iamflow.cli.render.ticket import EVENT_FIELDS, FIELDS, SHOW_FIELDS
from iamflow.cli.rules import FIELDS as RULES_FIELDS
from iamflow.cli.scan import SCAN_FIELDS

_PLAIN_TYPE = re.compile(r" <(str|list\[(str|Path)\])>$")
"""What Typer adds to the name of an argument that can be anything."""

_INTRODUCTION = """\
# Command line

Written from the commands themselves by `python -m iamflow.cli.reference`.

Every list and show takes `--output table|json|csv`. A table is drawn on a terminal, in colour unless `NO_COLOR` is set, and is
plain aligned text in a pipe. [JSON](json.md) goes to standard output alone; remarks and errors go to standard error.

Times are in UTC. An `ID` is a ticket number or a whole access key id. Where a command asks, it asks on a terminal only.

| exit code | means |
|---|---|
| 0 | done |
| 1 | an error; one line on standard error says what to do |
| 2 | a mistake in usage |
| 3 | declined: the question was answered with no |
| 4 | not authorised |
| 5 | refused by a guard, or by the state of the ticket |
| 6 | changed since it was viewed |
| 130 | interrupted |
"""


def reference() -> str:
    """Return the whole page."""
    command: Any = get_command(app)
    lines = [_INTRODUCTION]
    for title, found, ctx in _commands(command, typer.Context(command, info_name="iamflow")):
        lines += [f"## `{title}`", "", _text(found), "", *_parameters(found, ctx)]
    lines += [_fields()]
    return "\n".join(lines).rstrip() + "\n"


def _fields() -> str:
    """Return the names of the fields that JSON and CSV have, where they are many."""
    named = {
        "ticket list": FIELDS,
        "ticket show": SHOW_FIELDS,
        "ticket history": EVENT_FIELDS,
        "finding list": FINDING_FIELDS,
        "finding push": PUSH_FIELDS,
        "exemption list": EXEMPTION_FIELDS,
        "owner list": OWNER_FIELDS,
        "rules test": RULES_FIELDS,
        "daemon status (instances)": INSTANCE_FIELDS,
        "scan (accounts)": SCAN_FIELDS,
        "tick": TICK_FIELDS,
        "doctor": DOCTOR_FIELDS,
    }
    rows = [f"| `{command}` | {', '.join(f'`{name}`' for name in names)} |" for command, names in named.items()]
    return "\n".join(["## Fields of JSON and CSV", "", "| command | fields |", "|---|---|", *rows])


def _commands(command: Any, ctx: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - Typer keeps these types to itself
    """Yield the command and those below it, with the usage of each."""
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    yield usage, command, ctx
    for name in getattr(command, "commands", {}):
        below = command.commands[name]
        if below.hidden:
            continue  # another word for a command that is there already
        yield from _commands(below, typer.Context(below, info_name=name, parent=ctx))


def _text(command: Any) -> str:  # noqa: ANN401 - Typer keeps this type to itself
    return inspect.cleandoc(command.help or "")


def _parameters(command: Any, ctx: Any) -> list[str]:  # noqa: ANN401 - Typer keeps these types to itself
    told = [parameter.get_help_record(ctx) for parameter in command.params]
    rows = [record for record in told if record is not None]
    if not rows:
        return []
    return ["| option | means |", "|---|---|", *(f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows), ""]


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", _PLAIN_TYPE.sub("", text)).replace("|", "\\|").strip()


if __name__ == "__main__":
    sys.stdout.write(reference())
