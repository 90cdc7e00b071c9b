"""The window runs from the later of our reading and AWS's own date, and a clock put back shortens nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from iamflow.bootstrap import Application, application
from iamflow.domain.clock import Clock
from iamflow.domain.states import State
from tests.faults.record import Witness, check
from tests.faults.ways import Step, bring_to
from tests.world import World

BEHIND = timedelta(seconds=90)


@dataclass(frozen=True)
class LateClock:
    """A host's clock that is behind AWS's."""

    true: Clock

    def now(self) -> datetime:
        return self.true.now() - BEHIND

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)


@pytest.fixture
def late(world: World) -> Iterator[Application]:
    with application(world.folder / "config.yaml", writer="late", clock=LateClock(world.clock)) as app:
        yield app


def test_a_host_whose_clock_is_behind_counts_from_awss_date(world: World, witness: Witness, late: Application) -> None:
    bring_to(world, Step.DEACTIVATE)
    world.clock.advance(BEHIND)
    late.run_tick(late.engine())
    (change,) = world.changes()
    progress = world.ticket().progress
    assert progress.deactivated_at is not None
    assert progress.deactivated_at >= change.at.replace(microsecond=0)
    assert progress.window_ends_at == progress.deactivated_at + world.engine.policy.disable_key.monitor
    world.pass_until(State.DELETED)
    check(world, witness)


@pytest.mark.parametrize("step", [Step.DEACTIVATE, Step.DELETE])
def test_a_clock_put_back_takes_no_step_early(world: World, witness: Witness, late: Application, step: Step) -> None:
    bring_to(world, step)
    before = len(world.changes())
    engine = late.engine()
    late.run_tick(replace(engine, clock=LateClock(world.clock)))
    assert len(world.changes()) == before
    world.pass_until(State.DELETED)
    check(world, witness)
