"""What commands share: the settings file, the application, the person's yes, the common options."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.render.out import Output, note
from iamflow.domain.encoding import for_terminal
from iamflow.domain.errors import DeclinedError

if TYPE_CHECKING:
    from iamflow.bootstrap import Application

_ACCOUNT = re.compile(r"[0-9]{12}")
_USER = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_TICKET = re.compile(r"[0-9]{1,18}|A[KS]IA[A-Z0-9]{12,124}")
KEY_ID = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Globals:
    """The options that come before the command."""

    config: Path | None = None


def settings_file(ctx: typer.Context) -> Path | None:
    """Return the settings file that was named before the command."""
    known = ctx.find_object(Globals)
    return known.config if known is not None else None


@contextmanager
def opened(ctx: typer.Context, writer: str = "cli") -> Iterator["Application"]:
    """Open the application for one command; ``writer`` is what its name begins with. Raises ``ConfigError``."""
    from iamflow.bootstrap import application
    from iamflow.cli.logs import configure

    configure()
    with application(settings_file(ctx), writer) as app:
        yield app


def noun(help_text: str) -> typer.Typer:
    """Return a group of commands that shows its help where no command is named."""
    made = typer.Typer(help=help_text, invoke_without_command=True, rich_markup_mode=None)
    made.callback()(group)
    return made


def group(ctx: typer.Context) -> None:
    """Show the help of a group where no command of it is named, as a mistake in usage."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), file=sys.stderr)
        raise typer.Exit(2)


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal, unless the answer was given with the command. Raises ``DeclinedError`` for anything but a yes.

    Not on a terminal nobody can answer, and whoever writes a script has decided already.
    """
    if yes or not sys.stdin.isatty():
        return
    note(f"{question} [y/N] ", end="")
    try:
        answer = sys.stdin.readline()
    except UnicodeDecodeError:
        answer = ""
    if answer.strip().lower() not in {"y", "yes"}:
        message = "declined: nothing was done"
        raise DeclinedError(message)


def checked_account(text: str | None) -> str | None:
    """Check that the text, where there is one, is an account id."""
    if text is not None and _ACCOUNT.fullmatch(text) is None:
        message = "an account id has 12 digits"
        raise typer.BadParameter(message)
    return text


def checked_user(text: str | None) -> str | None:
    """Check that the text, where there is one, can be the name of an IAM user."""
    if text is not None and _USER.fullmatch(text) is None:
        message = "an IAM user name has up to 64 letters, digits and +=,.@_-"
        raise typer.BadParameter(message)
    return text


def checked_key(text: str | None) -> str | None:
    """Check that the text, where there is one, is a whole access key id."""
    if text is not None and KEY_ID.fullmatch(text) is None:
        message = "a whole access key id is needed (AKIA…)"
        raise typer.BadParameter(message)
    return text


def _ticket(text: str) -> str:
    """Check that the text is a ticket number or a whole key id."""
    if _TICKET.fullmatch(text) is None:
        message = f"{for_terminal(text, limit=80)!r} is neither a ticket number nor a whole access key id"
        raise typer.BadParameter(message)
    return text


def _tickets(texts: list[str]) -> list[str]:
    return [_ticket(text) for text in texts]


TicketRef = Annotated[
    str, typer.Argument(metavar="ID", callback=_ticket, help="A ticket number, or a whole access key id.")
]
TicketRefs = Annotated[
    list[str], typer.Argument(metavar="ID", callback=_tickets, help="Ticket numbers, or whole access key ids.")
]
AsOutput = Annotated[Output, typer.Option("--output", help="How to show it; a table, where nothing is said.")]
Comment = Annotated[str | None, typer.Option("--comment", metavar="TEXT", help="A remark for the record.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask on a terminal.")]


class Format(StrEnum):
    """What a file of findings can be."""

    AUTO = "auto"
    IAM_AUDIT = "iam-audit"
    ROOT_AUDIT = "root-audit"
    CLOUDTRAIL_EVENTS = "cloudtrail-events"
    CREDENTIAL_REPORT = "credential-report"
    PROWLER = "prowler"
    SECURITY_HUB = "security-hub"
