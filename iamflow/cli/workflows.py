"""``iamflow workflow``: how tickets move, from the tables themselves."""

from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, noun
from iamflow.cli.render.out import Output, emit, say

if TYPE_CHECKING:
    from iamflow.workflows.machine import Table, Transition
    from iamflow.workflows.workflow import Workflow

app = noun("How tickets move.")

Name = Annotated[str, typer.Argument(metavar="W", help="The workflow's name.")]

_LIST_FIELDS = ("workflow", "version", "states", "effects")
_TRANSITION_FIELDS = ("trigger", "from", "to", "pulled_by", "condition")

_CONDITIONS = {
    "KEY_UNTOUCHED": "while nothing is taken",
    "KEY_DEACTIVATED": "after access was taken: the key deactivated, the policy put, the user quarantined",
    "NOT_DELETING": "once access is taken, before the deletion begins",
    "KEY_GIVEN_BACK": "after a brown-out, once its deny is gone",
    "KEY_REPLACED": "after a new key, or a role, was made, while the old key works",
    "KEY_WORKS": "while the key is not deactivated",
    "NOT_DENIED": "not while a deny may be on of which it is not known",
}


@app.command("list")
def list_workflows(output: AsOutput = Output.TABLE) -> None:
    """List the workflows of this version."""
    from iamflow.cli.render.tables import Column, Listing, show
    from iamflow.workflows.registry import WORKFLOWS

    def record(workflow: "Workflow") -> dict[str, object]:
        return {
            "workflow": workflow.name,
            "version": workflow.table.version,
            "states": [state for state, _ in workflow.table.states],
            "effects": workflow.effects,
        }

    listing: Listing[Workflow] = Listing(
        columns=(
            Column(title="WORKFLOW", cell=lambda workflow: workflow.name, whole=True),
            Column(title="VERSION", cell=lambda workflow: str(workflow.table.version), whole=True),
            Column(title="STATES", cell=lambda workflow: str(len(workflow.table.states)), whole=True),
            Column(
                title="CHANGES TO AWS", cell=lambda workflow: ", ".join(effect.value for effect in workflow.effects)
            ),
        ),
        fields=_LIST_FIELDS,
        record=record,
    )
    show(listing, WORKFLOWS, output)


@app.command("show")
def show_workflow(name: Name, output: AsOutput = Output.TABLE) -> None:
    """Show a workflow's states and transitions, and who pulls each."""
    from iamflow.cli.render.data import emit_csv, emit_json
    from iamflow.workflows.registry import current

    table = current(name).table
    match output:
        case Output.JSON:
            states = [{"state": state, "meaning": meaning} for state, meaning in table.states]
            transitions = [_record(row) for row in table.transitions]
            emit_json({"workflow": name, "version": table.version, "states": states, "transitions": transitions})
        case Output.CSV:
            emit_csv([_record(row) for row in table.transitions], _TRANSITION_FIELDS)
        case Output.TABLE:
            _tell(table)


def _record(row: "Transition") -> dict[str, object]:
    return {
        "trigger": row.trigger,
        "from": row.sources,
        "to": row.dest,
        "pulled_by": "person" if row.person else "iamflow",
        "condition": _condition(row),
    }


def _condition(row: "Transition") -> str | None:
    parts = [_CONDITIONS[row.when.name]] if row.when is not None else []
    return "; ".join([*parts, f"came from {row.dest.value}"] if row.returns else parts) or None


def _tell(table: "Table") -> None:
    from iamflow.cli.render.tables import Column, Listing, show

    states: Listing[tuple[str, str]] = Listing(
        columns=(
            Column(title="STATE", cell=lambda row: row[0], whole=True),
            Column(title="MEANS", cell=lambda row: row[1]),
        ),
        fields=(),
        record=lambda _: {},
    )
    transitions: Listing[Transition] = Listing(
        columns=(
            Column(title="TRIGGER", cell=lambda row: row.trigger.value, whole=True),
            Column(title="FROM", cell=lambda row: ", ".join(source.value for source in row.sources)),
            Column(title="TO", cell=lambda row: row.dest.value, whole=True),
            Column(title="PULLED BY", cell=lambda row: "a person" if row.person else "iamflow", whole=True),
            Column(title="ONLY", cell=lambda row: _condition(row) or ""),
        ),
        fields=(),
        record=lambda _: {},
    )
    say(f"{table.workflow}, version {table.version}")
    emit("")
    show(states, [(state.value, meaning) for state, meaning in table.states], Output.TABLE)
    emit("")
    show(transitions, table.transitions, Output.TABLE)


@app.command("diagram")
def diagram(name: Name) -> None:
    """Draw a workflow as Mermaid text."""
    from iamflow.workflows.registry import current

    emit(current(name).table.diagram())
