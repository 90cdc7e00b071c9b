"""``iamflow db backup`` and ``db restore``: one file, one line a mistake, and nothing goes on before a person has looked."""

import re
import shutil
from pathlib import Path

import pytest

from iamflow.domain.states import State
from iamflow.engine import steer
from tests.cli.conftest import Office, Shell, on_a_terminal, opened
from tests.world import ALICE, KEY


def _elsewhere(shell: Shell, folder: Path) -> Shell:
    """Return a new installation with the same journal key and an empty database."""
    folder.mkdir()
    for name in ("config.yaml", "journal.key"):
        shutil.copy(shell.folder / name, folder / name)
    other = Shell(folder / "config.yaml", shell.capsys)
    other.ok("db", "upgrade")
    return other


def test_everything_is_there_again_and_frozen(shell: Shell, tmp_path: Path) -> None:
    opened(shell, "etl", "cron")
    saved = shell.ok("db", "backup", str(tmp_path / "backup"))
    assert re.search(r"backup: \d+ rows, as of 2026-11-24 00:11:11 UTC", saved.out)
    assert "the journal's key is not in it" in saved.err
    other = _elsewhere(shell, tmp_path / "elsewhere")
    restored = other.ok("db", "restore", str(tmp_path / "backup"))
    assert "rows restored, as of 2026-11-24 00:11:11 UTC" in restored.out
    assert "everything is frozen" in restored.out
    assert restored.out.splitlines()[-1] == "the journal is intact"
    for question in (("ticket", "list"), ("ticket", "history", "1"), ("finding", "list")):
        answer = (*question, "--output", "json")
        then, now = shell.ok(*answer).json, other.ok(*answer).json
        assert [{**row, "due_at": None} for row in now] == [{**row, "due_at": None} for row in then]
    assert other.ok("freeze", "status", "--output", "json").json["on"] is True
    assert other.ok("audit", "verify").out.startswith("the journal is intact")


def test_each_mistake_is_one_line_that_says_what_to_do(shell: Shell, tmp_path: Path) -> None:
    opened(shell, "etl")
    file = str(tmp_path / "backup")
    shell.ok("db", "backup", file)
    assert "is there already" in shell("db", "backup", file).complaint
    assert shell("db", "backup", file).code == 1
    shell.ok("db", "backup", file, "--force")
    assert "is not empty, it has accounts: restore into a new database" in shell("db", "restore", file).complaint
    other = _elsewhere(shell, tmp_path / "elsewhere")
    assert "is no backup of iamflow's" in other("db", "restore", str(shell.config)).complaint
    assert "cannot be read: No such file" in other("db", "restore", str(tmp_path / "nothing")).complaint
    Path(file).write_bytes(Path(file).read_bytes()[:-20])
    assert "ends too early: it was cut off; nothing was restored" in other("db", "restore", file).complaint
    other.ok("db", "backup", str(tmp_path / "still-empty"))


def test_nothing_is_restored_while_an_engine_holds_the_database(office: Office, tmp_path: Path) -> None:
    office.shell.ok("db", "backup", str(tmp_path / "backup"))
    with office.world.app.engine_lock() as held:
        assert held
        assert "an engine works on this database" in office.shell("db", "restore", str(tmp_path / "backup")).complaint
    office.shell.ok("db", "restore", str(tmp_path / "backup"))


def test_a_backup_is_taken_beside_a_running_engine(office: Office, tmp_path: Path) -> None:
    with office.world.app.engine_lock():
        office.shell.ok("db", "backup", str(tmp_path / "backup"))


def test_a_journal_that_did_not_add_up_is_restored_with_exit_code_1(shell: Shell, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    opened(shell, "etl")
    with closing(sqlite3.connect(shell.folder / "iamflow.db")) as connection, connection:
        connection.execute("UPDATE events SET actor = 'nobody'")
    shell.ok("db", "backup", str(tmp_path / "backup"))
    answer = _elsewhere(shell, tmp_path / "elsewhere")("db", "restore", str(tmp_path / "backup"))
    assert answer.code == 1
    assert "ticket 1 event 1: it was changed" in answer.out
    assert "the journal does not add up, and did not when it was saved" in answer.complaint


def test_on_a_terminal_a_bar_shows_how_far_it_is(shell: Shell, tmp_path: Path) -> None:
    opened(shell, *(f"user-{number}" for number in range(20)))
    answer = on_a_terminal(shell, "db", "backup", str(tmp_path / "backup"))
    assert answer.code == 0
    assert "saving backup" in answer.out


@pytest.mark.parametrize("office", ["retention: {evidence: 40d}"], indirect=True)
def test_a_pruned_database_is_saved_and_restored_like_any_other(office: Office, tmp_path: Path) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.MONITORING)
    steer.rollback(office.world.desk(ALICE), KEY)
    office.world.pass_until(State.ROLLED_BACK)
    office.world.pass_days(60)
    office.shell.ok("db", "prune")
    office.shell.ok("db", "backup", str(tmp_path / "backup"))
    other = _elsewhere(office.shell, tmp_path / "elsewhere")
    assert other.ok("db", "restore", str(tmp_path / "backup")).out.splitlines()[-1] == "the journal is intact"
    assert "was removed by retention" in other.ok("ticket", "show", KEY).out
