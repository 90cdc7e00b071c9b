"""A head that was exported and kept elsewhere shows what the database alone cannot: a journal that ends too early, or otherwise."""

import json
import shutil
from pathlib import Path

import pytest

from iamflow.store.open import SqlStore
from tests.store.journal_support import live, opened, tamper
from tests.store.support import ALICE, START, new_ticket


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


def test_an_intact_journal_agrees_with_its_head(store: SqlStore) -> None:
    live(store, 1)
    head = json.loads(json.dumps(store.head()))
    assert store.verify(head) == []


def test_a_journal_that_grew_agrees_with_an_earlier_head(store: SqlStore) -> None:
    live(store, 1)
    head = store.head()
    live(store, 10)
    assert store.verify(head) == []


def test_a_head_counts_events_and_names_every_writer(file: Path) -> None:
    for number, writer in enumerate(("one", "two")):
        with opened(file, writer=writer) as store:
            live(store, 10 * number)
            head = store.head()
            assert head["events"] == len(list(store.export()))
    assert isinstance(head["writers"], dict)
    assert set(head["writers"]) == {"one", "two"}


def test_cut_checkpoints_are_found_where_no_event_needs_them(file: Path) -> None:
    with opened(file) as store:
        live(store, 1)
        store.set_freeze(on=False, reason=None, by=str(ALICE), at=START)
        head = store.head()
    tamper(file, ("DELETE FROM checkpoints WHERE seq = (SELECT max(seq) FROM checkpoints)", ()))
    with opened(file) as store:
        assert store.verify() == []
        (fault,) = store.verify(head)
        assert "cut off" in fault.sentence


def test_a_database_put_back_from_a_backup_is_found(file: Path, tmp_path: Path) -> None:
    with opened(file) as store:
        live(store, 1)
    backup = tmp_path / "backup.db"
    shutil.copy(file, backup)
    with opened(file) as store:
        live(store, 10)
        head = store.head()
    with opened(backup) as store:
        assert store.verify() == []
        assert {fault.where for fault in store.verify(head)} >= {"exported head"}


def test_a_fork_is_found(file: Path, tmp_path: Path) -> None:
    """The backup went on by itself, so that it is as long as the original, and another."""
    with opened(file) as store:
        live(store, 1)
    fork = tmp_path / "fork.db"
    shutil.copy(file, fork)
    with opened(file) as store:
        live(store, 10)
        head = store.head()
    with opened(fork) as store:
        live(store, 20)
        assert store.verify() == []
        (fault,) = store.verify(head)
        assert "rewritten" in fault.sentence


@pytest.mark.parametrize(
    "edit",
    [
        {"events": 0},
        {"writers": {}},
        {"hash": "0" * 64},
        {"hash": None},
        {"more": 1},
        {"version": float("nan")},
    ],
)
def test_an_edited_head_is_found(store: SqlStore, edit: dict[str, object]) -> None:
    live(store, 1)
    (fault,) = store.verify({**store.head(), **edit})
    assert fault.where == "exported head"


def test_a_head_that_is_none_is_found(store: SqlStore) -> None:
    assert [fault.where for fault in store.verify({})] == ["exported head"]


def test_a_head_made_with_another_key_is_found(file: Path) -> None:
    with opened(file) as store:
        live(store, 1)
        head = store.head()
        forged = SqlStore(
            database=store.database, key=b"another key", writer="one", channels=(), clock=store.clock
        ).head()
        assert forged != head
        assert [fault.where for fault in store.verify(forged)] == ["exported head"]


def test_with_another_key_nothing_is_genuine_and_the_list_of_faults_ends(file: Path) -> None:
    with opened(file) as store:
        store.open_new([new_ticket(number) for number in range(501)], "rules")
        other = SqlStore(database=store.database, key=b"another key", writer="one", channels=(), clock=store.clock)
        faults = other.verify()
    assert len(faults) == 1001
    assert "with this key?" in faults[-1].sentence
