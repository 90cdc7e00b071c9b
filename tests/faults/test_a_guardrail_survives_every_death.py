"""The guardrail is made, attached, detached and deleted once each, whatever dies, is lost, throttled or old in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from iamflow.aws.clients import Answer, Api
from iamflow.domain.effect import OutcomeKind
from iamflow.domain.states import Confirmation, State
from iamflow.engine import steer
from iamflow.engine.advance import advance
from iamflow.sandbox.faults import Effect, Scope
from tests.engine.guarding import (
    ATTACH,
    CREATE,
    DELETE,
    DETACH,
    a_safe_user,
    approve,
    attached,
    awaiting,
    check_gone,
    check_journal,
    on,
    policies,
)
from tests.faults.killing import die
from tests.faults.points import around_a_call
from tests.world import ACCOUNT, BOB, World, on_postgresql

CALLS = [CREATE, ATTACH, DETACH, DELETE]
AFTER_THE_CALL = {"after_effect", "before_outcomes", "after_outcomes"}
LEAVING_OPEN = ["after_intents", "after_effect"]
DEATHS = [(call, point) for call in (ATTACH, DELETE) for point in around_a_call()]
DEATHS += [(call, point) for call in (CREATE, DETACH) for point in LEAVING_OPEN]

every_call = pytest.mark.parametrize("call", CALLS)


def _bring_to(world: World, call: str) -> str:
    """Bring a ticket to the moment at which the next look makes this call."""
    if call in {CREATE, ATTACH}:
        a_safe_user(world)
        ref = awaiting(world)
        approve(world, ref)
    else:
        ref = attached(world)
        steer.rollback(world.desk(BOB), ref, text="no")
    if call in {ATTACH, DELETE}:
        advance(world.engine)
    assert [change.operation for change in world.changes()] == CALLS[: CALLS.index(call)]
    return ref


def _finish(world: World, ref: str) -> None:
    """Let an engine go on to the end, and check that each call was made once."""
    world.pass_days(0.2)
    if world.ticket(ref).wanted is None and not world.ticket(ref).ended:
        ticket = world.pass_until(State.MONITORING, ref, days=1)
        assert on(world, ACCOUNT) == [f"iamflow-mfa-guardrail-{ticket.id}"]
        steer.rollback(world.desk(BOB), ref, text="no")
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    assert [change.operation for change in world.changes()] == CALLS
    world.pass_days(1)
    assert check_gone(world, ref).confirmation is Confirmation.CONFIRMED


@pytest.mark.parametrize(("call", "point"), DEATHS)
def test_the_next_engine_ends_what_a_killed_one_began(world: World, call: str, point: str) -> None:
    ref = _bring_to(world, call)
    before = len(world.changes())
    die(world, point)
    assert len(world.changes()) - before == (point in AFTER_THE_CALL)
    assert world.app.tick() is not None, "the lock of a dead engine must be free"
    _finish(world, ref)


@on_postgresql
@every_call
def test_on_postgresql_the_lease_of_the_dead_runs_out_first(world: World, call: str) -> None:
    ref = _bring_to(world, call)
    die(world, "after_effect")
    lease, made = world.ticket(ref).lease, len(world.changes())
    world.tick()
    assert world.ticket(ref).lease == lease
    assert len(world.changes()) == made
    world.clock.advance(world.engine.lease + timedelta(seconds=1))
    _finish(world, ref)


@every_call
@pytest.mark.parametrize("lost", [Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.SERVER_ERROR])
def test_a_call_without_an_answer_is_settled_by_reading(world: World, call: str, lost: Effect) -> None:
    ref = _bring_to(world, call)
    fault = world.sandbox.faults.switch_on(lost, Scope(service="organizations", operation=call), times=1)
    world.tick()
    assert fault.hits == 1
    _finish(world, ref)
    kinds = [entry.outcome.kind for entry in world.app.store.intents() if entry.outcome is not None]
    assert kinds.count(OutcomeKind.NOT_DONE) == (lost is not Effect.TIMEOUT_AFTER)


@every_call
def test_a_call_that_is_throttled_was_not_made_and_is_tried_later(world: World, call: str) -> None:
    ref = _bring_to(world, call)
    with world.sandbox.faults.throttle(service="organizations", operation=call, times=2):
        world.pass_days(0.1)
    _finish(world, ref)


def test_when_every_answer_is_lost_the_end_is_the_same(world: World) -> None:
    for call in CALLS:
        world.sandbox.faults.timeout_after(service="organizations", operation=call)
    a_safe_user(world)
    ref = awaiting(world)
    approve(world, ref)
    _finish(world, ref)
    assert world.ticket(ref).progress.end_request is None


class Killed(BaseException):
    """The end of the process, which nothing catches."""


@contextmanager
def _dying_after(number: int) -> Iterator[list[str]]:
    """Let the engine die right after its n-th call to AWS, a reading or a change, was answered."""
    calls: list[str] = []
    answered: Callable[..., Answer] = Api._attempt

    def attempt(api: Api, operation: str, parameters: dict[str, object]) -> Answer:
        answer = answered(api, operation, parameters)
        calls.append(operation)
        if len(calls) == number:
            raise Killed
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "_attempt", attempt)
        yield calls


def test_killed_after_every_single_call_of_the_whole_way_nothing_is_done_twice(world: World) -> None:
    a_safe_user(world)
    ref = awaiting(world)
    approve(world, ref)
    deaths = 0
    for goal in (State.ATTACHED, State.ROLLED_BACK):
        number = 1
        while world.ticket(ref).state is not goal:
            with _dying_after(number) as calls:
                try:
                    world.pass_days(0.05, until=lambda goal=goal: world.ticket(ref).state is goal)  # type: ignore[misc]
                except Killed:
                    deaths += 1
                    world.app.store.take_over(f"successor-{deaths}")
            number = number + 1 if len(calls) >= number else 1
            assert deaths < 400
        if goal is State.ATTACHED:
            steer.rollback(world.desk(BOB), ref, text="no")
    assert deaths > 20
    assert [change.operation for change in world.changes()] == CALLS, "something was done twice"
    check_gone(world, ref)


def test_a_call_that_shows_only_after_it_was_given_up_is_taken_note_of(world: World) -> None:
    ref = _bring_to(world, ATTACH)
    with world.sandbox.faults.stale_reads(timedelta(hours=2)):
        world.tick()
        world.clock.advance(timedelta(hours=1))
        world.tick()
    world.clock.advance(timedelta(hours=2))
    world.pass_until(State.MONITORING, ref, days=1)
    assert [change.operation for change in world.changes()] == [CREATE, ATTACH]
    assert len(policies(world)) == 1
    check_journal(world)
