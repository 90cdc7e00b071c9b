"""PostgreSQL ends its sessions or goes down in the middle of a pass: the pass may fail, and nothing is lost or done twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.errors import TemporaryError
from tests.faults.points import At, points
from tests.faults.record import Witness, check
from tests.faults.ways import Step, bring_to, finish
from tests.postgresql import Cluster, database_of
from tests.world import World, on_postgresql

MADE = {"before_effect", "after_effect", "before_outcomes", "after_outcomes"}
"""Points past the last look at lease and kill switch: the call stands in a committed intent, and is made."""


def _pass_with(world: World, point: str, does: Callable[[], object]) -> TemporaryError | None:
    """Do one pass to which this happens; return the error that it ended with. Any but a temporary one is a fault."""
    hook = At(point, does)
    try:
        world.tick(replace(world.engine, crash=hook))
    except TemporaryError as error:
        return error
    finally:
        assert hook.done
    return None


def _go_on(world: World, witness: Witness, step: Step) -> None:
    """Let the next engine finish: leases that could not be given up run out first."""
    world.clock.advance(world.engine.lease + timedelta(seconds=1))
    finish(world, step)
    check(world, witness)


@on_postgresql
@pytest.mark.parametrize("point", points())
def test_sessions_that_are_ended_in_mid_pass_cost_that_pass_at_most(
    world: World, witness: Witness, cluster: Cluster, point: str
) -> None:
    bring_to(world, Step.DEACTIVATE)
    database = database_of(world.app.settings.database_url)
    _pass_with(world, point, lambda: cluster.end_sessions(database))
    assert len(world.changes()) <= 1
    _go_on(world, witness, Step.DEACTIVATE)


@on_postgresql
@pytest.mark.parametrize("point", points())
def test_a_server_that_goes_down_in_mid_pass_is_a_temporary_error_and_loses_nothing(
    world: World, witness: Witness, cluster: Cluster, point: str
) -> None:
    bring_to(world, Step.DELETE)
    before = len(world.changes())
    try:
        error = _pass_with(world, point, cluster.crash)
        with pytest.raises(TemporaryError, match="cannot be used now"):
            world.ticket()
    finally:
        cluster.come_back()
    assert error is not None
    assert "cannot be used now" in str(error)
    assert "\n" not in str(error)
    assert len(world.changes()) - before == (point in MADE)
    _go_on(world, witness, Step.DELETE)
