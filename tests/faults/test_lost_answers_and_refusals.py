"""Answers that are lost, late, old or a refusal: each step still ends right, once, with no wait shortened."""

from datetime import timedelta

import pytest

from iamflow.domain.effect import OutcomeKind
from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.sandbox.faults import Effect, Scope
from tests.faults.record import Witness, check
from tests.faults.ways import Step, bring_to, check_waits, finish
from tests.world import DAY, EVERY_REGION, HOUR, KEY, World

OTHER_KEY = KeyId("AKIAYF5JKDJQSECOND22")


def _outcomes(world: World) -> list[OutcomeKind | None]:
    return [entry.outcome.kind if entry.outcome is not None else None for entry in world.app.store.intents()]


def _opened(world: World) -> int:
    return len(world.app.store.intents())


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("lost", [Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.SERVER_ERROR])
def test_a_change_without_an_answer_is_settled_by_reading(
    world: World, witness: Witness, step: Step, lost: Effect
) -> None:
    bring_to(world, step)
    before = _opened(world)
    fault = world.sandbox.faults.switch_on(lost, Scope(service="iam", operation=step.operation), times=1)
    world.tick()
    assert fault.hits == 1
    finish(world, step)
    check(world, witness)
    happened = lost is Effect.TIMEOUT_AFTER
    expected = [OutcomeKind.DONE] if happened else [OutcomeKind.NOT_DONE, OutcomeKind.DONE]
    following = 1 if step is Step.DEACTIVATE else 0
    assert _outcomes(world)[before:] == expected + [OutcomeKind.DONE] * following


@pytest.mark.parametrize("step", Step)
def test_a_change_that_is_throttled_was_not_made_and_is_tried_later(world: World, witness: Witness, step: Step) -> None:
    for number in range(4):
        world.user(f"colleague-{number}")  # the caps count tries, and allow an account as many as it has users
    bring_to(world, step)
    before = _opened(world)
    with world.sandbox.faults.throttle(service="iam", operation=step.operation, times=3):
        world.pass_days(0.1)
    finish(world, step)
    check(world, witness)
    assert _outcomes(world)[before : before + 4] == [OutcomeKind.NOT_DONE] * 3 + [OutcomeKind.DONE]


@pytest.mark.parametrize("step", Step)
def test_reads_that_stay_old_for_a_minute_after_each_change_mislead_nobody(
    world: World, witness: Witness, step: Step
) -> None:
    world.sandbox.faults.stale_reads(timedelta(seconds=60))
    bring_to(world, step)
    finish(world, step)
    check(world, witness)
    assert set(_outcomes(world)) == {OutcomeKind.DONE}
    assert _opened(world) == 2


def test_a_refused_change_blocks_its_ticket_alone_and_heals_with_the_permission(world: World, witness: Witness) -> None:
    world.user("second")
    world.take_in(world.key(OTHER_KEY, "second"))
    bring_to(world, Step.DEACTIVATE)
    denied = world.sandbox.faults.access_denied(service="iam", operation="UpdateAccessKey", times=1)
    world.tick()
    assert denied.hits == 1
    states = {world.ticket(key).state for key in (KEY, OTHER_KEY)}
    assert State.BLOCKED in states
    assert states & {State.NOTIFIED, State.DEACTIVATED}
    (blocked,) = [ticket for key in (KEY, OTHER_KEY) if (ticket := world.ticket(key)).state is State.BLOCKED]
    assert "iam:UpdateAccessKey" in (blocked.blocked_reason or "")
    world.pass_until(State.DELETED, OTHER_KEY)
    world.pass_until(State.DELETED, KEY)
    check(world, witness)
    assert OutcomeKind.REFUSED in _outcomes(world)


@pytest.mark.parametrize(
    "world", [f"{EVERY_REGION}\ntiming: {{poll: 8h, retry: {{base: 4h, most: 8h}}}}"], indirect=True
)
def test_a_region_that_is_down_for_the_whole_window_makes_the_window_longer_not_quiet(
    world: World, witness: Witness
) -> None:
    bring_to(world, Step.DEACTIVATE)
    world.pass_until(State.DEACTIVATED)
    with world.sandbox.faults.region_down("sa-east-1", service="cloudtrail"):
        world.pass_days(3)
        assert world.status() == "Inactive"
        assert world.ticket().state in {State.MONITORING, State.BLOCKED}
        assert world.ticket().progress.final_sweep is None
    ticket = world.pass_until(State.DELETED)
    assert ticket.progress.final_sweep is not None
    assert "sa-east-1" in ticket.progress.final_sweep.regions
    check_waits(world)
    check(world, witness)


@pytest.mark.parametrize("operation", ["GetUser", "ListAccessKeys", "GetAccessKeyLastUsed", "ListAttachedUserPolicies"])
def test_a_reading_that_fails_holds_the_step_back(world: World, witness: Witness, operation: str) -> None:
    bring_to(world, Step.DEACTIVATE)
    with world.sandbox.faults.server_error(service="iam", operation=operation):
        world.pass_days(HOUR / DAY)
        assert world.changes() == []
        assert world.status() == "Active"
        assert world.ticket().attempts > 1
    world.pass_until(State.DELETED)
    check(world, witness)


def test_a_rollback_goes_through_after_a_storm_of_throttling(world: World, witness: Witness) -> None:
    bring_to(world, Step.REACTIVATE)
    with world.sandbox.faults.throttle(service="iam"):
        world.pass_days(HOUR / DAY)
        assert world.status() == "Inactive"
    world.pass_days(HOUR / DAY)
    assert world.ticket().state is State.ROLLED_BACK
    check(world, witness)
