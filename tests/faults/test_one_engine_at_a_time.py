"""Two engines on one file, a lease that is lost before the call, people who steer while a call is under way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from iamflow.bootstrap import application
from iamflow.domain.effect import OutcomeKind
from iamflow.domain.errors import ChangedError
from iamflow.domain.states import State
from iamflow.engine import steer
from iamflow.engine.advance import advance
from tests.faults.points import At
from tests.faults.record import Witness, check
from tests.faults.ways import Step, bring_to, finish
from tests.world import ALICE, BOB, KEY, World, on_both


@dataclass
class Unclosing:
    """AWS, but for sessions that fail when they are closed."""

    cloud: Any

    @contextmanager
    def step(self, *about: object) -> Iterator[object]:
        with self.cloud.step(*about) as step:
            yield step
        message = "the connection was gone already"
        raise OSError(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cloud, name)


def _pass_with(world: World, point: str, does: Callable[[], object]) -> None:
    """Do one pass of an engine to which something happens at that point."""
    hook = At(point, does)
    advance(world.another_engine(crash=hook))
    assert hook.done


def _outcomes(world: World) -> list[OutcomeKind | None]:
    return [entry.outcome.kind if entry.outcome is not None else None for entry in world.app.store.intents()]


def test_a_second_engine_on_the_same_file_is_refused_by_the_lock_and_does_nothing(
    world: World, witness: Witness
) -> None:
    bring_to(world, Step.DEACTIVATE)
    with application(world.folder / "config.yaml", writer="second", clock=world.clock) as second:
        with world.app.engine_lock() as held:
            assert held
            assert second.tick() is None
            assert world.changes() == []
        assert second.tick() is not None
    assert world.calls_made() == ["UpdateAccessKey Inactive"]
    finish(world, Step.DEACTIVATE)
    check(world, witness)


@on_both
@pytest.mark.parametrize("step", Step)
def test_a_ticket_that_changed_between_intent_and_call_is_not_acted_on(
    world: World, witness: Witness, step: Step
) -> None:
    bring_to(world, step)
    before = len(world.changes())
    _pass_with(world, "after_intents", lambda: steer.comment(world.desk(), KEY, "wait a moment"))
    assert len(world.changes()) == before
    assert _outcomes(world)[-1] is None
    finish(world, step)
    check(world, witness)
    assert OutcomeKind.NOT_DONE in _outcomes(world)


@on_both
@pytest.mark.parametrize("step", Step)
def test_a_lease_that_ran_out_before_the_call_means_no_call(world: World, witness: Witness, step: Step) -> None:
    bring_to(world, step)
    before = len(world.changes())
    _pass_with(world, "after_intents", lambda: world.clock.advance(world.engine.lease - timedelta(seconds=20)))
    assert len(world.changes()) == before
    finish(world, step)
    check(world, witness)


@pytest.mark.parametrize("late", [timedelta(seconds=110), timedelta(seconds=150), timedelta(minutes=4)])
@pytest.mark.parametrize("step", Step)
def test_a_call_made_late_whose_answer_is_lost_is_not_made_again_on_an_old_reading(
    world: World, witness: Witness, step: Step, late: timedelta
) -> None:
    bring_to(world, step)
    world.sandbox.faults.stale_reads(timedelta(seconds=60))
    world.sandbox.faults.timeout_after(service="iam", operation=step.operation, times=1)
    _pass_with(world, "after_intents", lambda: world.clock.advance(late))
    finish(world, step)
    check(world, witness)


@on_both
def test_a_lease_taken_over_by_another_engine_means_no_call(world: World, witness: Witness) -> None:
    bring_to(world, Step.DEACTIVATE)
    _pass_with(world, "after_intents", lambda: world.app.store.take_over("somebody-else"))
    assert world.changes() == []
    finish(world, Step.DEACTIVATE)
    check(world, witness)


def test_a_session_that_does_not_close_does_not_undo_what_was_done(world: World, witness: Witness) -> None:
    bring_to(world, Step.DEACTIVATE)
    advance(world.another_engine(cloud=Unclosing(world.engine.cloud)))
    assert _outcomes(world) == [OutcomeKind.DONE]
    finish(world, Step.DEACTIVATE)
    check(world, witness)


@on_both
def test_a_freeze_between_intent_and_call_stops_the_call(world: World, witness: Witness) -> None:
    bring_to(world, Step.DEACTIVATE)

    def freeze() -> None:
        world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())

    _pass_with(world, "after_intents", freeze)
    assert world.changes() == []
    assert _outcomes(world) == [OutcomeKind.NOT_ATTEMPTED]
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    finish(world, Step.DEACTIVATE)
    check(world, witness)


@pytest.mark.parametrize(
    "word",
    [
        lambda desk: steer.hold(desk, KEY),
        lambda desk: steer.cancel(desk, KEY),
        lambda desk: steer.extend(desk, KEY, days=1),
        lambda desk: steer.exempt(desk, KEY, until=desk.clock.now() + timedelta(days=9), reason="later"),
        lambda desk: steer.reply(desk, KEY, steer.Reply.KEEP),
        lambda desk: steer.reply(desk, KEY, steer.Reply.GO_AHEAD),
        lambda desk: steer.approve(desk, KEY),
        lambda desk: steer.reject(desk, KEY),
        lambda desk: steer.resume(desk, KEY),
        lambda desk: steer.retry(desk, KEY),
    ],
    ids=["hold", "cancel", "extend", "exempt", "keep", "go-ahead", "approve", "reject", "resume", "retry"],
)
def test_nobody_steers_a_ticket_while_its_call_is_under_way(world: World, word: Callable[[steer.Desk], object]) -> None:
    bring_to(world, Step.DEACTIVATE)

    def refused() -> None:
        with pytest.raises(ChangedError, match="at this moment"):
            word(world.desk(ALICE))

    _pass_with(world, "before_effect", refused)
    assert world.ticket().state is State.DEACTIVATED
    assert _outcomes(world) == [OutcomeKind.DONE]


@on_both
@pytest.mark.parametrize("point", ["before_effect", "after_effect", "before_outcomes"])
def test_a_rollback_that_comes_while_the_key_is_deactivated_brings_it_back(
    world: World, witness: Witness, point: str
) -> None:
    bring_to(world, Step.DEACTIVATE)
    _pass_with(world, point, lambda: steer.rollback(world.desk(BOB), KEY, text="not this one"))
    world.pass_until(State.ROLLED_BACK, days=1)
    assert world.calls_made() == ["UpdateAccessKey Inactive", "UpdateAccessKey Active"]
    assert world.status() == "Active"
    check(world, witness)


@on_both
def test_a_rollback_that_comes_just_before_the_call_keeps_the_key_active_and_the_ticket_on_hold(
    world: World, witness: Witness
) -> None:
    bring_to(world, Step.DEACTIVATE)
    _pass_with(world, "after_intents", lambda: steer.rollback(world.desk(BOB), KEY, text="not this one"))
    ticket = world.pass_until(State.ON_HOLD, days=1)
    assert "os:bob" in (ticket.blocked_reason or "")
    world.pass_days(20)
    assert world.changes() == []
    check(world, witness)


@on_both
@pytest.mark.parametrize("point", ["claimed", "before_intents"])
def test_a_hold_that_comes_before_the_intent_wins(world: World, point: str) -> None:
    bring_to(world, Step.DEACTIVATE)
    _pass_with(world, point, lambda: steer.hold(world.desk(BOB), KEY))
    assert world.ticket().state is State.ON_HOLD
    world.pass_days(10)
    assert world.changes() == []
    assert _outcomes(world) == []


@on_both
def test_an_engine_that_comes_back_from_the_dead_writes_nothing(world: World, witness: Witness) -> None:
    bring_to(world, Step.DEACTIVATE)
    other = replace(world.engine, instance="other")

    def overtaken() -> None:
        world.clock.advance(world.engine.lease + timedelta(seconds=1))
        world.tick(other)

    _pass_with(world, "before_intents", overtaken)
    assert world.calls_made() == ["UpdateAccessKey Inactive"]
    finish(world, Step.DEACTIVATE)
    check(world, witness)
