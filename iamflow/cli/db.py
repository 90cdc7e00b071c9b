"""``iamflow db``: the database's schema."""

import typer

from iamflow.cli.context import noun, opened
from iamflow.cli.render.out import complain, say
from iamflow.domain.errors import SchemaError

app = noun("The database's schema.")


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
