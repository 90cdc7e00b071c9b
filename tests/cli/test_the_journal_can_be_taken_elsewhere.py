"""The journal can be exported, its head kept elsewhere, and held against both."""

import json
import os
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, opened

FIELDS = ["ticket_id", "seq", "at", "actor", "kind", "from_state", "to_state", "detail", "prev_hash", "hash"]


@pytest.fixture
def busy(shell: Shell) -> Shell:
    opened(shell, "etl", "web")
    shell.ok("ticket", "hold", "1")
    return shell


def test_an_intact_journal_verifies_with_0(busy: Shell) -> None:
    assert "intact" in busy.ok("audit", "verify").out


def test_the_export_is_one_event_a_line_each_following_the_one_before(busy: Shell) -> None:
    events = [json.loads(line) for line in busy.ok("audit", "export").out.splitlines()]
    assert all(list(event) == FIELDS for event in events)
    assert all(isinstance(event["detail"], dict) for event in events)
    for before, after in pairwise(events):
        if before["ticket_id"] == after["ticket_id"]:
            assert after["prev_hash"] == before["hash"]
            assert after["seq"] == before["seq"] + 1


def test_a_file_is_for_its_owner_only_and_says_the_same(busy: Shell, tmp_path: Path) -> None:
    os.umask(0o022)
    file = tmp_path / "journal.jsonl"
    assert busy.ok("audit", "export", "--out", str(file)).out == ""
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text(encoding="utf-8") == busy.ok("audit", "export").out


def test_an_export_that_fails_leaves_the_old_file_as_it_was(busy: Shell, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text("kept", encoding="utf-8")
    busy.config.with_name("iamflow.db").unlink()
    assert busy("audit", "export", "--out", str(file)).code == 1
    assert file.read_text(encoding="utf-8") == "kept"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".journal")] == []


def test_only_regular_files_are_written(busy: Shell, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert busy("audit", "export", "--out", str(pipe)).code == 1


def test_an_exported_head_finds_a_database_that_was_put_back(busy: Shell, tmp_path: Path) -> None:
    database = busy.config.with_name("iamflow.db")
    earlier = database.read_bytes()
    busy.ok("ticket", "comment", "1", "later")
    head = tmp_path / "head.json"
    busy.ok("audit", "export", "--head", "--out", str(head))
    assert busy.ok("audit", "verify", "--against", str(head)).code == 0
    database.write_bytes(earlier)
    assert busy("audit", "verify").code == 0
    answer = busy("audit", "verify", "--against", str(head))
    assert answer.code == 1
    assert "cut off" in answer.out


def test_an_edit_behind_iamflows_back_is_found_with_1(busy: Shell) -> None:
    with sqlite3.connect(busy.config.with_name("iamflow.db")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE events SET actor = 'somebody else' WHERE ticket_id = 1")
    connection.close()
    answer = busy("audit", "verify", "--output", "json")
    assert answer.code == 1
    assert answer.json["intact"] is False
    assert "ticket 1" in answer.json["faults"][0]["where"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", "[" * 100_000])
def test_a_file_that_is_no_head_is_refused(busy: Shell, tmp_path: Path, text: str) -> None:
    file = tmp_path / "head.json"
    file.write_text(text, encoding="utf-8")
    answer = busy("audit", "verify", "--against", str(file))
    assert answer.code == 1
    assert "not the head of a journal" in answer.complaint
