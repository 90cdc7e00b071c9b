"""``iamflow owner``: who is told about whom."""

from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, noun, opened
from iamflow.cli.render.out import Output

if TYPE_CHECKING:
    from iamflow.cli.render.tables import Listing
    from iamflow.engine.owners import Owned

app = noun("The owners of the users with open tickets.")

FIELDS = ("account_id", "account_name", "username", "status", "owner", "owner_source", "ticket")


@app.command("list")
def list_owners(
    ctx: typer.Context,
    *,
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Only users without an owner: nobody is told, or only the default address."),
    ] = False,
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", help="Only this account (id or name).")
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """List who is told about each user with an open ticket, and where that address came from."""
    from iamflow.cli.render.tables import show
    from iamflow.engine.owners import Ownership, owners

    without = {Ownership.MISSING, Ownership.DEFAULT}
    with opened(ctx) as app_:
        found = (one for one in owners(app_.store, account) if not missing or one.status in without)
        show(_listing(missing=missing), found, output)


def _listing(*, missing: bool) -> "Listing[Owned]":
    from iamflow.cli.render.tables import Column, Listing

    return Listing(
        columns=(
            Column(title="USER", cell=lambda one: one.username),
            Column(title="ACCOUNT", cell=lambda one: f"{one.account_name} ({one.account_id})"),
            Column(title="OWNER", cell=lambda one: one.owner.address if one.owner is not None else "-"),
            Column(title="FROM", cell=lambda one: one.owner.source if one.owner is not None else "-", whole=True),
            Column(title="STATUS", cell=lambda one: one.status.value, whole=True),
            Column(title="TICKET", cell=lambda one: str(one.ticket_id), whole=True),
        ),
        fields=FIELDS,
        record=lambda one: {
            "account_id": one.account_id,
            "account_name": one.account_name,
            "username": one.username,
            "status": one.status,
            "owner": one.owner.address if one.owner is not None else None,
            "owner_source": one.owner.source if one.owner is not None else None,
            "ticket": one.ticket_id,
        },
        empty="every user with an open ticket has an owner" if missing else "no user has an open ticket",
    )
