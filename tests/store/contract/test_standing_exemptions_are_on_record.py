"""Who granted a standing exemption, until when and why, and who ended it, is in the chain; its row cannot be changed unseen."""

import pytest
from sqlalchemy import delete, insert, select, update

from iamflow.domain.errors import NotFoundError, RefusedError
from iamflow.domain.exemption import Covered, Exemption, NewExemption
from iamflow.domain.ids import ExemptionId
from iamflow.domain.people import Identity
from iamflow.store.open import SqlStore
from iamflow.store.schema import STANDING_EXEMPTIONS
from tests.store.support import ALICE, DAY, OTHER, START, key_id, new_ticket

BOB = Identity(os="bob", sts="arn:aws:sts::999999999999:assumed-role/Admin/bob")
X = STANDING_EXEMPTIONS


def _granted(store: SqlStore, **covers: object) -> Exemption:
    return store.add_exemption(
        NewExemption(
            covers=Covered(**covers),  # type: ignore[arg-type]  # the test's own words
            until=START + 30 * DAY,
            reason="a partner's system",
            by=BOB,
            at=START,
        )
    )


def test_what_was_granted_is_read_back(store: SqlStore) -> None:
    one = _granted(store, account="prod-*", username="etl", tag=("env", "legacy*"), workflow="disable-key")
    two = _granted(store, username="other")
    assert list(store.exemptions()) == [one, two]
    assert list(store.exemptions(running_at=START + 30 * DAY)) == []
    ended = store.end_exemption(one.id, by=ALICE, at=START + DAY)
    assert (ended.ended_at, ended.ended_by) == (START + DAY, ALICE)
    assert list(store.exemptions(running_at=START + DAY)) == [two]
    assert list(store.exemptions()) == [ended, two]
    assert store.verify() == []


def test_one_that_is_over_or_was_never_there_cannot_be_ended(store: SqlStore) -> None:
    one = _granted(store, username="etl")
    store.end_exemption(one.id, by=ALICE, at=START + DAY)
    with pytest.raises(RefusedError, match="over already"):
        store.end_exemption(one.id, by=ALICE, at=START + DAY)
    with pytest.raises(RefusedError, match="over already"):
        store.end_exemption(_granted(store, username="etl").id, by=ALICE, at=START + 30 * DAY)
    with pytest.raises(NotFoundError, match="exemption list"):
        store.end_exemption(ExemptionId(99), by=ALICE, at=START)


@pytest.mark.parametrize("covers", [{"account": "5624*"}, {"username": "user-1"}, {"key_id": key_id(1)}], ids=str)
def test_the_tickets_that_it_names_are_looked_at_now_and_no_others(store: SqlStore, covers: dict[str, object]) -> None:
    later = START + DAY
    opened = store.open_new([new_ticket(1, due_at=later), new_ticket(2, account=OTHER, due_at=later)], "rules")
    _granted(store, **covers)
    assert [store.ticket(str(ticket.id)).due_at for ticket in opened] == [START, later]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (update(X).values(until=START + 300 * DAY), "not what was granted"),
        (update(X).values(account=None, username="root"), "not what was granted"),
        (update(X).values(reason="agreed"), "not what was granted"),
        (update(X).values(ended_at=START, ended_by='{"v":1,"d":{"os":"eve","sts":null}}'), "do not agree"),
        (delete(X), "its row is gone"),
    ],
    ids=["longer", "another", "reason", "ended", "gone"],
)
def test_a_row_that_is_not_as_the_journal_has_it_is_a_fault(store: SqlStore, change: object, sentence: str) -> None:
    one = _granted(store, account="prod-*")
    with store.database.writing() as connection:
        connection.execute(change)  # type: ignore[call-overload]  # any of the statements above
    (fault,) = store.verify()
    assert (fault.where, sentence in fault.sentence) == (f"exemption {one.id}", True)


def test_a_row_that_nobody_granted_is_a_fault(store: SqlStore) -> None:
    one = _granted(store, account="prod-*")
    with store.database.writing() as connection:
        row = connection.execute(select(X)).one()._asdict()
        connection.execute(insert(X).values(row | {"id": one.id + 1}))
    (fault,) = store.verify()
    assert "not granted with iamflow" in fault.sentence


def test_an_end_that_was_taken_back_is_a_fault(store: SqlStore) -> None:
    one = _granted(store, account="prod-*")
    store.end_exemption(one.id, by=ALICE, at=START + DAY)
    with store.database.writing() as connection:
        connection.execute(update(X).values(ended_at=None, ended_by=None))
    (fault,) = store.verify()
    assert "do not agree" in fault.sentence
