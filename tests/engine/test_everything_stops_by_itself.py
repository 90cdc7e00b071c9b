"""Too many rollbacks freeze everything, and the freeze says why; nothing that was begun is lost by it."""

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.engine import steer
from tests.world import DAY, World

KEYS = [KeyId(f"AKIAYF5JKDJQBREAK{number:03}") for number in range(4)]
BREAKER = """
limits:
  per_account_per_day: 1000
  percent_of_users: 100
  breaker: {deactivations: 3, rollbacks: 1, within: 7d}
"""


def _four_watched(world: World) -> None:
    findings = []
    for number, key in enumerate(KEYS):
        world.user(f"user-{number}")
        findings.append(world.key(key, f"user-{number}"))
    world.take_in(*findings)
    world.pass_until(State.MONITORING, KEYS[-1])


@pytest.mark.parametrize("world", [BREAKER], indirect=True)
def test_the_breaker_freezes_when_both_counts_are_exceeded_and_says_why(world: World) -> None:
    _four_watched(world)
    steer.rollback(world.desk(), KEYS[0])
    assert world.tick().frozen_by_breaker is None
    assert not world.app.store.freeze().on
    steer.rollback(world.desk(), KEYS[1])
    reason = world.tick().frozen_by_breaker
    assert reason is not None
    assert "2 of 4 deactivations were rolled back" in reason
    assert "iamflow freeze off" in reason
    assert world.app.store.freeze().reason == reason

    world.clock.advance(10 * DAY)
    world.tick()
    assert [world.status(key) for key in KEYS] == ["Active", "Active", "Inactive", "Inactive"]
    assert any("frozen" in why for why in world.ticket(KEYS[2]).progress.waiting_for)

    steer.rollback(world.desk(), KEYS[2])
    world.tick()
    assert world.status(KEYS[2]) == "Active"

    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    world.pass_until(State.DELETED, KEYS[3])
    assert list(world.app.store.verify()) == []


@pytest.mark.parametrize("world", [BREAKER.replace("within: 7d", "within: 1d")], indirect=True)
def test_rollbacks_of_long_ago_do_not_count(world: World) -> None:
    _four_watched(world)
    steer.rollback(world.desk(), KEYS[0])
    world.tick()
    world.clock.advance(1.5 * DAY)
    steer.rollback(world.desk(), KEYS[1])
    assert world.tick().frozen_by_breaker is None
    assert not world.app.store.freeze().on
