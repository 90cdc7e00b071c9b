"""A deny is put on and taken off once each, whatever dies, is lost, throttled or old in between, and none is left behind."""

from datetime import datetime, timedelta
from enum import Enum

import pytest

from iamflow.domain.effect import OutcomeKind
from iamflow.domain.states import State
from iamflow.engine import steer
from iamflow.engine.advance import advance
from iamflow.sandbox.faults import Effect, Scope
from tests.engine.browning import ATTACH, HALF_A_DAY, LIFT, policies
from tests.faults.killing import die, the_lease_of_the_dead_is_respected
from tests.faults.points import At, around_a_call
from tests.faults.record import Witness, check
from tests.world import BOB, KEY, World, on_postgresql

pytestmark = pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)

AFTER_THE_CALL = {"after_effect", "before_outcomes", "after_outcomes"}
LEAVING_OPEN = ["after_intents", "after_effect"]
"""The points that leave an intent open, which are enough for the other database: the rest of a pass is the same."""


class Call(Enum):
    """A call about the deny."""

    PUT = ATTACH
    DELETE = LIFT


def _bring_to(world: World, call: Call) -> None:
    """Bring a ticket to the moment at which the next look makes this call."""
    world.user()
    world.take_in(world.key())
    _set(world, world.pass_until(State.NOTIFIED).deadline)
    if call is Call.DELETE:
        world.tick()
        brownout = world.ticket().progress.brownout
        assert brownout is not None
        _set(world, brownout.ends_at)


def _set(world: World, to: datetime | None) -> None:
    assert to is not None
    world.clock.set(max(to, world.clock.now()))


def _finish(world: World, witness: Witness) -> None:
    """Let an engine go on until the key is deactivated, and check that the deny lasted its time, once."""
    ticket = world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, LIFT, "UpdateAccessKey Inactive"]
    assert policies(world) == []
    put, deleted, _ = world.changes()
    assert ticket.progress.promised_at is not None
    assert put.at >= ticket.progress.promised_at
    assert deleted.at - put.at >= timedelta(hours=12)
    check(world, witness)


def _outcomes(world: World) -> list[OutcomeKind | None]:
    return [entry.outcome.kind if entry.outcome is not None else None for entry in world.app.store.intents()]


def _killed(world: World, point: str, call: Call) -> None:
    _bring_to(world, call)
    before = len(world.changes())
    die(world, point)
    assert len(world.changes()) - before == (point in AFTER_THE_CALL)


@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("point", around_a_call())
def test_the_next_engine_ends_what_a_killed_one_began(world: World, witness: Witness, point: str, call: Call) -> None:
    _killed(world, point, call)
    assert world.app.tick() is not None, "the lock of a dead engine must be free"
    _finish(world, witness)


@on_postgresql
@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("point", LEAVING_OPEN)
def test_so_it_does_on_postgresql_once_the_lease_has_ended(
    world: World, witness: Witness, point: str, call: Call
) -> None:
    _killed(world, point, call)
    the_lease_of_the_dead_is_respected(world)
    _finish(world, witness)


@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("lost", [Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.SERVER_ERROR])
def test_a_call_without_an_answer_is_settled_by_reading(
    world: World, witness: Witness, call: Call, lost: Effect
) -> None:
    _bring_to(world, call)
    before = len(_outcomes(world))
    fault = world.sandbox.faults.switch_on(lost, Scope(service="iam", operation=call.value), times=1)
    world.tick()
    assert fault.hits == 1
    _finish(world, witness)
    happened = lost is Effect.TIMEOUT_AFTER
    first = [OutcomeKind.DONE] if happened else [OutcomeKind.NOT_DONE, OutcomeKind.DONE]
    following = [OutcomeKind.DONE] * (2 if call is Call.PUT else 1)
    assert _outcomes(world)[before:] == first + following


@pytest.mark.parametrize("call", Call)
def test_a_call_that_is_throttled_was_not_made_and_is_tried_later(world: World, witness: Witness, call: Call) -> None:
    for number in range(4):
        world.user(f"colleague-{number}")  # the caps count tries, and allow an account as many as it has users
    _bring_to(world, call)
    with world.sandbox.faults.throttle(service="iam", operation=call.value, times=3):
        world.pass_days(0.005)
    _finish(world, witness)
    assert _outcomes(world).count(OutcomeKind.NOT_DONE) == 3


@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("old", [timedelta(seconds=3), timedelta(minutes=2)])
def test_answers_that_are_old_repeat_no_call_and_shorten_nothing(
    world: World, witness: Witness, call: Call, old: timedelta
) -> None:
    _bring_to(world, call)
    world.sandbox.faults.stale_reads(old)
    _finish(world, witness)


@pytest.mark.parametrize("call", Call)
def test_a_call_made_late_whose_answer_is_lost_is_not_made_again_on_an_old_answer(
    world: World, witness: Witness, call: Call
) -> None:
    _bring_to(world, call)
    world.sandbox.faults.stale_reads(timedelta(seconds=60))
    world.sandbox.faults.timeout_after(service="iam", operation=call.value, times=1)
    hook = At("after_intents", lambda: world.clock.advance(timedelta(seconds=110)))
    advance(world.another_engine(crash=hook))
    assert hook.done
    _finish(world, witness)


@pytest.mark.parametrize("point", ["after_intents", "before_effect", "after_effect", "before_outcomes"])
def test_a_rollback_that_comes_while_the_deny_is_put_on_takes_it_off(
    world: World, witness: Witness, point: str
) -> None:
    _bring_to(world, Call.PUT)
    hook = At(point, lambda: steer.rollback(world.desk(BOB), KEY, text="not this one"))
    advance(world.another_engine(crash=hook))
    assert hook.done
    put = point != "after_intents"
    world.pass_until(State.ROLLED_BACK if put else State.ON_HOLD, days=1)
    assert world.calls_made() == ([ATTACH, LIFT] if put else [])
    assert policies(world) == []
    check(world, witness)


@pytest.mark.parametrize("point", ["after_intents", "after_effect", "before_outcomes"])
def test_a_rollback_that_comes_while_the_deny_is_taken_off_ends_the_ticket(
    world: World, witness: Witness, point: str
) -> None:
    _bring_to(world, Call.DELETE)
    hook = At(point, lambda: steer.rollback(world.desk(BOB), KEY))
    advance(world.another_engine(crash=hook))
    assert hook.done
    world.pass_until(State.ROLLED_BACK, days=1)
    assert world.calls_made() == [ATTACH, LIFT]
    assert policies(world) == []
    check(world, witness)
