"""``iamflow exemption``: who is left alone until a date, by account, user, key or tag."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, checked_key, checked_user, noun, opened
from iamflow.cli.dates import moment
from iamflow.cli.render.out import Output, say

if TYPE_CHECKING:
    from iamflow.cli.render.tables import Listing
    from iamflow.domain.exemption import Exemption

app = noun("Standing exemptions: who is left alone until a date, whatever reports find.")

FIELDS = (
    "id",
    "status",
    "account",
    "username",
    "access_key_id",
    "tag",
    "workflow",
    "until",
    "reason",
    "added_by",
    "added_at",
    "ended_by",
    "ended_at",
)


def _tag(text: str | None) -> tuple[str, str] | None:
    """Return a tag's name and the pattern of its value."""
    if text is None:
        return None
    name, equals, pattern = text.partition("=")
    if not equals or not name.strip() or not pattern:
        message = "a tag is NAME=PATTERN (--tag), such as env=legacy* or keep=*"
        raise typer.BadParameter(message)
    return name, pattern


@app.command("add")
def add(
    ctx: typer.Context,
    *,
    until: Annotated[
        datetime,
        typer.Option(
            "--until", metavar="DATE", parser=moment, help="The last day (UTC), or an ISO time; at most a year away."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="PATTERN", help="A shell pattern of the account's id or name.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="NAME", callback=checked_user, help="Users of just this name, and their keys."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="ID", callback=checked_key, help="This whole access key id.")
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option("--tag", metavar="NAME=PATTERN", help="Users with a tag whose value fits the pattern."),
    ] = None,
    workflow: Annotated[
        str | None, typer.Option("--workflow", metavar="W", help="From this workflow only; from all, where not said.")
    ] = None,
) -> None:
    """Leave alone whoever fits everything that is said, until a date; only who may approve can say so."""
    from iamflow.domain.exemption import Covered
    from iamflow.domain.ids import KeyId
    from iamflow.engine import exemptions

    covers = Covered(
        account=account,
        username=user,
        key_id=KeyId(key) if key is not None else None,
        tag=_tag(tag),
        workflow=workflow,
    )
    with opened(ctx) as app_:
        found = exemptions.add(app_.desk(), exemptions.Wish(covers=covers, until=until, reason=reason))
        say(f"{exemptions.in_words(found)} (iamflow exemption end {found.id})")


@app.command("list")
def list_exemptions(
    ctx: typer.Context,
    *,
    ended: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """List standing exemptions, by number; those of single tickets are in ticket list --state exempt."""
    from iamflow.cli.render.tables import show

    with opened(ctx) as app_:
        now = app_.clock.now()
        show(_listing(now), app_.store.exemptions(running_at=None if ended else now), output)


@app.command("end")
def end(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="The exemption's number.")],
) -> None:
    """End an exemption before its time; its tickets open again, with a new notice and a whole grace period."""
    from iamflow.domain.ids import ExemptionId
    from iamflow.engine import exemptions

    with opened(ctx) as app_:
        found = exemptions.end(app_.desk(), ExemptionId(number))
        say(f"exemption {found.id} ({found.covers.in_words}) was ended by {app_.person}")


def _status(one: "Exemption", now: datetime) -> str:
    if one.ended_at is not None:
        return "ended"
    return "running" if one.runs(now) else "expired"


def _listing(now: datetime) -> "Listing[Exemption]":
    from iamflow.cli.render.tables import Column, Listing
    from iamflow.cli.render.words import when

    return Listing(
        columns=(
            Column(title="ID", cell=lambda one: str(one.id), whole=True),
            Column(title="WHO", cell=lambda one: one.covers.in_words),
            Column(title="UNTIL", cell=lambda one: when(one.until, now), whole=True),
            Column(title="STATUS", cell=lambda one: _status(one, now), whole=True),
            Column(title="BY", cell=lambda one: str(one.by)),
            Column(title="REASON", cell=lambda one: one.reason),
        ),
        fields=FIELDS,
        record=lambda one: {
            "id": one.id,
            "status": _status(one, now),
            "account": one.covers.account,
            "username": one.covers.username,
            "access_key_id": one.covers.key_id,
            "tag": "=".join(one.covers.tag) if one.covers.tag is not None else None,
            "workflow": one.covers.workflow,
            "until": one.until,
            "reason": one.reason,
            "added_by": str(one.by),
            "added_at": one.at,
            "ended_by": str(one.ended_by) if one.ended_by is not None else None,
            "ended_at": one.ended_at,
        },
        empty="no exemption runs",
    )
