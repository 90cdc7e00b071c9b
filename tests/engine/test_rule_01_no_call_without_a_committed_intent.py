"""Safety rule 1: at the moment of every changing call, its intent is on disk, where another process can read it."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from iamflow.domain.states import State
from tests.world import KEY, World


@dataclass
class Witness:
    """Looks into the database from outside whenever a call is about to be made."""

    database: Path
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)

    def reach(self, name: str) -> None:
        if name != "before_effect":
            return
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as other:
            self.seen += other.execute(
                "SELECT effect, access_key_id, outcome FROM intents ORDER BY id DESC LIMIT 1"
            ).fetchall()
            kinds = [row[0] for row in other.execute("SELECT kind FROM events ORDER BY ticket_id, seq DESC LIMIT 1")]
        assert kinds == ["intent_opened"]


def test_every_intent_is_committed_before_its_call(world: World) -> None:
    witness = Witness(database=world.folder / "iamflow.db")
    world.engine = world.another_engine(crash=witness)
    world.user()
    world.take_in(world.key())
    world.pass_until(State.DELETED)
    assert witness.seen == [("deactivate_key", KEY, None), ("delete_key", KEY, None)]
    assert len(world.changes()) == len(witness.seen)
