"""The way of a user without MFA: told, waited for, denied, reminded, and free again as soon as a device is seen."""

import pytest

from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.engine import steer
from tests.engine.browning import iam
from tests.engine.requiring import (
    ATTACH,
    CREATE,
    DELETE,
    DETACH,
    MANAGED,
    NAME,
    PUT,
    a_ticket,
    a_user,
    check_way_out,
    enforced,
    enrol,
    notified,
    required_of,
)
from tests.world import ACCOUNT, DAY, World, on_both

both_ways = pytest.mark.parametrize("world", ["", MANAGED], ids=["inline", "managed"], indirect=True)


@on_both
def test_the_policy_comes_after_the_promised_date_and_goes_once_a_device_is_seen(world: World) -> None:
    ref = enforced(world)
    promised = world.ticket(ref).progress.promised_at
    assert promised is not None
    assert world.changes()[0].at >= promised
    assert enrol(world).ok

    ticket = world.pass_until(State.REMEDIATED, ref)

    assert ticket.resolution is Resolution.MFA_ENABLED
    assert world.calls_made() == [PUT, DELETE]
    world.pass_days(1)
    assert check_way_out(world, ref).confirmation is Confirmation.CONFIRMED


@pytest.mark.parametrize("world", [MANAGED], indirect=True)
def test_one_managed_policy_serves_every_user_of_the_account(world: World) -> None:
    a_user(world, "omar")
    other = str(a_ticket(world, "omar").id)
    ref = enforced(world)
    world.pass_until(State.ENFORCED, other)
    assert sorted(world.calls_made()) == [ATTACH, ATTACH, CREATE]
    assert enrol(world).ok
    assert enrol(world, "omar").ok

    world.pass_until(State.REMEDIATED, ref)
    world.pass_until(State.REMEDIATED, other)

    assert world.calls_made()[3:] == [DETACH, DETACH]
    world.pass_days(1)
    assert check_way_out(world, ref).confirmation is Confirmation.CONFIRMED
    assert world.ticket(other).confirmation is Confirmation.CONFIRMED


@both_ways
def test_under_the_policy_a_user_can_enrol_a_device_and_nothing_else(world: World) -> None:
    ref = enforced(world)
    console = world.sandbox.console
    assert console.sign_in(ACCOUNT, NAME).ok
    assert console.call(ACCOUNT, NAME).error == "AccessDenied"
    assert console.enrol_mfa(ACCOUNT, NAME).ok
    assert console.call(ACCOUNT, NAME).error == "AccessDenied", "a session that was opened before does not count"

    assert console.sign_in(ACCOUNT, NAME).ok
    assert console.call(ACCOUNT, NAME).ok

    world.pass_until(State.REMEDIATED, ref)


def test_a_device_that_is_enrolled_in_time_ends_the_ticket_without_any_change(world: World) -> None:
    ref = notified(world)
    assert enrol(world).ok

    ticket = world.pass_until(State.RESOLVED, ref)

    assert ticket.resolution is Resolution.MFA_ENABLED
    assert world.changes() == []


def test_a_password_that_is_taken_away_in_time_ends_the_ticket_without_any_change(world: World) -> None:
    ref = notified(world)
    iam(world).delete_login_profile(UserName=NAME)

    assert world.pass_until(State.RESOLVED, ref).resolution is Resolution.NO_CONSOLE
    assert world.changes() == []


@both_ways
def test_a_password_that_is_taken_away_later_ends_the_policy_first(world: World) -> None:
    ref = enforced(world)
    iam(world).delete_login_profile(UserName=NAME)

    assert world.pass_until(State.RESOLVED, ref).resolution is Resolution.NO_CONSOLE
    check_way_out(world, ref)
    assert world.calls_made()[-1] in {DELETE, DETACH}


def test_a_user_who_goes_in_the_grace_period_ends_the_ticket(world: World) -> None:
    ref = notified(world, enrols=False)
    iam(world).delete_login_profile(UserName=NAME)
    iam(world).delete_user(UserName=NAME)

    assert world.pass_until(State.RESOLVED, ref).resolution is Resolution.USER_GONE
    assert world.changes() == []


def test_a_user_who_goes_takes_the_policy_along(world: World) -> None:
    ref = enforced(world)
    world.sandbox.owner.recreate_user(ACCOUNT, NAME)

    ticket = world.pass_until(State.RESOLVED, ref)

    assert ticket.resolution is Resolution.USER_GONE
    assert ticket.confirmation is None
    assert world.calls_made() == [PUT]
    check_way_out(world, ref)


@pytest.mark.parametrize("came", [0, 3])
def test_a_device_that_is_enrolled_while_the_ticket_is_on_hold_ends_it_all_the_same(world: World, came: int) -> None:
    ref = enforced(world)
    steer.hold(world.desk(), ref)
    world.pass_days(came)
    assert required_of(world) == 1
    assert enrol(world).ok

    world.pass_until(State.REMEDIATED, ref)

    check_way_out(world, ref)


def test_each_week_under_the_policy_the_owner_is_reminded_once(world: World) -> None:
    ref = enforced(world)
    before = _reminders(world)
    world.pass_days(6.9)
    assert _reminders(world) == before
    world.pass_days(0.2)
    assert _reminders(world) == before + 1
    world.pass_days(14)
    assert _reminders(world) == before + 3
    assert world.ticket(ref).progress.reminders[-3:] == ("week-1", "week-2", "week-3")


def test_a_daemon_that_was_away_for_weeks_sends_only_the_newest_reminder(world: World) -> None:
    ref = enforced(world)
    before = _reminders(world)
    world.clock.advance(22 * DAY)
    world.pass_days(0.5)
    assert _reminders(world) == before + 1
    assert world.ticket(ref).progress.reminders[-1] == "week-3"


def test_in_the_grace_period_reminders_go_out_as_for_every_ticket(world: World) -> None:
    ref = enforced(world)
    assert world.ticket(ref).progress.reminders == ("half-way", "last-day")
    mails = world.mails()
    assert len([mail for mail in mails if "Action needed: enable MFA" in mail]) == 1
    assert len([mail for mail in mails if "Reminder: enable MFA" in mail]) == 2
    assert len([mail for mail in mails if "MFA required" in mail]) == 1


def _reminders(world: World) -> int:
    return sum("Subject: Reminder" in mail for mail in world.mails())


@pytest.mark.parametrize("world", [MANAGED], indirect=True)
def test_two_tickets_that_make_the_managed_policy_at_the_same_moment_do_not_block_each_other(world: World) -> None:
    a_user(world)
    a_user(world, "omar")
    refs = [str(a_ticket(world).id), str(a_ticket(world, "omar").id)]
    world.pass_until(State.NOTIFIED, refs[0])
    world.pass_until(State.NOTIFIED, refs[1])
    deadline = max(world.ticket(ref).deadline or world.clock.now() for ref in refs)
    world.clock.set(deadline)
    world.tick()
    made = [entry for entry in world.app.store.intents() if entry.intent.effect.kind is EffectKind.CREATE_MFA_POLICY]
    outcomes = [entry.outcome.kind for entry in made if entry.outcome]
    assert len(outcomes) == 2
    assert outcomes.count(OutcomeKind.DONE) == 1, "whichever of them came first"

    for ref in refs:
        world.pass_until(State.ENFORCED, ref, days=1)

    assert sorted(world.calls_made()) == [ATTACH, ATTACH, CREATE]
