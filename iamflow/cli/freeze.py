"""``iamflow freeze``: the kill switch."""

from typing import Annotated

import typer

from iamflow.cli.context import AsOutput, noun, opened
from iamflow.cli.render.out import Output, say

app = noun("The kill switch: no new step anywhere. Watching and rollbacks go on.")

_FIELDS = ("on", "reason")


@app.command("on")
def freeze_on(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")],
) -> None:
    """Stop every new step at once."""
    if not reason.strip():
        message = "say why (--reason)"
        raise typer.BadParameter(message)
    with opened(ctx) as app_:
        app_.store.set_freeze(on=True, reason=reason, by=str(app_.person), at=app_.clock.now())
        say(f"frozen by {app_.person}: {reason} (watching and rollbacks go on; iamflow freeze off)")


@app.command("off")
def freeze_off(ctx: typer.Context) -> None:
    """Let steps be taken again."""
    with opened(ctx) as app_:
        before = app_.store.freeze()
        app_.store.set_freeze(on=False, reason=None, by=str(app_.person), at=app_.clock.now())
        say(f"the freeze is over ({before.reason})" if before.on else "nothing was frozen")


@app.command("status")
def status(ctx: typer.Context, output: AsOutput = Output.TABLE) -> None:
    """Show whether everything is frozen, and why."""
    from iamflow.cli.render.data import emit_csv, emit_json

    with opened(ctx) as app_:
        freeze = app_.store.freeze()
        record = {"on": freeze.on, "reason": freeze.reason}
        match output:
            case Output.JSON:
                emit_json(record)
            case Output.CSV:
                emit_csv([record], _FIELDS)
            case Output.TABLE:
                say(f"frozen: {freeze.reason or 'no reason given'} (iamflow freeze off)" if freeze.on else "not frozen")
