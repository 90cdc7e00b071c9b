"""How an engine in a process of its own is killed, and what everybody else owes to its lease."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from tests.world import World

ROOT = Path(__file__).parents[2]


def die(world: World, point: str) -> None:
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


def the_lease_of_the_dead_is_respected(world: World) -> None:
    """Check that nobody touches a leased ticket, since on PostgreSQL its holder may live elsewhere; let the lease end."""
    lease, made = world.ticket().lease, len(world.changes())
    world.tick()
    assert world.ticket().lease == lease
    assert len(world.changes()) == made
    world.clock.advance(world.engine.lease + timedelta(seconds=1))
