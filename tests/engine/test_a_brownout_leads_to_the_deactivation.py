"""A brown-out that nothing was denied in leads to the deactivation and on to the deletion, by one plan and one approval."""

from datetime import timedelta

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import Confirmation, State
from iamflow.engine import steer
from tests.engine.browning import ATTACH, HALF_A_DAY, KEYS_ONLY, LIFT, browned_out, check_way_out, policies
from tests.engine.situations import in_use, notified
from tests.world import ACCOUNT, ALICE, DAY, EVERY_REGION, HOUR, KEY, START, World, on_both

LAG = timedelta(minutes=30)
SECOND_KEY = KeyId("AKIAYF5JKDJQSECOND22")


@on_both
@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_a_quiet_brownout_lasts_its_time_is_searched_and_leads_to_the_confirmed_deletion(world: World) -> None:
    began = browned_out(world).progress.brownout
    assert began is not None
    assert began.attached_at is not None
    assert began.attached_at >= START + 7 * DAY
    assert began.ends_at == began.attached_at + 12 * HOUR

    ticket = world.pass_until(State.DEACTIVATED)
    gone = ticket.progress.brownout
    assert gone is not None
    assert gone.lifted_at is not None
    assert gone.lifted_at >= began.ends_at
    assert gone.swept_at is not None
    assert gone.swept_at >= gone.lifted_at + LAG
    assert ticket.progress.deactivated_at is not None
    assert ticket.progress.deactivated_at >= gone.swept_at
    check_way_out(world)

    world.pass_until(State.DELETED)
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    assert world.calls_made() == [ATTACH, LIFT, "UpdateAccessKey Inactive", "DeleteAccessKey"]
    check_way_out(world)


@pytest.mark.parametrize("world", [f"{HALF_A_DAY}\n{EVERY_REGION}"], indirect=True)
def test_every_region_is_asked_after_a_brownout_and_only_for_the_key(world: World) -> None:
    browned_out(world)
    world.pass_days(13 / 24, until=lambda: policies(world) == [])
    before = world.sandbox.calls()
    world.pass_until(State.DEACTIVATED)
    asked = world.sandbox.calls() - before
    looked = {region for account, region, _, operation in asked if operation == "LookupEvents" and account == ACCOUNT}
    assert looked >= set(world.sandbox.settings.regions)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_one_approval_lets_the_brownout_and_the_deactivation_through(world: World) -> None:
    notified(world)
    in_use(world)
    assert world.changes() == []
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.BROWNOUT)
    ticket = world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, LIFT, "UpdateAccessKey Inactive"]
    world.pass_until(State.MONITORING)
    assert not any(approval.used_at is None for approval in world.app.store.case(ticket.id).approvals)
    world.pass_until(State.AWAITING_APPROVAL)
    check_way_out(world)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_a_user_with_two_active_keys_is_browned_out_only_with_an_approval(world: World) -> None:
    world.user()
    world.sandbox.seed.key(ACCOUNT, "etl", SECOND_KEY, created=START - DAY)
    world.take_in(world.key())
    waiting = world.pass_until(State.AWAITING_APPROVAL)
    assert any("1 other Active key" in reason for reason in waiting.progress.waiting_for)
    world.pass_days(5)
    assert world.changes() == []
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.DEACTIVATED)
    assert (world.status(KEY), world.status(SECOND_KEY)) == ("Inactive", "Active")
    check_way_out(world)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_the_owner_is_told_of_the_brownout_before_it_and_when_it_begins(world: World) -> None:
    browned_out(world)
    first = next(mail for mail in world.mails() if "Action needed" in mail)
    assert "a brown-out comes first: for 12 hours" in first
    begun = next(mail for mail in world.mails() if "Brown-out" in mail)
    assert KEY not in begun
    assert "UnauthorizedOperation" in begun


@pytest.mark.parametrize("world", [KEYS_ONLY], indirect=True)
def test_without_the_setting_nothing_of_a_brownout_happens(world: World) -> None:
    notified(world)
    world.pass_until(State.DELETED)
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]
    assert all("rown-out" not in mail for mail in world.mails())
    assert not any(operation == "GetUserPolicy" for *_, operation in world.sandbox.calls())
