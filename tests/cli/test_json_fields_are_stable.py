"""The names of JSON's fields are a promise: a field may come, none may go or change its kind."""

import re
from pathlib import Path

import pytest

from iamflow.domain.states import State
from tests.cli.conftest import REPORT, Office, Shell, opened

TICKET = {
    "id", "workflow", "state", "account_id", "account_name", "username", "access_key_id", "owner", "opened_at",
    "state_since", "due_at", "deadline", "closed_at", "resolution", "confirmation", "blocked_code", "blocked_reason",
    "plan_digest", "version",
}  # fmt: skip
SHOWN = TICKET | {
    "workflow_version", "user_id", "owner_source", "managed", "requester", "came_from", "wanted", "facts", "progress", "baseline", "migration",
    "snapshot", "parent_id", "unconfirmed",
    "signals", "approvals", "mode", "next_step", "expected_end", "evidence_removed_at",
    "events_removed_at",
}  # fmt: skip
FINDING = {
    "account_id", "account_name", "username", "access_key_id", "created_at", "age_days", "last_used_at", "service",
    "rule", "ticket", "exempt", "status", "reason",
}  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def test_a_list_is_a_list_and_a_show_is_an_object(shell: Shell) -> None:
    opened(shell, "etl")
    (ticket,) = shell.ok("ticket", "list", "--output", "json").json
    assert ticket.keys() == TICKET
    assert shell.ok("ticket", "show", "1", "--output", "json").json.keys() == SHOWN


def test_an_empty_list_is_an_empty_list(shell: Shell) -> None:
    for command in (("ticket", "list"), ("finding", "list")):
        assert shell.ok(*command, "--output", "json").json == []


def test_key_ids_are_whole(shell: Shell) -> None:
    keys = opened(shell, "etl", "web")
    assert [ticket["access_key_id"] for ticket in shell.ok("ticket", "list", "--output", "json").json] == keys


def test_times_are_iso_8601_in_utc(shell: Shell) -> None:
    opened(shell, "etl")
    shown = shell.ok("ticket", "show", "1", "--output", "json").json
    times = [shown["opened_at"], shown["state_since"], shown["due_at"], shown["expected_end"]]
    times += [shown["facts"]["created_at"], shown["facts"]["last_use"]["at"]]
    assert all(UTC.fullmatch(text) for text in times), times


def test_a_history_has_its_fields_with_the_detail_as_an_object(shell: Shell) -> None:
    opened(shell, "etl")
    shell.ok("ticket", "cancel", "1")
    events = shell.ok("ticket", "history", "1", "--output", "json").json
    assert all(event.keys() == {"seq", "at", "actor", "kind", "from_state", "to_state", "detail"} for event in events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["from_state"] == "open"
    assert events[-1]["to_state"] == "cancelled"
    assert isinstance(events[-1]["detail"], dict)


def test_an_import_gives_its_counts(shell: Shell) -> None:
    counts = shell.ok("import", str(REPORT), "--output", "json").json
    assert counts.keys() == {
        "rows", "findings", "opened", "existing", "rejected", "exempt", "suppressed", "leads", "seen", "dry_run", "files", "followed_up",
    }  # fmt: skip
    assert (counts["leads"], counts["followed_up"]) == (0, None)
    assert counts["rows"] == 140
    assert counts["opened"] == counts["findings"] - counts["existing"] - counts["rejected"] - counts["suppressed"]


def test_findings_have_their_fields(shell: Shell) -> None:
    shell.ok("import", str(REPORT))
    found = shell.ok("finding", "list", "--output", "json").json
    assert all(item.keys() == FINDING for item in found)
    assert all(item["rule"] == "key-too-old" and item["age_days"] >= 90 for item in found)
    assert shell.ok("finding", "list", "--output", "csv").out.splitlines()[0].split(",") == [
        "account_id", "account_name", "username", "access_key_id", "created_at", "age_days", "last_used_at", "service",
        "rule", "ticket", "exempt", "status", "reason",
    ]  # fmt: skip


def test_the_small_documents_have_their_fields(shell: Shell) -> None:
    assert shell.ok("freeze", "status", "--output", "json").json == {"on": False, "reason": None}
    assert shell("daemon", "status", "--output", "json").json.keys() == {
        "alive", "instances", "next_due", "oldest_notice_seconds", "frozen", "freeze_reason",
    }  # fmt: skip
    assert shell.ok("audit", "verify", "--output", "json").json == {
        "intact": True,
        "events": 0,
        "removed": 0,
        "faults": [],
    }


def test_a_tick_has_its_fields(office: Office) -> None:
    assert office.shell.ok("tick", "--output", "json").json == {
        "ran": True, "tickets": 0, "moved": 0, "effects": 0, "notices": 0, "passes": 1, "frozen_by_breaker": None,
    }  # fmt: skip


def test_why_gives_every_refusal_with_code_and_sentence(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.NOTIFIED)
    answer = office.shell.ok("ticket", "why", "1", "--output", "json").json
    assert answer["next_effect"] == "deactivate_key"
    assert all(refusal.keys() == {"code", "sentence", "remedy", "until"} for refusal in answer["refusals"])
    assert {"grace", "baseline"} & {word for refusal in answer["refusals"] for word in refusal["sentence"].split()}
    assert answer["next_step"]
    assert answer["unread"] is None


@pytest.mark.parametrize("form", ["json", "csv"])
def test_nothing_but_the_document_is_on_standard_output(shell: Shell, form: str) -> None:
    opened(shell, "a", "b", "c")
    answer = shell.ok("ticket", "list", "--limit", "2", "--output", form)
    assert "--after 2" in answer.err
    assert "--after" not in answer.out


def test_every_field_is_in_the_reference() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert not [field for field in sorted(SHOWN | FINDING) if f"`{field}`" not in page]
