"""When CloudTrail shows no event for an end, the ticket says so and somebody is told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.domain.states import Confirmation, State
from iamflow.sandbox.settings import SandboxSettings
from tests.engine.situations import notified
from tests.world import DAY, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world whose CloudTrail takes three days to show anything."""
    with a_world(tmp_path, settings=SandboxSettings(lookups_per_second=10_000, trail_delay=timedelta(days=3))) as made:
        yield made


def test_a_proof_that_does_not_come_in_time_is_missing_and_somebody_is_told(world: World) -> None:
    notified(world)
    closed = world.pass_until(State.DELETED)
    assert closed.confirmation is Confirmation.PENDING
    assert closed.closed_at is not None
    world.clock.set(closed.closed_at + DAY - timedelta(minutes=1))
    world.tick()
    assert world.ticket().confirmation is Confirmation.PENDING
    before = len(world.mails())
    world.pass_days(1)
    ticket = world.ticket()
    assert ticket.confirmation is Confirmation.MISSING
    assert ticket.state is State.DELETED
    assert ticket.due_at is None
    (mail,) = world.mails()[before:]
    assert "no event that proves" in mail.replace("=\n", "")
