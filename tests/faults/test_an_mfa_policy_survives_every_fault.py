"""The policy that requires MFA is put and taken away once each, whatever dies, is lost, throttled or old in between."""

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
from tests.engine.requiring import (
    ATTACH,
    CREATE,
    DELETE,
    DETACH,
    MANAGED,
    PUT,
    check_journal,
    check_way_out,
    enforced,
    enrol,
    notified,
    required_of,
)
from tests.faults.killing import die
from tests.faults.points import At, around_a_call, points
from tests.world import BOB, DAY, HOUR, World, on_postgresql

AFTER_THE_CALL = {"after_effect", "before_outcomes", "after_outcomes"}
LEAVING_OPEN = ["after_intents", "before_effect", "after_effect"]
"""The points that leave an intent open, which are enough for the managed way and the other database."""
INLINE_CALLS, MANAGED_CALLS = [PUT, DELETE], [CREATE, ATTACH, DETACH]
CALLS = [("", call) for call in INLINE_CALLS] + [(MANAGED, call) for call in MANAGED_CALLS]

every_call = pytest.mark.parametrize(("world", "call"), CALLS, ids=[f"{call}" for _, call in CALLS], indirect=["world"])


def _bring_to(world: World, call: str) -> str:
    """Bring a ticket to the moment at which the next look makes this call."""
    if call in {DELETE, DETACH}:
        ref = enforced(world)
        assert enrol(world).ok
        due = world.ticket(ref).due_at
    else:
        ref = notified(world)
        due = world.ticket(ref).deadline
        if call is ATTACH:
            assert due is not None
            world.clock.set(due)
            advance(world.engine)
            assert world.calls_made() == [CREATE]
            due = world.ticket(ref).due_at
    assert due is not None
    world.clock.set(max(due, world.clock.now()))
    return ref


def _finish(world: World, ref: str, *, managed: bool) -> None:
    """Let an engine go on until the user has enrolled and is free, and check that each call was made once."""
    world.pass_days(0.2)
    if world.ticket(ref).state is not State.REMEDIATED:
        world.pass_until(State.ENFORCED, ref)
        if not world.sandbox._world.iam("562458925665").users["maria"].mfa_devices:
            assert required_of(world) == 1
            assert enrol(world).ok
        world.pass_until(State.REMEDIATED, ref)
    assert world.calls_made() == (MANAGED_CALLS if managed else INLINE_CALLS)
    promised = world.ticket(ref).progress.promised_at
    assert promised is not None
    assert world.changes()[0].at >= promised
    world.pass_days(1)
    assert check_way_out(world, ref).confirmation is Confirmation.CONFIRMED


@pytest.mark.parametrize("call", INLINE_CALLS)
@pytest.mark.parametrize("point", around_a_call())
def test_the_next_engine_ends_what_a_killed_one_began(world: World, point: str, call: str) -> None:
    ref = _bring_to(world, call)
    before = len(world.changes())
    die(world, point)
    assert len(world.changes()) - before == (point in AFTER_THE_CALL)
    assert world.app.tick() is not None, "the lock of a dead engine must be free"
    _finish(world, ref, managed=False)


@pytest.mark.parametrize("world", [MANAGED], indirect=True)
@pytest.mark.parametrize("call", MANAGED_CALLS)
@pytest.mark.parametrize("point", LEAVING_OPEN)
def test_the_next_engine_ends_what_a_killed_one_began_with_a_managed_policy(
    world: World, point: str, call: str
) -> None:
    ref = _bring_to(world, call)
    die(world, point)
    assert world.app.tick() is not None
    _finish(world, ref, managed=True)


@on_postgresql
@pytest.mark.parametrize("call", INLINE_CALLS)
@pytest.mark.parametrize("point", LEAVING_OPEN)
def test_on_postgresql_the_lease_of_the_dead_runs_out_first(world: World, point: str, call: str) -> None:
    ref = _bring_to(world, call)
    die(world, point)
    lease, made = world.ticket(ref).lease, len(world.changes())
    world.tick()
    assert world.ticket(ref).lease == lease
    assert len(world.changes()) == made
    world.clock.advance(world.engine.lease + timedelta(seconds=1))
    _finish(world, ref, managed=False)


