"""A guardrail is attached to a target of the organisation, watched, and kept or taken away as people decide."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.engine import steer
from iamflow.engine.steer import Reply
from tests.engine.guarding import (
    ATTACH,
    CAROL,
    CREATE,
    DELETE,
    DETACH,
    USER_KEY,
    a_key,
    a_role,
    a_safe_user,
    a_ticket,
    a_unit,
    approve,
    attached,
    awaiting,
    check_gone,
    check_journal,
    home,
    on,
    organizations,
    policies,
    watched,
)
from tests.world import ACCOUNT, ALICE, BOB, OTHER, World


def operations(world: World) -> list[str]:
    return [change.operation for change in world.changes()]


def test_a_guardrail_is_attached_watched_and_kept(world: World) -> None:
    ref = watched(world)
    steer.reply(world.desk(BOB), ref, Reply.KEEP, text="agreed with all teams")
    ticket = world.pass_until(State.REMEDIATED, ref)
    assert ticket.resolution is Resolution.KEPT
    assert operations(world) == [CREATE, ATTACH]
    world.pass_days(2)
    assert world.ticket(ref).confirmation is Confirmation.CONFIRMED
    assert on(world, ACCOUNT) == [f"iamflow-mfa-guardrail-{ref}"]
    check_journal(world)


def test_a_guardrail_is_detached_and_deleted_when_that_is_asked_for(world: World) -> None:
    ref = watched(world)
    steer.rollback(world.desk(BOB), ref, text="the build farm stands still")
    ticket = world.pass_until(State.ROLLED_BACK, ref, days=1)
    assert ticket.resolution is Resolution.ROLLED_BACK
    assert operations(world) == [CREATE, ATTACH, DETACH, DELETE]
    world.pass_days(2)
    assert check_gone(world, ref).confirmation is Confirmation.CONFIRMED
    assert not world.ticket(ref).is_denied


def test_a_guardrail_on_a_unit_reaches_every_account_under_it(world: World) -> None:
    unit = a_unit(world, ACCOUNT, OTHER)
    ref = attached(world, unit)
    guardrail = world.ticket(ref).progress.guardrail
    assert guardrail is not None
    assert guardrail.preview is not None
    assert {one.account_id for one in guardrail.preview.accounts} == {ACCOUNT, OTHER}
    assert on(world, unit) == [f"iamflow-mfa-guardrail-{ref}"]


def test_what_it_says_is_what_it_does(world: World) -> None:
    a_key(world)
    world.user("carlos", password=True)
    a_role(world)
    ref = awaiting(world)
    approve(world, ref, accept_damage=True, comment="told all of them")
    world.pass_until(State.MONITORING, ref, days=1)
    assert world.sandbox.use_key(USER_KEY).error == "AccessDenied"
    console = world.sandbox.console
    assert console.sign_in(ACCOUNT, "carlos").ok
    assert not console.call(ACCOUNT, "carlos").ok
    assert console.enrol_mfa(ACCOUNT, "carlos").ok
    assert world.sandbox.use_role(ACCOUNT, "app").ok


def test_nothing_is_done_with_fewer_approvals_than_the_settings_ask_for(world: World) -> None:
    a_safe_user(world)
    ref = awaiting(world)
    steer.approve(world.desk(BOB), ref)
    world.pass_days(3)
    assert world.ticket(ref).state is State.AWAITING_APPROVAL
    assert policies(world) == []
    with pytest.raises(NotAuthorisedError):
        steer.approve(world.desk(BOB), ref)
    with pytest.raises(NotAuthorisedError):
        steer.approve(world.desk(ALICE), ref)
    steer.approve(world.desk(CAROL), ref)
    world.pass_until(State.ATTACHED, ref, days=1)


def test_a_rejection_ends_it_before_anything_was_done(world: World) -> None:
    a_safe_user(world)
    ref = awaiting(world)
    assert steer.reject(world.desk(BOB), ref).state is State.CANCELLED
    assert world.changes() == []


def test_it_cannot_be_kept_before_it_was_watched_to_the_end(world: World) -> None:
    ref = attached(world)
    with pytest.raises(RefusedError, match="only a guardrail that is monitored"):
        steer.reply(world.desk(BOB), ref, Reply.KEEP)
    world.pass_until(State.MONITORING, ref, days=1)
    world.pass_days(1)
    with pytest.raises(RefusedError, match="is watched until"):
        steer.reply(world.desk(BOB), ref, Reply.KEEP)


def test_whoever_asked_for_it_cannot_decide_to_keep_it(world: World) -> None:
    ref = watched(world)
    with pytest.raises(NotAuthorisedError):
        steer.reply(world.desk(ALICE), ref, Reply.KEEP)


def test_nobody_deciding_leaves_it_attached_and_open(world: World) -> None:
    ref = watched(world)
    world.pass_days(20)
    assert world.ticket(ref).state is State.MONITORING
    assert operations(world) == [CREATE, ATTACH]


def test_what_it_denies_is_told(world: World) -> None:
    a_key(world, idle=200)
    ref = attached(world)
    world.pass_until(State.MONITORING, ref, days=1)
    assert world.sandbox.use_key(USER_KEY).error == "AccessDenied"
    world.pass_days(1)
    (signal,) = world.ticket(ref).progress.signals
    assert signal.event is not None
    assert (signal.event.username, signal.event.access_key_id) == ("etl", USER_KEY)
    (mail,) = [mail for mail in world.mails() if "the guardrail denies calls" in mail]
    assert "was denied to etl" in mail
    assert world.ticket(ref).state is State.MONITORING


def test_the_last_search_comes_after_the_window_and_the_delivery_lag(world: World) -> None:
    ref = watched(world)
    ticket = world.ticket(ref)
    watch, ends = ticket.progress.guardrail and ticket.progress.guardrail.watch, ticket.progress.window_ends_at
    assert watch is not None
    assert watch.searched_at is not None
    assert ends is not None
    assert watch.searched_at >= ends + world.engine.policy.org_mfa_guardrail.delivery_lag


def test_a_region_that_cannot_be_read_is_never_taken_for_quiet(world: World) -> None:
    ref = attached(world)
    world.pass_until(State.MONITORING, ref, days=1)
    with world.sandbox.faults.throttle(operation="LookupEvents"):
        world.pass_days(3)
        watch = world.ticket(ref).progress.guardrail
        assert watch is not None
        with pytest.raises((RefusedError, NotAuthorisedError)):
            steer.reply(world.desk(BOB), ref, Reply.KEEP)


def test_a_rollback_goes_through_a_freeze_and_under_observe(world: World) -> None:
    ref = watched(world)
    world.app.store.set_freeze(on=True, reason="a test", by="bob", at=world.clock.now())
    steer.rollback(world.desk(BOB), ref)
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    check_gone(world, ref)


def test_a_freeze_stops_it_before_it_is_made(world: World) -> None:
    a_safe_user(world)
    ref = awaiting(world)
    world.app.store.set_freeze(on=True, reason="a test", by="bob", at=world.clock.now())
    approve(world, ref)
    world.pass_days(1)
    assert world.ticket(ref).state is State.AWAITING_APPROVAL
    assert policies(world) == []


@pytest.mark.parametrize("world", ["mode: observe"], indirect=True)
def test_while_iamflow_only_observes_the_preview_is_made_and_nothing_else(world: World) -> None:
    a_key(world)
    ref = a_ticket(world)
    world.pass_days(3)
    ticket = world.ticket(ref)
    assert ticket.state is State.OPEN
    assert ticket.progress.guardrail is not None
    assert ticket.progress.guardrail.preview is not None
    assert any("etl" in sentence for sentence in ticket.progress.guardrail.preview.damage)
    assert world.changes() == []


def test_a_hold_keeps_an_attached_policy_and_a_rollback_goes_through_it(world: World) -> None:
    ref = watched(world)
    steer.hold(world.desk(BOB), ref)
    world.pass_days(3)
    assert on(world, ACCOUNT) != []
    steer.rollback(world.desk(BOB), ref)
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    check_gone(world, ref)


def test_a_policy_that_somebody_else_deleted_ends_the_ticket(world: World) -> None:
    ref = watched(world)
    policy = world.ticket(ref).progress.guardrail
    assert policy is not None
    assert policy.policy is not None
    api = organizations(world)
    api.detach_policy(PolicyId=policy.policy.policy_id, TargetId=ACCOUNT)
    api.delete_policy(PolicyId=policy.policy.policy_id)
    ticket = world.pass_until(State.RESOLVED, ref, days=2)
    assert ticket.resolution is Resolution.POLICY_REMOVED


def test_a_policy_that_somebody_else_detached_is_deleted(world: World) -> None:
    ref = watched(world)
    policy = world.ticket(ref).progress.guardrail
    assert policy is not None
    assert policy.policy is not None
    organizations(world).detach_policy(PolicyId=policy.policy.policy_id, TargetId=ACCOUNT)
    ticket = world.pass_until(State.RESOLVED, ref, days=2)
    assert ticket.resolution is Resolution.POLICY_REMOVED
    check_gone(world, ref)


def test_every_call_of_it_is_made_in_the_management_account(world: World) -> None:
    ref = watched(world)
    steer.rollback(world.desk(BOB), ref)
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    assert {change.account_id for change in world.changes()} == {home(world)}


def test_the_effects_are_those_that_it_declares(world: World) -> None:
    ref = watched(world)
    steer.rollback(world.desk(BOB), ref)
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    assert [entry.intent.effect.kind for entry in world.app.store.intents()] == [
        EffectKind.CREATE_SCP,
        EffectKind.ATTACH_SCP,
        EffectKind.DETACH_SCP,
        EffectKind.DELETE_SCP,
    ]
