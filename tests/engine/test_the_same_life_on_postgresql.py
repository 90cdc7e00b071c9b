"""On PostgreSQL a key lives the same life: set up by the migrations, through the application, to the confirmed end."""

from iamflow.domain.states import Confirmation, State
from iamflow.engine import steer
from tests.world import ALICE, KEY, World, on_postgresql


@on_postgresql
def test_a_key_is_deleted_and_confirmed_and_another_is_given_back(world: World) -> None:
    assert list(world.app.schema_check()) == []
    world.user()
    world.user("cron")
    other = type(KEY)("AKIAYF5JKDJQCRON0001")
    world.take_in(world.key(), world.key(other, "cron"))
    world.pass_until(State.MONITORING, other)
    steer.rollback(world.desk(ALICE), other)
    world.pass_until(State.DELETED)
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    assert world.ticket(other).state is State.ROLLED_BACK
    assert world.status(other) == "Active"
    assert sorted(world.calls_made()) == [
        "DeleteAccessKey",
        "UpdateAccessKey Active",
        "UpdateAccessKey Inactive",
        "UpdateAccessKey Inactive",
    ]
    assert list(world.app.store.verify()) == []
