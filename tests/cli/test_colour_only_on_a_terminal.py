"""A pipe gets plain aligned text; a terminal gets a table that fits it; NO_COLOR is honoured."""

import pytest

from tests.cli.conftest import Shell, on_a_terminal, opened, run

ESCAPE = "\x1b"


@pytest.fixture
def steered(shell: Shell) -> Shell:
    opened(shell, "etl", "a-user-with-a-rather-long-name", "数据")
    shell.ok("ticket", "reply", "1", "--keep", "--comment", "the appliance in the basement needs it until spring comes")
    return shell


def test_a_pipe_gets_no_colour_even_where_others_force_it(steered: Shell) -> None:
    out = run(steered, "ticket", "list", FORCE_COLOR="1", CLICOLOR_FORCE="1", COLUMNS="40").out
    assert ESCAPE not in out
    assert "the appliance in the basement needs it until spring comes" in out


def test_columns_of_a_pipe_are_aligned_wide_characters_included(steered: Shell) -> None:
    head, *rows = steered.ok("ticket", "list").out.splitlines()
    place = head.index("KEY")
    assert [row[place : place + 4] for row in rows[:2]] == ["AKIA", "AKIA"]
    # Each of the two characters takes two cells.
    assert rows[2][place - 2 : place + 2] == "AKIA"


def test_a_terminal_gets_colour(steered: Shell) -> None:
    assert ESCAPE in on_a_terminal(steered, "ticket", "list").out


def test_no_color_means_no_escape_sequence_at_all(steered: Shell) -> None:
    for command in (("ticket", "list"), ("ticket", "show", "1"), ("ticket", "history", "1")):
        assert ESCAPE not in on_a_terminal(steered, *command, NO_COLOR="1").out


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(steered: Shell, columns: int) -> None:
    for command in (("ticket", "list"), ("ticket", "show", "1"), ("workflow", "show", "disable-key")):
        shown = on_a_terminal(steered, *command, NO_COLOR="1", COLUMNS=str(columns)).out
        assert max(len(line.rstrip()) for line in shown.splitlines()) <= columns
        if command[0] == "ticket":
            assert "AKIAYF5JKDJQ00000000" in shown
            assert "spring" in shown


def test_times_are_told_in_utc_and_in_words(steered: Shell) -> None:
    out = steered.ok("ticket", "show", "2").out
    assert "UTC (in 9 d" in out
    assert "300 days ago" in out
