"""Safety rule 1: at the moment of every changing call, its intent is on disk, where another process can read it."""

from contextlib import closing
from dataclasses import dataclass, field

from iamflow.domain.states import State
from iamflow.store.database import Database
from tests.world import KEY, World, on_both


@dataclass
class Witness:
    """Looks into the database from outside whenever a call is about to be made."""

    url: str
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)

    def reach(self, name: str) -> None:
        if name != "before_effect":
            return
        database = Database(self.url)
        with closing(database), database.reading() as other:
            newest = "SELECT effect, access_key_id, outcome FROM intents ORDER BY id DESC LIMIT 1"
            self.seen += [tuple(row) for row in other.exec_driver_sql(newest)]
            last = other.exec_driver_sql("SELECT kind FROM events ORDER BY ticket_id, seq DESC LIMIT 1")
            kinds = [row[0] for row in last]
        assert kinds == ["intent_opened"]


@on_both
def test_every_intent_is_committed_before_its_call(world: World) -> None:
    witness = Witness(url=world.app.settings.database_url)
    world.engine = world.another_engine(crash=witness)
    world.user()
    world.take_in(world.key())
    world.pass_until(State.DELETED)
    assert witness.seen == [("deactivate_key", KEY, None), ("delete_key", KEY, None)]
    assert len(world.changes()) == len(witness.seen)
