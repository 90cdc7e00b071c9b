"""``iamflow policy``: the least IAM policy that the work needs."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from iamflow.cli.context import noun, opened
from iamflow.cli.render.out import Output

if TYPE_CHECKING:
    from iamflow.cli.render.tables import Listing

app = noun("The permissions that iamflow needs.")

_FIELDS = ("Sid", "Effect", "Action", "Resource")


class Role(StrEnum):
    """Who is to be given a policy."""

    OBSERVER = "observer"
    OPERATOR = "operator"
    REAPER = "reaper"
    ISSUER = "issuer"
    BUILDER = "builder"
    REPORTER = "reporter"


@app.command("show")
def show_policy(
    ctx: typer.Context,
    workflow: Annotated[
        list[str] | None,
        typer.Option("--workflow", metavar="W", help="For this workflow; may be given several times. All, otherwise."),
    ] = None,
    role: Annotated[
        Role | None,
        typer.Option(
            "--role",
            help="Only what this role needs: reading, changing, deleting, issuing keys, making roles, or telling Security Hub.",
        ),
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", help="How to show it; the policy document itself, where nothing is said.")
    ] = Output.JSON,
) -> None:
    """Print the least IAM policy for the workflows, as a document to give to AWS."""
    from iamflow.cli.render.data import emit_json
    from iamflow.cli.render.tables import show

    with opened(ctx) as app_:
        document = app_.permissions(workflow, role.value if role is not None else None)
        if output is Output.JSON:
            emit_json(document)
        else:
            show(_listing(), cast("list[dict[str, Any]]", document["Statement"]), output)


def _listing() -> "Listing[dict[str, Any]]":
    from iamflow.cli.render.tables import Column, Listing

    return Listing(
        columns=(
            Column(title="STATEMENT", cell=lambda row: str(row["Sid"]), whole=True),
            Column(title="ACTIONS", cell=lambda row: ", ".join(row["Action"])),
            Column(title="RESOURCE", cell=lambda row: str(row["Resource"])),
        ),
        fields=_FIELDS,
        record=lambda row: {name: row[name] for name in _FIELDS},
    )
