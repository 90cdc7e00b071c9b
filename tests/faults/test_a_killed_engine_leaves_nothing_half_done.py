"""SIGKILL at every named point of every step: after a restart the same end, each effect once, each intent before it."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.points import points
from tests.faults.record import Witness, check
from tests.faults.ways import Step, bring_to, finish
from tests.world import World, on_both

ROOT = Path(__file__).parents[2]


def _die(world: World, point: str) -> None:
    """Let another process be the engine until it dies there."""
    died = subprocess.run(
        [sys.executable, "-m", "tests.faults.driver", str(world.folder / "config.yaml"), point],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert died.returncode == -9, died.stderr


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
    _die(world, point)
    done = len(world.changes()) - before
    assert done == (point in {"after_effect", "before_outcomes", "after_outcomes"})
    if world.on_postgresql:
        _the_lease_of_the_dead_is_respected(world)
    assert world.app.tick() is not None, "the lock of a dead engine must be free"
    assert not world.ticket().lease
    finish(world, step)
    check(world, witness)


def _the_lease_of_the_dead_is_respected(world: World) -> None:
    """Check that nobody touches a leased ticket, since on PostgreSQL its holder may live elsewhere; let the lease end."""
    lease, made = world.ticket().lease, len(world.changes())
    world.tick()
    assert world.ticket().lease == lease
    assert len(world.changes()) == made
    world.clock.advance(world.engine.lease + timedelta(seconds=1))
