"""Whatever goes wrong is one line on standard error that says what to do; standard output stays empty."""

from pathlib import Path

import pytest

from tests.cli.conftest import Shell, opened

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def _fail(*_: object) -> None:
    message = f"something with {SECRET}\nand a second line"
    raise KeyError(message)


def test_a_missing_database_names_the_command_that_makes_it(empty: Shell) -> None:
    empty.config.with_name("journal.key").write_text("0" * 64, encoding="utf-8")
    empty.config.with_name("journal.key").chmod(0o600)
    answer = empty("ticket", "list")
    assert (answer.code, answer.out) == (1, "")
    assert "iamflow db upgrade" in answer.complaint


def test_a_missing_settings_file_names_the_command_that_writes_it(tmp_path: Path, empty: Shell) -> None:
    empty.config.unlink()
    answer = empty("ticket", "list")
    assert (answer.code, answer.out) == (1, "")
    assert "init" in answer.complaint


def test_a_wrong_setting_is_named(empty: Shell) -> None:
    empty.config.write_text("mode: destroy\n", encoding="utf-8")
    assert "mode" in empty("ticket", "list").complaint


def test_an_unknown_ticket_names_the_command_that_finds_it(shell: Shell) -> None:
    assert "iamflow ticket list" in shell("ticket", "show", "7").complaint


def test_a_file_that_is_not_there_is_named(shell: Shell) -> None:
    answer = shell("import", str(shell.folder / "gone.csv"))
    assert answer.code == 1
    assert "gone.csv" in answer.complaint


def test_an_argument_full_of_escape_sequences_is_shown_harmlessly(shell: Shell) -> None:
    answer = shell("ticket", "show", "\x1b]0;owned\x07\nsecond line")
    assert answer.code == 2
    assert "\x1b" not in answer.complaint


def test_a_mistake_of_ours_names_its_type_and_no_data(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(shell, "etl")
    monkeypatch.setattr("iamflow.cli.render.tables.aligned", _fail)
    answer = shell("ticket", "list")
    assert answer.code == 1
    assert "KeyError" in answer.complaint
    assert SECRET not in answer.err


def test_who_asks_sees_where_a_mistake_of_ours_happened_without_variables(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(shell, "etl")
    monkeypatch.setattr("iamflow.cli.render.tables.aligned", _fail)
    monkeypatch.setenv("IAMFLOW_DEBUG", "1")
    answer = shell("ticket", "list")
    assert "Traceback" in answer.err
    assert "account_name" not in answer.err


def test_ctrl_c_is_130_and_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    opened(shell, "etl")
    monkeypatch.setattr("iamflow.cli.render.tables.aligned", interrupt)
    answer = shell("ticket", "list")
    assert answer.code == 130
    assert "Traceback" not in answer.err
