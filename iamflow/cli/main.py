"""The entry point: the commands put together, and every way in which one can end turned into a line and an exit code."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from iamflow import __version__
from iamflow.cli import (
    audit,
    daemon,
    db,
    demo,
    doctor,
    exemptions,
    findings,
    freeze,
    hub,
    owners,
    policy,
    rules,
    scan,
    setup,
    steer,
    tickets,
    workflows,
)
from iamflow.cli.context import Globals, group
from iamflow.cli.render.out import PipeClosedError, complain
from iamflow.domain.errors import IamflowError

INTERRUPTED = 130
PIPE_CLOSED = 141
"""As a shell reports a program that SIGPIPE ended, which is what has happened here too."""

app = typer.Typer(
    name="iamflow",
    help="Take each IAM audit finding safely to its end: notify, wait, deactivate, watch, delete or roll back.",
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)

setup.register(app)
doctor.register(app)
demo.register(app)
findings.register(app)
scan.register(app)
app.add_typer(tickets.app, name="ticket")
app.add_typer(findings.app, name="finding")
app.add_typer(findings.app, name="findings", hidden=True)  # as people say it
app.add_typer(exemptions.app, name="exemption")
app.add_typer(owners.app, name="owner")
app.add_typer(rules.app, name="rules")
app.add_typer(daemon.app, name="daemon")
daemon.register(app)
app.add_typer(freeze.app, name="freeze")
app.add_typer(audit.app, name="audit")
app.add_typer(workflows.app, name="workflow")
app.add_typer(policy.app, name="policy")
app.add_typer(db.app, name="db")
app.add_typer(setup.sandbox, name="sandbox")
steer.register(tickets.app)
hub.register(findings.app)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"iamflow {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="The settings file; otherwise IAMFLOW_CONFIG, then the user's own (XDG)."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep what every command needs to know."""
    _ = version
    ctx.obj = Globals(config=config)
    group(ctx)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Whatever goes wrong ends as one line on standard error."""
    try:
        code = app(args=arguments, prog_name="iamflow", standalone_mode=False)
        sys.stdout.flush()
    except (PipeClosedError, BrokenPipeError):
        return _leave_quietly()
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback is no message, and can hold data
        return _failed(error)
    # Typer returns the code of a command that ended with Exit, Ctrl-C included, and what any other command returned.
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    """Say in one line what went wrong, and return the exit code."""
    match error:
        case IamflowError():
            complain(str(error))
            return error.exit_code
        case TyperException():
            complain(f"{error.format_message().replace('Value error, ', '')}{_where(error)}")
            return error.exit_code
        case OSError():
            complain(f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror or error}")
        case _:
            complain(f"unexpected {type(error).__name__}: a mistake in iamflow (IAMFLOW_DEBUG=1 shows where)")
    if os.environ.get("IAMFLOW_DEBUG") == "1":
        import traceback

        # Without the values of variables, which could be secrets.
        traceback.print_exception(error)
    return 1


def _where(error: TyperException) -> str:
    """Return where the right usage is told."""
    ctx = getattr(error, "ctx", None)
    return f" ({ctx.command_path} --help)" if ctx is not None else ""


def _leave_quietly() -> int:
    """End without the interpreter's own complaint about the closed pipe when it flushes standard output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def run() -> None:
    """Be the ``iamflow`` command."""
    # A short program makes little garbage: collecting it while modules load, and once more at the end, costs a fifth of the time.
    gc.set_threshold(50_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding cannot show must not end the command.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are text files here
    code = main()
    gc.freeze()
    sys.exit(code)
