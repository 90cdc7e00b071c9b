"""Safety rule 14: a state change without its event, or an event without its state change, is never on disk."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy.exc import DatabaseError

from iamflow.domain.states import State
from iamflow.store.database import Database
from tests.world import DAY, START, World, on_both


@on_both
@pytest.mark.parametrize("table", ["events", "checkpoints", "intents", "tickets", "outbox"])
def test_when_one_table_refuses_nothing_of_the_step_is_written(world: World, table: str) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.clock.set(START + 8 * DAY)
    with _refusing(world, table), pytest.raises(DatabaseError):
        world.tick()
    if world.on_postgresql:  # its leases outlive the engine that failed
        world.clock.advance(world.engine.lease)
    after = world.ticket()
    moves = [event.to_state for event in world.app.store.history(after.id) if event.kind == "transition"]
    assert moves[-1] == after.state.value
    assert list(world.app.store.verify()) == []
    world.pass_until(State.DELETED)
    assert list(world.app.store.verify()) == []
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]


@contextmanager
def _refusing(world: World, table: str) -> Iterator[None]:
    """Let the table refuse whatever is written to it."""
    if world.on_postgresql:
        refusal = "BEGIN RAISE EXCEPTION 'disk trouble'; END"
        _run(world, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${refusal}$$")
        _run(world, f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse()")
        yield
        _run(world, "DROP FUNCTION refuse CASCADE")
        return
    for action in ("INSERT", "UPDATE"):
        refusal = "BEGIN SELECT RAISE(ABORT, 'disk trouble'); END"
        _run(world, f"CREATE TRIGGER refuse_{action} BEFORE {action} ON {table} {refusal}")
    yield
    for action in ("INSERT", "UPDATE"):
        _run(world, f"DROP TRIGGER refuse_{action}")


def _run(world: World, statement: str) -> None:
    database = Database(world.app.settings.database_url)
    with closing(database), database.writing() as connection:
        connection.exec_driver_sql(statement)
