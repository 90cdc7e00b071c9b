"""The kill switch, the enforced accounts, and the daemons that report."""

from iamflow.domain.guards import Freeze
from iamflow.domain.states import Resolution, State
from iamflow.store.open import SqlStore
from iamflow.store.schema import CHECKPOINTS, FREEZE
from tests.store.conftest import Opener
from tests.store.support import ACCOUNT, DAY, HOUR, LEASE, OTHER, START, moved, new_ticket


def test_nothing_is_frozen_at_first(store: SqlStore) -> None:
    assert store.freeze() == Freeze(on=False)


def test_the_kill_switch_is_seen_by_every_process(another: Opener) -> None:
    another("one").set_freeze(on=True, reason="an incident", by="os:alice", at=START)
    assert another("two").freeze() == Freeze(on=True, reason="an incident")


def test_the_kill_switch_can_be_released(store: SqlStore) -> None:
    store.set_freeze(on=True, reason="an incident", by="os:alice", at=START)
    store.set_freeze(on=False, reason="over", by="os:bob", at=START + HOUR)
    assert store.freeze() == Freeze(on=False)


def test_who_threw_the_kill_switch_is_in_the_chain(store: SqlStore) -> None:
    store.set_freeze(on=True, reason="an incident", by="os:alice", at=START)
    with store.database.reading() as connection:
        (text,) = connection.execute(CHECKPOINTS.select().with_only_columns(CHECKPOINTS.c.heads)).scalars()
    assert "os:alice" in text
    assert "an incident" in text
    assert not store.verify()


def test_a_kill_switch_that_cannot_be_read_counts_as_thrown(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    with store.database.writing() as connection:
        connection.execute(FREEZE.delete())
    assert store.freeze().on
    assert store.standing(ticket.id).freeze.on


def test_the_standing_of_a_ticket_is_what_is_stored_now(store: SqlStore) -> None:
    store.open_new([new_ticket()], "rules")
    store.note_enforcement({ACCOUNT: True}, START)
    (case,) = store.claim(holder="a", now=START, limit=1, lease=LEASE)
    store.set_freeze(on=True, reason="an incident", by="os:alice", at=START)
    standing = store.standing(case.ticket.id)
    assert case.ticket.lease is not None
    assert standing.version == case.ticket.version
    assert standing.lease_token == case.ticket.lease.token
    assert standing.lease_until == START + LEASE
    assert standing.freeze == Freeze(on=True, reason="an incident")
    assert standing.enforced_since == START


def test_enforcement_begins_once_and_makes_the_waiting_tickets_due(store: SqlStore) -> None:
    one, two = store.open_new(
        [new_ticket(1, due_at=START + DAY), new_ticket(2, account=OTHER, due_at=START + DAY)], "rules"
    )
    assert store.note_enforcement({ACCOUNT: True, OTHER: False}, START) == [ACCOUNT]
    assert store.ticket(str(one.id)).due_at == START
    assert store.ticket(str(two.id)).due_at == START + DAY
    assert store.note_enforcement({ACCOUNT: True, OTHER: False}, START + HOUR) == []
    assert store.case(one.id).enforced_since == START


def test_enforcement_that_ends_begins_anew(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    store.note_enforcement({ACCOUNT: True}, START)
    assert store.note_enforcement({ACCOUNT: False}, START + HOUR) == [ACCOUNT]
    assert store.case(ticket.id).enforced_since is None
    store.note_enforcement({ACCOUNT: True}, START + DAY)
    assert store.case(ticket.id).enforced_since == START + DAY


def test_enforcement_does_not_wake_what_has_ended(store: SqlStore) -> None:
    (ticket,) = store.open_new([new_ticket()], "rules")
    store.commit([moved(ticket, State.RESOLVED, closed_at=START, due_at=None, resolution=Resolution.KEY_GONE)])
    store.note_enforcement({ACCOUNT: True}, START)
    assert store.ticket(str(ticket.id)).due_at is None


def test_an_account_that_is_not_known_changes_nothing(store: SqlStore) -> None:
    assert store.note_enforcement({ACCOUNT: True}, START) == []


def test_a_daemon_reports_from_its_start_to_its_stop(store: SqlStore) -> None:
    store.beat("boot-1", host="bastion", pid=41, at=START)
    store.beat("boot-2", host="bastion", pid=42, at=START + HOUR)
    store.beat("boot-1", host="bastion", pid=41, at=START + DAY, stopped=True)
    newest, older = store.instances()
    assert (newest.id, newest.started_at, newest.beat_at, newest.stopped_at) == (
        "boot-1",
        START,
        START + DAY,
        START + DAY,
    )
    assert (older.id, older.host, older.pid, older.stopped_at) == ("boot-2", "bastion", 42, None)


def test_a_scheduled_run_is_had_once(another: Opener) -> None:
    one, two = another("one"), another("two")
    assert one.claim_run("digest", "2026-11-24", "one", START)
    assert not two.claim_run("digest", "2026-11-24", "two", START)
    assert not one.claim_run("digest", "2026-11-24", "one", START)
    assert two.claim_run("digest", "2026-11-25", "two", START)
