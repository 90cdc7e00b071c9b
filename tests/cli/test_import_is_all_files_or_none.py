"""Every file is checked whole before the first row of any is stored."""

from pathlib import Path

import pytest

from tests.cli.conftest import REPORT, Shell, on_a_terminal


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A report whose last row is cut off."""
    path = tmp_path / "broken.csv"
    path.write_text(REPORT.read_text(encoding="utf-8") + "562458925665,pay", encoding="utf-8")
    return path


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_bad_file_stores_nothing_of_the_others(shell: Shell, broken: Path, order: tuple[int, int]) -> None:
    files = [str((REPORT, broken)[place]) for place in order]
    answer = shell("import", *files)
    assert answer.code == 1
    assert "broken.csv" in answer.complaint
    assert "row" in answer.complaint
    assert shell.ok("ticket", "list", "--output", "json").json == []
    assert shell.ok("finding", "list", "--output", "json").json == []


def test_a_second_import_opens_nothing_twice(shell: Shell) -> None:
    first = shell.ok("import", str(REPORT), "--output", "json").json
    second = shell.ok("import", str(REPORT), "--output", "json").json
    assert first["opened"] > 0
    assert (second["opened"], second["existing"]) == (0, first["opened"])


def test_totals_are_over_all_files(shell: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy_20261124_001111.csv"
    copy.write_bytes(REPORT.read_bytes())
    counts = shell.ok("import", str(REPORT), str(copy), "--output", "json").json
    assert counts["rows"] == 280
    assert [item["file"] for item in counts["files"]] == [str(REPORT), str(copy)]
    assert counts["opened"] == counts["existing"]


def test_a_dry_run_shows_what_would_open_and_stores_nothing(shell: Shell) -> None:
    would = shell.ok("import", str(REPORT), "--dry-run", "--output", "json").json
    assert would["dry_run"] is True
    assert len(would["would_open"]) == would["opened"] > 0
    table = shell.ok("import", str(REPORT), "--dry-run").out
    assert would["would_open"][0]["access_key_id"] in table
    assert shell.ok("ticket", "list", "--output", "json").json == []


def test_what_a_rule_refuses_is_told_with_the_reason(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text(encoding="utf-8") + 'protect: {users: ["*"]}\n', encoding="utf-8")
    answer = shell.ok("import", str(REPORT))
    assert "protected by name" in answer.out
    assert " 0 opened" in answer.out


def test_a_progress_bar_is_for_terminals_only(shell: Shell) -> None:
    assert shell.ok("import", str(REPORT), "--dry-run").err == ""
    assert "checking" in on_a_terminal(shell, "import", str(REPORT), "--dry-run").out
