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
    ("PutUserPolicy", None): "attach_brownout",
    ("DeleteUserPolicy", None): "lift_brownout",
}
_CHANGING = frozenset(operation for operation, _ in _EFFECTS)


def effect_of(made: Mutation) -> str:
    """Return the effect that a mutation is."""
    return _EFFECTS[made.operation, made.parameters.get("status")]


def target_of(made: Mutation) -> str:
    """Return what exactly a mutation changes: the policy that it names, or else the key."""
    return str(made.parameters.get("policyName") or made.access_key_id)


class Witness(list[Mutation]):
    """The simulator's list of mutations, which looks into the database at the moment of each one.

    An intent counts only if it is committed, open, and about exactly this key or policy and effect when AWS makes the change.
    """

    def __init__(self, world: World) -> None:
        """Take over the list of this world's simulator."""
        super().__init__(world.sandbox.mutations())
        self._url = world.app.settings.database_url
        self.without_intent: list[Mutation] = []
        world.sandbox._world.mutations = self

    def append(self, made: Mutation) -> None:
        """Record a mutation, and whether an intent of its own was there before it."""
        ours = made.role_name == "iamflow" and made.operation in _CHANGING
        if ours and self._open_intents(effect_of(made), target_of(made)) != 1:
            self.without_intent.append(made)
        super().append(made)

    def _open_intents(self, effect: str, target: str) -> int:
        query = (
            "SELECT count(*) FROM intents WHERE outcome IS NULL AND effect = :effect "
            "AND (targets = :targets OR (targets = '[]' AND access_key_id = :target))"
        )
        wanted = {"effect": effect, "target": target, "targets": json.dumps([target])}
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
    changed = [(effect_of(change), target_of(change)) for change in made]
    effects = [entry.intent.effect for entry in done]
    assert sorted((effect.kind.value, (*effect.targets, effect.key_id)[0]) for effect in effects) == sorted(changed)
    assert len(set(changed)) == len(changed), "an effect was done twice"
    for change in made:
        assert any(
            detail["effect"] == effect_of(change)
            and target_of(change) in (json.loads(detail["targets"]) or [detail["access_key_id"]])
            for detail in _opened_before(world, change)
        ), "the journal has no intent before this change"


def _opened_before(world: World, change: Mutation) -> list[dict[str, Any]]:
    return [
        json.loads(entry.detail)
        for entry in world.app.store.export()
        if entry.kind == "intent_opened" and entry.at <= change.at
    ]
