"""What a person says is recorded with who said it, and the answer tells where the ticket stands."""

import pytest

from tests.cli.conftest import Shell, opened
from tests.world import ACCOUNT, KEY


@pytest.fixture
def three(shell: Shell) -> Shell:
    opened(shell, "etl", "web", "batch")
    return shell


def _shown(shell: Shell, ref: str = "1") -> dict[str, object]:
    shown: dict[str, object] = shell.ok("ticket", "show", ref, "--output", "json").json
    return shown


def test_hold_and_resume(three: Shell) -> None:
    assert "it is on_hold" in three.ok("ticket", "hold", "1", "--comment", "wait for the owner").out
    assert "it is open" in three.ok("ticket", "resume", "1").out
    assert "wait for the owner" in three.ok("ticket", "history", "1").out


@pytest.mark.parametrize(
    ("until", "stored"),
    [
        ("2027-03-31", "2027-03-31T23:59:59Z"),
        ("2027-03-31T12:00", "2027-03-31T12:00:00Z"),
        ("2027-03-31T12:00+02:00", "2027-03-31T10:00:00Z"),
        ("2027-03-31T12:00:00Z", "2027-03-31T12:00:00Z"),
    ],
)
def test_an_exemption_ends_at_the_end_of_its_day_in_utc(three: Shell, until: str, stored: str) -> None:
    three.ok("ticket", "exempt", "1", "--until", until, "--reason", "the appliance goes in spring")
    shown = _shown(three)
    assert shown["state"] == "exempt"
    assert shown["due_at"] == stored
    assert "the appliance goes in spring" in three.ok("ticket", "list").out


def test_an_exemption_in_the_past_is_refused(three: Shell) -> None:
    assert three("ticket", "exempt", "1", "--until", "2020-01-01", "--reason", "r").code == 5


def test_an_owners_keep_holds_the_ticket_and_says_for_whom(three: Shell) -> None:
    three.ok("ticket", "reply", "2", "--keep", "--on-behalf-of", "anna@example.com", "--comment", "payroll")
    assert _shown(three, "2")["state"] == "on_hold"
    assert "anna@example.com" in three.ok("ticket", "history", "2").out


def test_go_ahead_and_migrated_are_recorded(three: Shell) -> None:
    three.ok("ticket", "reply", "1", "--go-ahead")
    three.ok("ticket", "reply", "2", "--migrated", "--comment", "uses a role")
    assert "go-ahead" in three.ok("ticket", "history", "1").out
    assert "uses a role" in three.ok("ticket", "history", "2").out


def test_a_comment_changes_nothing_but_the_record(three: Shell) -> None:
    three.ok("ticket", "comment", "1", "called them twice")
    assert _shown(three)["state"] == "open"
    assert "called them twice" in three.ok("ticket", "history", "1").out


def test_cancel_ends_and_says_so(three: Shell) -> None:
    assert "it is cancelled" in three.ok("ticket", "cancel", "3", "--comment", "double").out
    assert _shown(three, "3")["resolution"] == "cancelled"


def test_a_ticket_opened_by_hand_names_its_requester(shell: Shell) -> None:
    command = ("ticket", "open", "--workflow", "disable-key", "--account", ACCOUNT, "--user", "etl", "--key", KEY)
    assert "opened" in shell.ok(*command).out
    assert str(_shown(shell)["requester"]).startswith("os:")
    again = shell(*command)
    assert again.code == 5
    assert "open ticket already" in again.complaint


def test_an_unknown_workflow_names_those_that_there_are(shell: Shell) -> None:
    answer = shell("ticket", "open", "--workflow", "x", "--account", ACCOUNT, "--user", "etl", "--key", KEY)
    assert answer.code == 1
    assert "disable-key" in answer.complaint


def test_freeze_says_who_and_why_until_it_is_over(shell: Shell) -> None:
    shell.ok("freeze", "on", "--reason", "incident 4711")
    assert "incident 4711" in shell.ok("freeze", "status").out
    assert "over" in shell.ok("freeze", "off").out
    assert shell.ok("freeze", "status").out == "not frozen\n"
