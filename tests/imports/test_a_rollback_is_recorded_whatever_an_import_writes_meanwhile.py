"""A person who asks for a rollback while an import updates that very ticket need not ask again."""

from dataclasses import replace
from typing import Any

import pytest

from iamflow.domain.errors import ChangedError
from iamflow.domain.states import State, Wanted
from iamflow.engine import steer
from iamflow.engine.ports import Change
from iamflow.engine.runner import act_at_once
from tests.world import ALICE, DAY, KEY, START, World


class Interrupted:
    """A store in which an import updates the facts of a ticket between a person's look and the person's word."""

    def __init__(self, world: World, times: int) -> None:
        self._world = world
        self._left = times

    def commit(self, changes: Any) -> Any:
        if self._left:
            self._left -= 1
            newer = START + DAY * (30 - self._left)
            ticket = self._world.ticket()
            facts = replace(ticket.facts, as_of=newer)
            self._world.app.store.commit([Change(before=ticket, after=replace(ticket, facts=facts))])
        return self._world.app.store.commit(changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.app.store, name)


def _watched(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)


def test_it_is_recorded_and_carried_out(world: World) -> None:
    _watched(world)
    desk = replace(world.desk(ALICE), store=Interrupted(world, times=3))
    wanted = steer.rollback(desk, KEY)
    assert wanted.wanted is Wanted.ROLLBACK
    act_at_once(world.engine, wanted.id)
    assert world.ticket().state is State.ROLLED_BACK
    assert world.status() == "Active"


def test_other_words_are_about_what_was_seen_and_must_be_said_again(world: World) -> None:
    _watched(world)
    desk = replace(world.desk(ALICE), store=Interrupted(world, times=1))
    with pytest.raises(ChangedError, match="look again"):
        steer.hold(desk, KEY, comment="wait")
