"""What happened after a backup is unknown to a database restored from it: it repeats nothing, and takes nothing that was given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from iamflow.bootstrap import Application, application
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import Ticket
from iamflow.engine import runner, steer
from tests.engine.situations import awaiting_approval
from tests.world import ALICE, BOB, DAY, HOUR, KEY, World


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def _saved(world: World) -> Path:
    file = world.folder / "backup"
    world.app.backup(file, _silent, overwrite=False)
    return file


@contextmanager
def _restored(world: World, file: Path) -> Iterator[Application]:
    """Lose the database, make another with the same key, and restore into that."""
    settings = (world.folder / "config.yaml").read_text("utf-8")
    other = world.folder / "restored.yaml"
    other.write_text(settings.replace("iamflow.db", "restored.db"), encoding="utf-8")
    with application(other, writer="restored", clock=world.clock) as app:
        app.migrate()
        app.restore(file, _silent)
        assert list(app.store.verify()) == []
        yield app


def _tick(app: Application) -> Ticket:
    engine = app.engine()
    runner.begin(engine)
    app.run_tick(engine)
    return app.store.ticket(KEY)


def _thaw(app: Application) -> None:
    app.store.set_freeze(on=False, reason=None, by=str(ALICE), at=app.clock.now())


def test_a_backup_from_before_the_deactivation_deactivates_nothing_twice(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    file = _saved(world)
    world.pass_until(State.MONITORING)
    made = world.calls_made()
    assert made == ["UpdateAccessKey Inactive"]
    with _restored(world, file) as app:
        _thaw(app)
        ticket = _tick(app)
        assert (ticket.state, ticket.resolution) == (State.RESOLVED, Resolution.KEY_INACTIVE)
        world.clock.set(world.clock.now() + 30 * DAY)
        assert _tick(app).state is State.RESOLVED
        assert list(app.store.verify()) == []
    assert world.calls_made() == made
    assert world.status() == "Inactive"


def test_a_backup_from_before_the_deletion_ends_by_seeing_that_the_key_is_gone(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    file = _saved(world)
    world.pass_until(State.DELETED)
    made = world.calls_made()
    with _restored(world, file) as app:
        _thaw(app)
        assert _tick(app).state is State.RESOLVED
    assert world.calls_made() == made


def test_a_key_that_was_given_back_after_the_backup_is_not_taken_again(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    file = _saved(world)
    steer.rollback(world.desk(ALICE), KEY)
    world.pass_until(State.ROLLED_BACK)
    made = world.calls_made()
    with _restored(world, file) as app:
        _thaw(app)
        assert (_tick(app).state, _tick(app).resolution) == (State.RESOLVED, Resolution.OWNER_REACTIVATED)
    assert world.calls_made() == made
    assert world.status() == "Active"


def test_until_a_person_has_looked_nothing_is_taken_from_anybody(world: World) -> None:
    """The owner's keep came after the backup, and is not in it."""
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    file = _saved(world)
    steer.reply(world.desk(ALICE), KEY, steer.Reply.KEEP, on_behalf_of="the owner")
    world.clock.set(world.clock.now() + 20 * DAY)
    with _restored(world, file) as app:
        for _ in range(3):
            _tick(app)
            world.clock.set(world.clock.now() + DAY)
        assert "frozen" in " ".join(_tick(app).progress.waiting_for)
    assert world.changes() == []
    assert world.status() == "Active"


def test_a_rollback_works_while_the_restored_database_is_frozen(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    file = _saved(world)
    with _restored(world, file) as app:
        steer.rollback(replace(app.desk(), person=BOB), KEY)
        assert _tick(app).state is State.ROLLED_BACK
    assert world.status() == "Active"


def test_a_notice_that_went_out_after_the_backup_goes_out_again_with_a_whole_grace_period(world: World) -> None:
    world.user()
    world.take_in(world.key())
    file = _saved(world)
    world.pass_until(State.NOTIFIED)
    world.clock.set(world.clock.now() + 6 * DAY)
    with _restored(world, file) as app:
        ticket = _tick(app)
        assert ticket.state is State.NOTIFIED
        assert ticket.deadline is not None
        assert ticket.deadline >= world.clock.now() + 7 * DAY - HOUR
    assert world.changes() == []


def test_an_approval_that_was_used_after_the_backup_is_not_used_again(world: World) -> None:
    awaiting_approval(world)
    steer.approve(world.desk(ALICE), KEY)
    file = _saved(world)
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(ALICE), KEY)
    world.pass_until(State.ROLLED_BACK)
    made = world.calls_made()
    with _restored(world, file) as app:
        _thaw(app)
        assert _tick(app).state is State.AWAITING_APPROVAL
    assert world.calls_made() == made
