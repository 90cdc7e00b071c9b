"""``iamflow demo``: the whole journey against the simulated AWS."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput
from iamflow.cli.render.out import Output, complain, note

if TYPE_CHECKING:
    from iamflow.demo.run import Result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", metavar="DIR", help="Where to leave the database and the mails; a new folder, if not said."
        ),
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """Run real audit findings through a simulated AWS, nine days in under a minute; touches no AWS account."""
    try:
        from iamflow.demo.run import run
        from iamflow.demo.screens import LiveScreen, PlainScreen
    except ModuleNotFoundError as error:
        complain(f"the demonstration needs {error.name}: pip install '.[sandbox]' in the checkout")
        raise typer.Exit(1) from None
    if output is Output.TABLE and sys.stdout.isatty():
        from rich.console import Console

        screen: LiveScreen | PlainScreen = LiveScreen(Console())
    else:
        # With JSON, the story goes to standard error and the result alone to standard output.
        screen = PlainScreen(sys.stdout if output is Output.TABLE else sys.stderr)
    try:
        result = run(folder, screen)
    except FileExistsError as error:
        complain(f"a demonstration lies in {error.args[0]} already: name another folder")
        raise typer.Exit(1) from None
    if output is Output.JSON:
        _as_json(result)
    if not result.complete:
        note("the demonstration did not come to the end that it promises")
        raise typer.Exit(1)


def _as_json(result: "Result") -> None:
    from iamflow.cli.render.data import emit_json
    from iamflow.cli.render.ticket import event_record, ticket_record

    emit_json(
        {
            "folder": str(result.folder),
            "config": str(result.config),
            "seconds": round(result.seconds, 1),
            "states": result.counts,
            "mails": result.mails,
            "journal_intact": not result.faults,
            "proof": {
                "equal": result.proof.equal,
                "simulator": result.proof.simulator,
                "journal": result.proof.journal,
                "only_simulator": [list(item) for item in result.proof.only_simulator],
                "only_journal": [list(item) for item in result.proof.only_journal],
            },
            "tickets": [
                ticket_record(ticket) | {"history": [event_record(event) for event in result.histories[ticket.id]]}
                for ticket in result.tickets
            ],
        }
    )
