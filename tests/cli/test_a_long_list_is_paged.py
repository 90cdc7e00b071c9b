"""A list is read page by page; how to go on is told on standard error."""

import pytest

from tests.cli.conftest import Shell, opened


@pytest.fixture
def full(shell: Shell) -> Shell:
    opened(shell, *(f"user-{number}" for number in range(120)))
    return shell


def _ids(shell: Shell, *more: str) -> list[int]:
    return [ticket["id"] for ticket in shell.ok("ticket", "list", "--output", "json", *more).json]


def test_a_table_shows_100_and_says_how_to_see_more(full: Shell) -> None:
    answer = full.ok("ticket", "list")
    assert len(answer.out.splitlines()) == 101
    assert "--after 100" in answer.complaint


def test_programs_get_everything(full: Shell) -> None:
    assert _ids(full) == list(range(1, 121))
    assert len(full.ok("ticket", "list", "--output", "csv").out.splitlines()) == 121


def test_pages_add_up_to_the_whole(full: Shell) -> None:
    seen: list[int] = []
    while page := _ids(full, "--limit", "50", "--after", str(seen[-1] if seen else 0)):
        seen += page
    assert seen == list(range(1, 121))


def test_the_last_page_says_nothing(full: Shell) -> None:
    assert full.ok("ticket", "list", "--limit", "20", "--after", "100").err == ""


def test_pages_larger_than_one_query_are_whole(full: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iamflow.cli.tickets._PAGE", 7)
    assert _ids(full) == list(range(1, 121))
    assert _ids(full, "--limit", "14") == list(range(1, 15))


def test_filters_narrow_the_list(full: Shell) -> None:
    assert _ids(full, "--user", "user-7") == [8]
    assert _ids(full, "--account", "payments", "--after", "118") == [119, 120]
    assert _ids(full, "--account", "development") == []
    assert _ids(full, "--workflow", "rotate-key") == []
    full.ok("ticket", "cancel", "3")
    assert 3 not in _ids(full)
    assert 3 in _ids(full, "--all")
    assert _ids(full, "--state", "cancelled") == [3]
    assert len(_ids(full, "--state", "cancelled", "--state", "open")) == 120


def test_an_empty_table_says_so_on_standard_error(shell: Shell) -> None:
    answer = shell.ok("ticket", "list")
    assert answer.out == ""
    assert "--all" in answer.complaint
