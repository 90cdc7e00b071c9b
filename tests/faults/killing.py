"""How an engine in a process of its own is killed, and what everybody else owes to its lease."""

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from pathlib import Path

from iamflow.domain.states import State
from tests.faults.points import BEFORE_INTENTS
from tests.world import World

ROOT = Path(__file__).parents[2]
KILLED = -9


def die(world: World, point: str) -> None:
    """Let another process be the engine until it dies there, in its first pass."""
    code, errors = _victim(world, point=point, after_intents=-1, ticket="", until=[])
    assert code == KILLED, errors


def live(world: World, ref: str, point: str, *, until: Iterable[State]) -> bool:
    """Let another process be the engine until it dies there, in the first pass that has opened an intent since now.

    At a point that comes before any intent, it dies in its first pass. Time passes meanwhile. Returns False where the ticket stood in one of these states before, and it lived.
    """
    known = -1 if point in BEFORE_INTENTS else len(world.app.store.intents())
    code, errors = _victim(world, point=point, after_intents=known, ticket=ref, until=[state.value for state in until])
    assert code in {0, KILLED}, errors
    return code == KILLED


def _victim(world: World, **asked: object) -> tuple[int, str]:
    driver, errors = _driver(), world.folder / "victim.log"
    assert driver.stdin is not None
    assert driver.stdout is not None
    victim = {"config": str(world.folder / "config.yaml"), "environment": dict(os.environ), "errors": str(errors)}
    driver.stdin.write(json.dumps(victim | asked) + "\n")
    driver.stdin.flush()
    return int(driver.stdout.readline()), errors.read_text(encoding="utf-8")


@cache
def _driver() -> "subprocess.Popen[str]":
    """Return the process that forks victims: one for all tests of this worker, since its imports cost most."""
    driver = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.driver"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(driver.communicate)  # its input ends, and so does it
    assert driver.stdout is not None
    assert driver.stdout.readline() == "ready\n"
    return driver


def the_lease_of_the_dead_is_respected(world: World) -> None:
    """Check that nobody touches a leased ticket, since on PostgreSQL its holder may live elsewhere; let the lease end."""
    lease, made = world.ticket().lease, len(world.changes())
    world.tick()
    assert world.ticket().lease == lease
    assert len(world.changes()) == made
    world.clock.advance(world.engine.lease + timedelta(seconds=1))
