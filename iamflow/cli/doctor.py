"""``iamflow doctor``: everything that iamflow depends on, one line each."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, settings_file
from iamflow.cli.render.out import Output, complain, emit
from iamflow.domain.encoding import for_terminal

if TYPE_CHECKING:
    from iamflow.cli.render.data import Record
    from iamflow.doctor.result import Result

FIELDS = ("check", "status", "sentence", "remedy")
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}
_STATUS_WIDTH = 7
_NAME_WIDTH = 24
_LONGEST = 2000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    ctx: typer.Context,
    full: Annotated[
        bool,
        typer.Option("--full", help="Verify the whole journal, which may take minutes, not its newest checkpoint."),
    ] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """Check everything that iamflow depends on, one line each, with what to do; exits 1 if any fails. Changes nothing."""
    from iamflow.cli.instances import beat_limit
    from iamflow.cli.logs import configure
    from iamflow.cli.render.data import emit_csv, emit_json_list
    from iamflow.doctor.examine import examine
    from iamflow.doctor.result import Options, Status

    configure()
    bad: list[str] = []

    def watched() -> "Iterable[Result]":
        for result in examine(settings_file(ctx), Options(full=full, beat_limit=beat_limit)):
            if result.status is Status.FAILED:
                bad.append(result.check)
            yield result

    match output:
        case Output.JSON:
            emit_json_list(_record(result) for result in watched())
        case Output.CSV:
            emit_csv((_record(result) for result in watched()), FIELDS)
        case Output.TABLE:
            _lines(watched())
    if bad:
        complain(f"{len(bad)} of the checks failed: {', '.join(dict.fromkeys(bad))}")
        raise typer.Exit(1)


def _record(result: "Result") -> "Record":
    return {name: getattr(result, name) for name in FIELDS}


def _lines(results: "Iterable[Result]") -> None:
    """Write one line a result as it comes: some take seconds."""
    for result in results:
        status = f"{result.status.value:<{_STATUS_WIDTH}}"
        remedy = f" → {result.remedy}" if result.remedy else ""
        rest = for_terminal(f"{result.check:<{_NAME_WIDTH}}  {result.sentence}{remedy}", limit=_LONGEST)
        if sys.stdout.isatty():
            _draw(status, _STYLES[result.status.value], rest)
        else:
            emit(f"{status}  {rest}")


def _draw(status: str, style: str, rest: str) -> None:
    from rich.text import Text

    from iamflow.cli.render.tables import terminal

    terminal().print(Text.assemble((status, style), "  ", rest), soft_wrap=True)
