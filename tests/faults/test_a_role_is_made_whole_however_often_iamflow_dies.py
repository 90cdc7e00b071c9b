"""Whoever makes a role in a key's place, or takes it back, may die at any call: the end is the same, and nothing is done twice."""

import pytest

from iamflow.domain.effect import OutcomeKind
from iamflow.domain.states import State
from iamflow.engine import steer
from tests.engine.migrating import WAYS, Way, check_no_secret, provisioned
from tests.faults.user_driver import Death, live_on
from tests.world import ALICE, KEY, World

PATIENT = "timing: {poll: 24h, retry: {base: 2m}}"
"""Few looks, which is all that these tests need: they die often enough."""

pytestmark = [
    pytest.mark.parametrize("world", [PATIENT], indirect=True),
    pytest.mark.parametrize("way", WAYS, ids=lambda way: way.scenario.value),
    pytest.mark.parametrize("before", [True, False], ids=["before", "after"]),
]


@pytest.fixture(autouse=True)
def _few_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAMFLOW_AWS__REGIONS", "us-east-1,eu-west-1")


def _check(world: World) -> None:
    """Check that no intent is open, that each change is one intent that was settled as done, and that the journal is whole."""
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    done = [entry.intent.effect for entry in stored if entry.outcome and entry.outcome.kind is OutcomeKind.DONE]
    assert [effect.kind.call.split(":")[1] for effect in done] == [change.operation for change in world.changes()]
    assert len({(effect.kind, effect.targets) for effect in done}) == len(done), "something was done twice"
    assert list(world.app.store.verify()) == []
    check_no_secret(world)


def test_killed_at_every_call_the_role_is_made_and_the_key_deleted(world: World, way: Way, before: bool) -> None:
    way.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    steer.approve(world.desk(ALICE), KEY)
    death = Death(before=before)
    with death.lurking():
        deaths = live_on(world, lambda: world.ticket().state is State.AWAITING_CUTOVER)
        way.take(world)
        deaths += live_on(world, lambda: world.ticket().ended)
    assert world.ticket().state is State.DELETED
    assert world.status() is None
    assert deaths == len(death.calls) >= len(world.changes()) > 0
    _check(world)


def test_killed_at_every_call_of_a_rollback_everything_is_as_it_was(world: World, way: Way, before: bool) -> None:
    company = way.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    as_it_was = company.state()
    provisioned(world)
    way.take(world)
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY)
    death = Death(before=before)
    with death.lurking():
        deaths = live_on(world, lambda: world.ticket().ended)
    assert world.ticket().state is State.ROLLED_BACK
    assert company.state() == as_it_was
    assert deaths == len(death.calls) > 0
    _check(world)
