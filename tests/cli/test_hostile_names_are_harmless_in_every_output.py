"""Names are written by others: no escape reaches a terminal, no formula a spreadsheet, and JSON loses nothing."""

import csv
import io

import pytest

from iamflow.domain.states import State
from tests.cli.conftest import Shell, on_a_terminal, opened
from tests.workflows.samples import ticket

HOSTILE = "\x1b[2J\x1b]0;owned\x07=cmd|' /C calc'!A1\u202egnp.exe\u200b[red]x[/red]"
FORMULA = "=HYPERLINK(0)"
READING = [("ticket", "list"), ("ticket", "show", "1"), ("ticket", "history", "1"), ("finding", "list")]
NEVER_SHOWN = ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\u200b")


@pytest.fixture
def attacked(shell: Shell) -> Shell:
    opened(shell, HOSTILE, FORMULA, account_name=HOSTILE)
    return shell


@pytest.mark.parametrize("command", READING, ids=" ".join)
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_nothing_invisible_is_written(attacked: Shell, command: tuple[str, ...], form: str) -> None:
    out = attacked.ok(*command, "--output", form).out
    assert not [mark for mark in (*NEVER_SHOWN, "\x1b") if mark in out]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_nothing_invisible_reaches_a_terminal_and_markup_stays_text(attacked: Shell, command: tuple[str, ...]) -> None:
    shown = on_a_terminal(attacked, *command, COLUMNS="400").out
    assert not [mark for mark in NEVER_SHOWN if mark in shown]
    assert "[red]x[/red]" in shown


def test_csv_cells_are_text_for_a_spreadsheet(attacked: Shell) -> None:
    for command in (("ticket", "list"), ("ticket", "show", "2"), ("finding", "list")):
        rows = list(csv.reader(io.StringIO(attacked.ok(*command, "--output", "csv").out)))
        cells = [cell for row in rows for cell in row]
        assert "'" + FORMULA in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_json_gives_the_name_exactly(attacked: Shell) -> None:
    tickets = attacked.ok("ticket", "list", "--output", "json").json
    assert [ticket["username"] for ticket in tickets] == [HOSTILE, FORMULA]


def test_the_journal_is_exported_with_the_name_exactly_and_in_ascii(attacked: Shell) -> None:
    out = attacked.ok("audit", "export").out
    assert out.isascii()
    assert "\\u202e" in out


def test_a_comment_full_of_escapes_is_shown_harmlessly(attacked: Shell) -> None:
    attacked.ok("ticket", "comment", "1", HOSTILE)
    assert "\x1b" not in attacked.ok("ticket", "history", "1").out


def test_the_line_for_doing_it_by_hand_is_one_word_to_a_shell() -> None:
    from iamflow.cli.rollback import by_hand

    line = by_hand(ticket(State.MONITORING, username="x; rm -rf ~", access_key_id="AKIAYF5JKDJQS3LDLOIV"))
    assert line == (
        "aws iam update-access-key --user-name 'x; rm -rf ~' --access-key-id AKIAYF5JKDJQS3LDLOIV --status Active"
    )
    assert "--user-name=-x " in by_hand(ticket(State.MONITORING, username="-x"))
