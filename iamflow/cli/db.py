"""``iamflow db``: the database: its schema, what is kept in it, and its copies."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import Yes, confirm, noun, opened
from iamflow.cli.render.out import complain, note, say
from iamflow.cli.render.progress import progress_bar
from iamflow.domain.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamflow.domain.retention import Removable, Removed

app = noun("The database: its schema, what is kept in it, and its copies.")

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@app.command("upgrade")
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to this program's schema; makes it, and the journal's key, where there is none."""
    with opened(ctx) as app_:
        say(f"the schema is at {app_.migrate()}")


@app.command("current")
def current(ctx: typer.Context) -> None:
    """Print the revision of the database's schema; exits 1 where there is none."""
    with opened(ctx) as app_:
        revision = app_.schema_current()
        if revision is None:
            message = "there is no schema yet: run: iamflow db upgrade"
            raise SchemaError(message)
        say(revision)


@app.command("check")
def check(ctx: typer.Context) -> None:
    """Compare the database's tables with what this program was written for; exits 1 where they differ."""
    with opened(ctx) as app_:
        if app_.schema_current() is None:
            message = "there is no schema yet: run: iamflow db upgrade"
            raise SchemaError(message)
        differences = app_.schema_check()
        for difference in differences:
            say(difference)
        if differences:
            complain("the database differs from this program: run: iamflow db upgrade")
            raise typer.Exit(1)
        say("the database is as this program expects it")


@app.command("prune")
def prune(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing; say how much would go.")] = False,
    yes: Yes = False,
) -> None:
    """Remove what the settings (retention) keep no longer, as the daemon does once a day; the journal says what is gone."""
    with opened(ctx) as app_:
        kept = app_.settings.kept()
        if kept.evidence is None and kept.events is None:
            say("nothing is ever removed: retention.evidence and retention.events are null")
            return
        if not dry_run:
            confirm("remove what is kept no longer, for good?", yes=yes)
        _tell(app_.prune(dry_run=dry_run), "would be removed" if dry_run else "removed")


def _tell(removed: "Mapping[Removable, Removed]", done: str) -> None:
    for what, much in removed.items():
        number = f"{much.events} events" if much.events else what.value
        tickets = "1 ticket" if much.tickets == 1 else f"{much.tickets} tickets"
        say(f"{number} of {tickets} {done} (retention.{what.value})")


@app.command("backup")
def backup(
    ctx: typer.Context,
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Write over a file of that name.")] = False,
) -> None:
    """Write everything to one file (0600), as it is at one moment; the journal's key is not in it, and has to be kept too."""
    with opened(ctx) as app_:
        with progress_bar(f"saving {file.name}") as told:
            header = app_.backup(file, told, overwrite=force)
        say(f"{file}: {header.rows} rows, as of {header.made_at[:19].replace('T', ' ')} UTC")
        note("the journal's key is not in it: keep that too, and apart from it (docs/how-to/backup.md)")


@app.command("restore")
def restore(ctx: typer.Context, file: BackupFile) -> None:
    """Put a backup into an empty database, all of it or nothing, verify the journal, and leave everything frozen."""
    with opened(ctx) as app_:
        with progress_bar(f"restoring {file.name}") as told:
            header = app_.restore(file, told)
        say(f"{header.rows} rows restored, as of {header.made_at[:19].replace('T', ' ')} UTC")
        faults = app_.store.verify()
        for fault in faults:
            say(f"{fault.where}: {fault.sentence}")
        say(
            "everything is frozen, and no approval given before counts: what was said and done since is not in it"
            " (iamflow freeze off, once you know)"
        )
        if faults:
            complain(f"the journal does not add up, and did not when it was saved: {len(faults)} faults")
            raise typer.Exit(1)
        say("the journal is intact")