@every_call
@pytest.mark.parametrize("lost", [Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.SERVER_ERROR])
def test_a_call_without_an_answer_is_settled_by_reading(world: World, call: str, lost: Effect) -> None:
    ref = _bring_to(world, call)
    fault = world.sandbox.faults.switch_on(lost, Scope(service="iam", operation=call), times=1)
    world.tick()
    assert fault.hits == 1
    _finish(world, ref, managed=call in MANAGED_CALLS)
    kinds = [entry.outcome.kind for entry in world.app.store.intents() if entry.outcome is not None]
    assert kinds.count(OutcomeKind.NOT_DONE) == (lost is not Effect.TIMEOUT_AFTER)


@every_call
def test_a_call_that_is_throttled_was_not_made_and_is_tried_later(world: World, call: str) -> None:
    for number in range(4):
        world.user(f"colleague-{number}")  # the caps count tries, and allow an account as many as it has users
    ref = _bring_to(world, call)
    with world.sandbox.faults.throttle(service="iam", operation=call, times=2):
        world.pass_days(0.1)
    _finish(world, ref, managed=call in MANAGED_CALLS)


@every_call
def test_reads_that_stay_old_for_a_minute_after_each_change_mislead_nobody(world: World, call: str) -> None:
    ref = _bring_to(world, call)
    with world.sandbox.faults.stale_reads(timedelta(minutes=1)):
        world.pass_days(0.1)
        _finish(world, ref, managed=call in MANAGED_CALLS)


@pytest.mark.parametrize("world", ["", MANAGED], ids=["inline", "managed"], indirect=True)
def test_when_every_answer_is_lost_the_end_is_the_same(world: World) -> None:
    ref = notified(world)
    for call in (*INLINE_CALLS, *MANAGED_CALLS):
        world.sandbox.faults.timeout_after(service="iam", operation=call)
    world.pass_until(State.ENFORCED, ref)
    assert enrol(world).ok
    ticket = world.pass_until(State.REMEDIATED, ref)
    assert len(world.changes()) == len({change.operation for change in world.changes()})
    check_way_out(world, ref)
    assert ticket.progress.end_request is None
    world.pass_days(1)
    assert world.ticket(ref).confirmation is Confirmation.CONFIRMED, "by the call, the user and the policy"


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


@pytest.mark.parametrize("world", ["", MANAGED], ids=["inline", "managed"], indirect=True)
def test_killed_after_every_single_call_of_the_whole_way_nothing_is_done_twice(world: World) -> None:
    ref = notified(world)
    deaths = 0
    for goal in (State.ENFORCED, State.REMEDIATED):
        number = 1
        while world.ticket(ref).state is not goal:
            with _dying_after(number) as calls:
                try:
                    world.pass_days(1)
                except Killed:
                    deaths += 1
                    world.app.store.take_over(f"successor-{deaths}")
            number = number + 1 if len(calls) >= number else 1
            assert deaths < 400
        if goal is State.ENFORCED:
            assert enrol(world).ok
    assert deaths > 20
    made = [change.operation for change in world.changes()]
    assert len(set(made)) == len(made), "something was done twice"
    check_journal(world)
    check_way_out(world, ref)


@pytest.mark.parametrize("point", points())
def test_a_rollback_that_is_asked_for_while_the_policy_is_being_put_is_not_lost(world: World, point: str) -> None:
    ref = _bring_to(world, PUT)

    def ask() -> None:
        try:
            steer.rollback(world.desk(BOB), ref, text="stop")
        except Exception as error:  # noqa: BLE001 - before the intent there is nothing to roll back, and that is said
            assert "has taken nothing yet" in str(error)  # noqa: PT017 - both ways are right, at different points

    world.tick(world.another_engine(crash=At(point, ask)))
    world.pass_days(1)
    ticket = world.ticket(ref)
    assert required_of(world) == (ticket.state is State.ENFORCED)
    if ticket.wanted_by is not None:
        assert ticket.state in {State.ROLLED_BACK, State.ON_HOLD}
    check_journal(world)


def test_a_call_that_shows_only_after_it_was_given_up_is_taken_note_of(world: World) -> None:
    ref = _bring_to(world, PUT)
    with world.sandbox.faults.stale_reads(2 * HOUR):
        world.tick()
        assert world.calls_made() == [PUT]
        world.clock.advance(HOUR)
        world.tick()
        assert world.ticket(ref).is_denied
    world.clock.advance(2 * HOUR)
    world.pass_until(State.ENFORCED, ref, days=1)
    assert world.calls_made() == [PUT]
    assert enrol(world).ok
    world.clock.advance(DAY)
    world.pass_until(State.REMEDIATED, ref)
    assert required_of(world) == 0
