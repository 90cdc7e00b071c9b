"""Safety rule 14: a state change without its event, or an event without its state change, is never on disk."""

import sqlite3

import pytest
from sqlalchemy.exc import DatabaseError

from iamflow.domain.states import State
from tests.world import DAY, START, World


@pytest.mark.parametrize("table", ["events", "checkpoints", "intents", "tickets", "outbox"])
def test_when_one_table_refuses_nothing_of_the_step_is_written(world: World, table: str) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.clock.set(START + 8 * DAY)
    with sqlite3.connect(world.folder / "iamflow.db") as other:
        for action in ("INSERT", "UPDATE"):
            refusal = "BEGIN SELECT RAISE(ABORT, 'disk trouble'); END"
            other.execute(f"CREATE TRIGGER refuse_{action} BEFORE {action} ON {table} {refusal}")
    with pytest.raises(DatabaseError):
        world.tick()
    with sqlite3.connect(world.folder / "iamflow.db") as other:
        for action in ("INSERT", "UPDATE"):
            other.execute(f"DROP TRIGGER refuse_{action}")
    after = world.ticket()
    moves = [event.to_state for event in world.app.store.history(after.id) if event.kind == "transition"]
    assert moves[-1] == after.state.value
    assert list(world.app.store.verify()) == []
    world.pass_until(State.DELETED)
    assert list(world.app.store.verify()) == []
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]
