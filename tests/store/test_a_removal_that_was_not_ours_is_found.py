"""``verify`` accepts exactly what retention removed, and finds whatever else is gone, edited or put in beside it."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from iamflow.domain.retention import Removable
from iamflow.engine import retention
from tests.store.journal_support import forged_intent, live, look, opened, tamper
from tests.store.retention_support import ended, removal

_copies = count()
Copier = Callable[[], Path]
Statement = tuple[str, tuple[object, ...]]


@pytest.fixture(scope="module")
def pruned(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tickets 1 to 3 lived and ended; 1 has lost evidence and events, 2 its evidence, 3 nothing; 4 to 6 are under way."""
    file = tmp_path_factory.mktemp("pruned") / "iamflow.db"
    shutil.copy(sqlite_template, file)
    with opened(file) as store:
        ended(store, 1)
        retention.prune(store, [removal(Removable.EVIDENCE), removal(Removable.EVENTS)])
        ended(store, 2)
        retention.prune(store, [removal(Removable.EVIDENCE)])
        ended(store, 3)
        live(store, 10)
        assert store.verify() == []
    return file


@pytest.fixture
def copy(pruned: Path, tmp_path: Path) -> Copier:
    def copier() -> Path:
        file = tmp_path / f"copy-{next(_copies)}.db"
        shutil.copy(pruned, file)
        return file

    return copier


FORGED = (
    '{"events":{"count":9,"from_seq":1,"head_after":"h","head_before":"h","intents":[],"intents_hash":"h",'
    '"removed_at":"2027-12-30T00:11:02.341905Z","to_seq":9},"evidence":null,"sentence":"s","setting":"s","v":1}'
)

ALL_BUT_LAST = "DELETE FROM events WHERE ticket_id = ? AND seq < (SELECT head_seq FROM tickets WHERE id = ?)"

TAMPERED: dict[str, list[Statement]] = {
    "the history of another ticket, without a record": [(ALL_BUT_LAST, (3, 3))],
    "the history of a ticket that lost only its evidence": [(ALL_BUT_LAST, (2, 2))],
    "a history whose last event was made to look like a record": [
        (ALL_BUT_LAST, (3, 3)),
        ("UPDATE events SET kind = 'retention', detail = ? WHERE ticket_id = 3", (FORGED,)),
    ],
    "a history behind a record copied from another ticket": [
        ("DELETE FROM events WHERE ticket_id = 3", ()),
        (
            (
                "INSERT INTO events SELECT 3, seq, at, actor, kind, from_state, to_state, detail, prev_hash, hash, writer,"
                " checkpoint FROM events WHERE ticket_id = 1"
            ),
            (),
        ),
        (
            (
                "UPDATE tickets SET (head_seq, head_hash, events_removed_at, evidence_removed_at) ="
                " (SELECT head_seq, head_hash, events_removed_at, evidence_removed_at FROM tickets WHERE id = 1) WHERE id = 3"
            ),
            (),
        ),
    ],
    "the record itself": [("DELETE FROM events WHERE ticket_id = 1", ())],
    "the record itself, and the ticket's head put to the start": [
        ("DELETE FROM events WHERE ticket_id = 1", ()),
        ("UPDATE tickets SET head_seq = 0, events_removed_at = NULL WHERE id = 1", ()),
    ],
    "a word of the record": [
        ("UPDATE events SET detail = replace(detail, 'retention on', 'accident on') WHERE ticket_id = 1", ())
    ],
    "how far the record reaches": [
        ("UPDATE events SET detail = replace(detail, '\"from_seq\":1', '\"from_seq\":2') WHERE ticket_id = 1", ())
    ],
    "who removed it": [("UPDATE events SET actor = 'nobody' WHERE ticket_id = 1", ())],
    "an event inside a ticket that lost its evidence": [("DELETE FROM events WHERE ticket_id = 2 AND seq = 2", ())],
    "the record of the evidence": [
        ("DELETE FROM events WHERE ticket_id = 2 AND kind = 'retention'", ()),
        (
            (
                "UPDATE tickets SET head_seq = head_seq - 1, head_hash ="
                " (SELECT hash FROM events WHERE ticket_id = 2 ORDER BY seq DESC LIMIT 1) WHERE id = 2"
            ),
            (),
        ),
    ],
    "a baseline that retention left": [("UPDATE tickets SET baseline = NULL WHERE id = 3", ())],
    "a baseline that retention left, with a mark as if it had not": [
        ("UPDATE tickets SET baseline = NULL, evidence_removed_at = '2027-12-30T00:11:02.341905Z' WHERE id = 3", ())
    ],
    "the mark of removed evidence": [("UPDATE tickets SET evidence_removed_at = NULL WHERE id = 2", ())],
    "the date of removed events": [
        ("UPDATE tickets SET events_removed_at = '2026-12-30T00:11:02.341905Z' WHERE id = 1", ())
    ],
    "a baseline where there is none any more": [
        ("UPDATE tickets SET baseline = (SELECT baseline FROM tickets WHERE id = 3) WHERE id = 2", ())
    ],
    "a snapshot where there is none any more": [("UPDATE tickets SET snapshot = '{}' WHERE id = 2", ())],
    "an intent that only the record answers for": [("UPDATE intents SET outcome = 'not_done' WHERE ticket_id = 1", ())],
    "such an intent altogether": [("DELETE FROM intents WHERE ticket_id = 1", ())],
    "such an intent put in": [(forged_intent("ticket_id = 1"), ())],
    "an event put back before the record": [
        (
            (
                "INSERT INTO events SELECT 1, 1, at, actor, kind, from_state, to_state, detail, prev_hash, hash, writer,"
                " checkpoint FROM events WHERE ticket_id = 3 AND seq = 1"
            ),
            (),
        )
    ],
    "a ticket of which nothing but the record was left": [
        ("DELETE FROM events WHERE ticket_id = 1", ()),
        ("DELETE FROM intents WHERE ticket_id = 1", ()),
        ("DELETE FROM outbox WHERE ticket_id = 1", ()),
        ("DELETE FROM tickets WHERE id = 1", ()),
    ],
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_tampered_with_is_found(copy: Copier, what: str) -> None:
    file = copy()
    assert tamper(file, *TAMPERED[what]) > 0
    with opened(file) as store:
        assert store.verify() != []


def test_the_untouched_copy_has_no_fault(copy: Copier) -> None:
    with opened(copy()) as store:
        assert store.verify() == []


def test_the_newest_checkpoint_finds_a_removal_that_was_not_ours(copy: Copier) -> None:
    file = copy()
    with opened(file) as store:
        assert store.verify_newest() == []
    tamper(file, ("DELETE FROM events WHERE ticket_id = 2", ()))
    with opened(file) as store:
        assert store.verify_newest() != []


def test_a_journal_cut_behind_a_record_is_found_with_an_exported_head(copy: Copier) -> None:
    """Whoever takes a ticket away with all that names it is found by the count alone."""
    file = copy()
    with opened(file) as store:
        head = store.head()
    assert look(file, "SELECT count(*) FROM events WHERE ticket_id = 3")[0][0] != 0
    tamper(file, ("DELETE FROM events WHERE ticket_id = 3", ()))
    with opened(file) as store:
        assert any(fault.where == "exported head" for fault in store.verify(head))
