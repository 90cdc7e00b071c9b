"""What AWS itself has on record, held against iamflow's journal."""

import json
from contextlib import closing
from typing import Any

from sqlalchemy import text

from iamflow.domain.effect import OutcomeKind
from iamflow.domain.errors import TemporaryError
from iamflow.sandbox.world import Mutation
from iamflow.store.database import Database
from tests.world import World

_EFFECTS = {
    ("UpdateAccessKey", "Inactive"): "deactivate_key",
    ("UpdateAccessKey", "Active"): "reactivate_key",
    ("DeleteAccessKey", None): "delete_key",
}


def effect_of(made: Mutation) -> str:
    """Return the effect that a mutation is."""
    return _EFFECTS[made.operation, made.parameters.get("status")]


class Witness(list[Mutation]):
    """The simulator's list of mutations, which looks into the database at the moment of each one.

    An intent counts only if it is committed, open, and about exactly this key and effect when AWS makes the change.
    """

    def __init__(self, world: World) -> None:
        """Take over the list of this world's simulator."""
        super().__init__(world.sandbox.mutations())
        self._url = world.app.settings.database_url
        self.without_intent: list[Mutation] = []
        world.sandbox._world.mutations = self

    def append(self, made: Mutation) -> None:
        """Record a mutation, and whether an intent of its own was there before it."""
        if made.role_name == "iamflow" and made.operation in {"UpdateAccessKey", "DeleteAccessKey"}:
            wanted = {"key": made.access_key_id, "effect": effect_of(made)}
            if self._open_intents(wanted) != 1:
                self.without_intent.append(made)
        super().append(made)

    def _open_intents(self, wanted: dict[str, str | None]) -> int:
        query = "SELECT count(*) FROM intents WHERE outcome IS NULL AND access_key_id = :key AND effect = :effect"
        try:
            with closing(Database(self._url)) as database, database.reading() as connection:
                return int(connection.execute(text(query), wanted).scalar_one())
        except TemporaryError:
            return 1  # a database that is down shows nothing; `check` looks afterwards for the intent before the change


def check(world: World, witness: Witness) -> None:
    """Check that the journal is whole, and that what it says was done is what AWS says was done, once each."""
    assert witness.without_intent == []
    assert list(world.app.store.verify()) == []
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    done = [entry for entry in stored if entry.outcome is not None and entry.outcome.kind is OutcomeKind.DONE]
    made = world.changes()
    assert sorted((entry.intent.effect.kind.value, entry.intent.effect.key_id) for entry in done) == sorted(
        (effect_of(change), str(change.access_key_id)) for change in made
    )
    assert len({(effect_of(change), change.access_key_id) for change in made}) == len(made), "an effect was done twice"
    for change in made:
        assert any(
            detail["effect"] == effect_of(change) and detail["access_key_id"] == change.access_key_id
            for detail in _opened_before(world, change)
        ), "the journal has no intent before this change"


def _opened_before(world: World, change: Mutation) -> list[dict[str, Any]]:
    return [
        json.loads(entry.detail)
        for entry in world.app.store.export()
        if entry.kind == "intent_opened" and entry.at <= change.at
    ]
