"""SIGKILL at every named point of every step: after a restart the same end, each effect once, each intent before it."""

import pytest

from tests.faults.killing import die, the_lease_of_the_dead_is_respected
from tests.faults.points import points
from tests.faults.record import Witness, check
from tests.faults.ways import Step, bring_to, finish
from tests.world import World, on_both


def test_the_points_that_stand_around_an_effect_are_all_found() -> None:
    assert {"claimed", "before_intents", "after_intents", "before_effect", "after_effect", "before_outcomes"} <= set(
        points()
    )


@on_both
@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("point", points())
def test_the_next_engine_ends_what_a_killed_one_began(world: World, witness: Witness, point: str, step: Step) -> None:
    bring_to(world, step)
    before = len(world.changes())
    die(world, point)
    done = len(world.changes()) - before
    assert done == (point in {"after_effect", "before_outcomes", "after_outcomes"})
    if world.on_postgresql:
        the_lease_of_the_dead_is_respected(world)
    assert world.app.tick() is not None, "the lock of a dead engine must be free"
    assert not world.ticket().lease
    finish(world, step)
    check(world, witness)
