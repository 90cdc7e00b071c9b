"""Whoever replaces a key may die at any call: there is always one new key in the end, and its secret is where it belongs.

Between the making of a key and the delivery of its secret nobody but the dying process has the secret: such a key is found by
CloudTrail's word on who made it, deleted, and another one made. A key that somebody else made is never taken for it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from iamflow.aws.clients import Answer, Api
from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.domain.states import State
from iamflow.engine import runner, steer
from tests.engine.rotating import NEW_CALLS, check_replaced, keys_of, new_key, opened, proven, rotation, secret, take
from tests.faults.killing import die
from tests.faults.points import around_a_call
from tests.faults.user_driver import Killed
from tests.world import ACCOUNT, KEY, World

QUICK = pytest.mark.parametrize(
    "world",
    ["aws: {trail_lookups_per_second: 50, regions: [us-east-1]}\ntiming: {poll: 24h}"],
    indirect=True,
)
WHOLE_WAY = [*NEW_CALLS, "UpdateAccessKey", "DeleteAccessKey"]


@contextmanager
def death_at(number: int, *, before: bool) -> Iterator[None]:
    """Kill the engine once, at its so many-th changing call: before it is sent, or once AWS has done it."""
    made = 0

    def attempt(api: Api, operation: str, parameters: dict[str, object]) -> Answer:
        nonlocal made
        if not api.attempt.changes or operation.startswith("Describe"):
            return call(api, operation, parameters)
        made += 1
        if made == number and before:
            raise Killed
        answer = call(api, operation, parameters)
        if made == number:
            raise Killed
        return answer

    call: Callable[..., Answer] = Api._attempt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "_attempt", attempt)
        yield
        assert made >= number


def live_on(world: World, state: State) -> int:
    """Let time pass until the ticket stands there, each time with a new engine where the last one died; count the deaths."""
    deaths = 0
    while world.ticket().state is not state:
        try:
            world.pass_until(state)
        except Killed:
            deaths += 1
            world.app.store.take_over(f"successor-{deaths}")
            world.engine = world.another_engine(instance=f"successor-{deaths}")
            runner.begin(world.engine)
    return deaths


@QUICK
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    "number", range(1, len(WHOLE_WAY) + 1), ids=[f"{n}-{name}" for n, name in enumerate(WHOLE_WAY, 1)]
)
def test_killed_at_any_call_the_key_is_replaced_all_the_same(world: World, number: int, before: bool) -> None:
    opened(world)
    with death_at(number, before=before):
        deaths = live_on(world, State.AWAITING_ADOPTION)
        check_replaced(world)
        take(world)
        deaths += live_on(world, State.DELETED)
    assert deaths == 1
    assert keys_of(world) == {new_key(world): "Active"}
    assert list(world.app.store.verify()) == []
    done = [entry for entry in world.app.store.intents() if entry.outcome is not None]
    ours = [entry for entry in done if entry.outcome is not None and entry.outcome.kind is OutcomeKind.DONE]
    assert sorted(kind for kind in (entry.intent.effect.kind for entry in ours) if not kind.replaces) == [
        EffectKind.DEACTIVATE_KEY,
        EffectKind.DELETE_KEY,
    ]
    made, withdrawn = _made_and_withdrawn(world)
    assert made == withdrawn + 1
    assert withdrawn == (number == 3 and not before) + (number == 4 and before)


def _made_and_withdrawn(world: World) -> tuple[int, int]:
    calls = [change.operation for change in world.changes()]
    withdrawn = rotation(world).withdrawn
    assert calls.count("DeleteAccessKey") == len(withdrawn) + (world.ticket().state is State.DELETED)
    return calls.count("CreateAccessKey"), len(withdrawn)


@QUICK
@pytest.mark.parametrize("point", around_a_call())
def test_a_process_that_is_killed_while_it_issues_a_key_leaves_nothing_half_done(world: World, point: str) -> None:
    proven(world)
    die(world, point)
    assert world.app.tick() is not None
    world.pass_until(State.AWAITING_ADOPTION)
    check_replaced(world)
    assert _made_and_withdrawn(world) == (1, 0)


@QUICK
@pytest.mark.parametrize(("operation", "service"), [("CreateAccessKey", "iam"), ("PutSecretValue", "secretsmanager")])
@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "throttle", "server_error"])
def test_an_answer_that_is_lost_or_a_refusal_leaves_one_key_with_its_secret(
    world: World, operation: str, service: str, kind: str
) -> None:
    proven(world)
    fault = getattr(world.sandbox.faults, kind)(service=service, operation=operation, times=1)
    world.pass_until(State.AWAITING_ADOPTION)
    assert fault.hits == 1
    check_replaced(world)


@QUICK
def test_a_key_whose_secret_cannot_be_put_away_is_withdrawn_and_a_person_asked_after_two(world: World) -> None:
    proven(world)
    with _every_delivery_denied(world):
        ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "delivery_failed"
    assert keys_of(world) == {KEY: "Active"}
    assert _made_and_withdrawn(world) == (2, 2)
    told = [entry.detail for entry in world.app.store.history(ticket.id) if entry.kind == "retry_later"]
    assert any("secretsmanager:PutSecretValue" in detail for detail in told), "the history says what went wrong"
    steer.retry(world.desk(), KEY)
    world.pass_until(State.AWAITING_ADOPTION)
    check_replaced(world)


@contextmanager
def _every_delivery_denied(world: World) -> Iterator[None]:
    """Let every probe through, and deny the write that follows the making of a key: as a policy may forbid just that."""
    call: Callable[..., Answer] = Api._attempt

    def attempt(api: Api, operation: str, parameters: dict[str, object]) -> Answer:
        answer = call(api, operation, parameters)
        if operation == "CreateAccessKey":
            world.sandbox.faults.access_denied(service="secretsmanager", operation="PutSecretValue", times=1)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "_attempt", attempt)
        yield


@QUICK
def test_a_key_that_somebody_else_made_while_iamflow_died_is_never_deleted(world: World) -> None:
    proven(world)
    with death_at(1, before=True):
        _die(world)
    theirs = world.sandbox.owner.create_key(ACCOUNT, "etl")
    ticket = world.pass_until(State.ON_HOLD)
    assert "somebody else made a key" in (ticket.blocked_reason or "")
    world.pass_days(10)
    assert keys_of(world) == {KEY: "Active", theirs: "Active"}
    assert secret(world, stage="IAMFLOW_PROBE") is not None


def _die(world: World) -> None:
    with pytest.raises(Killed):
        world.tick()
    world.app.store.take_over("successor")
    world.engine = world.another_engine(instance="successor")


@QUICK
def test_where_cloudtrail_does_not_tell_who_made_a_key_a_person_decides(world: World) -> None:
    world.sandbox._world.trail.delay = timedelta(days=30)
    proven(world)
    with death_at(2, before=True):
        _die(world)
    (orphan,) = set(keys_of(world)) - {KEY}
    ticket = world.pass_until(State.ON_HOLD)
    assert "CloudTrail does not show who made it" in (ticket.blocked_reason or "")
    assert keys_of(world) == {KEY: "Active", orphan: "Active"}


@QUICK
def test_a_rollback_of_a_ticket_whose_issue_died_withdraws_the_orphan_and_ends(world: World) -> None:
    proven(world)
    with death_at(2, before=True):
        _die(world)
    assert len(keys_of(world)) == 2
    steer.rollback(world.desk(), KEY, text="not now")
    world.pass_until(State.ROLLED_BACK)
    assert keys_of(world) == {KEY: "Active"}
    assert secret(world) is None or "SecretAccessKey" not in (secret(world) or {})
