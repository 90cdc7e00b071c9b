"""Workflows are told from their tables, permissions from the calls that are made."""

import csv
import io

from iamflow.workflows.registry import WORKFLOWS
from tests.cli.conftest import Shell


def test_every_workflow_is_listed(empty: Shell) -> None:
    listed = empty.ok("workflow", "list", "--output", "json").json
    assert [row["workflow"] for row in listed] == [workflow.name for workflow in WORKFLOWS]


def test_a_workflow_shows_every_state_and_who_pulls_each_transition(empty: Shell) -> None:
    table = WORKFLOWS[0].table
    shown = empty.ok("workflow", "show", "disable-key", "--output", "json").json
    assert [row["state"] for row in shown["states"]] == [state.value for state, _ in table.states]
    assert len(shown["transitions"]) == len(table.transitions)
    assert {row["pulled_by"] for row in shown["transitions"]} == {"person", "iamflow"}
    text = empty.ok("workflow", "show", "disable-key").out
    assert all(state.value in text for state, _ in table.states)
    rows = list(csv.DictReader(io.StringIO(empty.ok("workflow", "show", "disable-key", "--output", "csv").out)))
    assert len(rows) == len(table.transitions)


def test_the_diagram_is_mermaid(empty: Shell) -> None:
    assert "stateDiagram" in empty.ok("workflow", "diagram", "disable-key").out


def test_an_unknown_workflow_is_1_and_names_those_that_there_are(empty: Shell) -> None:
    for command in ("show", "diagram"):
        answer = empty("workflow", command, "delete-everything")
        assert answer.code == 1
        assert "disable-key" in answer.complaint


def _actions(document: dict[str, list[dict[str, list[str]]]]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def test_each_role_gets_only_what_it_needs(empty: Shell) -> None:
    changing = {"iam:UpdateAccessKey", "iam:DeleteAccessKey"}
    granted = {
        role: _actions(empty.ok("policy", "show", "--role", role).json) & changing
        for role in ("observer", "operator", "reaper")
    }
    assert granted == {"observer": set(), "operator": {"iam:UpdateAccessKey"}, "reaper": {"iam:DeleteAccessKey"}}
    assert _actions(empty.ok("policy", "show", "--workflow", "disable-key").json) >= changing


def test_permissions_can_be_read_as_a_table(empty: Shell) -> None:
    assert "iam:DeleteAccessKey" in empty.ok("policy", "show", "--output", "table").out
