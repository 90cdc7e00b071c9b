"""``iamflow exemption`` grants, lists and ends standing exemptions; findings that one covers are listed as exempt."""

import csv
import io

import pytest

from tests.cli.conftest import Shell, opened

UNTIL = ("--until", "2027-03-31", "--reason", "the partner migrates in spring")


def test_one_is_granted_listed_and_ended(shell: Shell) -> None:
    said = shell.ok("exemption", "add", "--account", "pay*", "--user", "etl", "--tag", "env=legacy*", *UNTIL).out
    assert said.startswith(
        "exemption 1 (user etl, account pay*, users tagged env=legacy*) until 2027-03-31 23:59 UTC, by "
    )
    (row,) = shell.ok("exemption", "list", "--output", "json").json
    assert (row["account"], row["username"], row["tag"], row["status"]) == ("pay*", "etl", "env=legacy*", "running")
    assert (row["until"], row["ended_by"]) == ("2027-03-31T23:59:59Z", None)
    assert row["added_by"].startswith("os:")
    assert "was ended by os:" in shell.ok("exemption", "end", "1").out
    assert shell.ok("exemption", "list").err == "no exemption runs\n"
    (over,) = csv.DictReader(io.StringIO(shell.ok("exemption", "list", "--all", "--output", "csv").out))
    assert (over["status"], over["ended_by"]) == ("ended", row["added_by"])
    assert shell("exemption", "end", "1").code == 5
    assert shell("exemption", "end", "2").code == 1
    assert shell.ok("audit", "verify").code == 0


def test_findings_are_listed_as_exempt(shell: Shell) -> None:
    shell.ok("exemption", "add", "--account", "562458925665", *UNTIL)
    opened(shell, "etl")
    assert shell.ok("ticket", "list", "--output", "json").json == []
    (found,) = shell.ok("finding", "list", "--output", "json").json
    assert (found["ticket"], found["exempt"]) == (None, 1)
    assert "exempt (1)" in shell.ok("finding", "list").out


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--user", "etl", "--until", "2027-03-31"), 2, "--reason"),
        (("--user", "etl", "--reason", "agreed"), 2, "--until"),
        (UNTIL, 5, "exempt everybody"),
        (("--account", "*", *UNTIL), 5, "exempt everybody"),
        (("--tag", "env", *UNTIL), 2, "NAME=PATTERN"),
        (("--key", "AKIA", *UNTIL), 2, "whole access key id"),
        (("--user", "etl", "--until", "2029-01-01", "--reason", "agreed"), 5, "within a year"),
    ],
)
def test_what_is_missing_or_too_much_is_said(shell: Shell, arguments: tuple[str, ...], code: int, why: str) -> None:
    answer = shell("exemption", "add", *arguments)
    assert answer.code == code
    assert why in answer.complaint
