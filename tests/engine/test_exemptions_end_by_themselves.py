"""An exempt key is left alone until a date; its ticket then begins anew, with a notice and a whole grace period."""

import pytest

from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.states import State
from iamflow.engine import steer
from iamflow.engine.opening import Named, open_by_hand
from tests.engine.situations import notified
from tests.world import ACCOUNT, ALICE, BOB, DAY, KEY, START, World


def test_an_exemption_that_expires_begins_with_a_new_notice_and_a_whole_grace_period(world: World) -> None:
    notified(world)
    world.pass_days(3)
    until = world.clock.now() + 60 * DAY
    steer.exempt(world.desk(ALICE), KEY, until=until, reason="migration in January")
    world.pass_days(59)
    assert world.ticket().state is State.EXEMPT
    assert len(world.mails()) == 1
    ticket = world.pass_until(State.NOTIFIED)
    assert ticket.progress.notified_at is not None
    assert ticket.progress.notified_at >= until
    assert ticket.deadline is not None
    assert ticket.deadline >= until + 7 * DAY
    assert ticket.progress.notice_round == 2
    world.pass_until(State.DEACTIVATED)
    assert world.changes()[0].at >= until + 7 * DAY


def test_what_was_waived_before_an_exemption_is_not_waived_after_it(world: World) -> None:
    world.user()
    world.take_in(world.key())
    steer.reply(world.desk(), KEY, steer.Reply.GO_AHEAD, on_behalf_of="etl team")
    until = world.clock.now() + 10 * DAY
    steer.exempt(world.desk(ALICE), KEY, until=until, reason="they changed their minds")
    world.pass_until(State.NOTIFIED)
    world.pass_days(6)
    assert world.changes() == []
    world.pass_until(State.DEACTIVATED)
    assert world.changes()[0].at >= until + 7 * DAY


def test_a_report_about_an_exempt_key_only_updates_what_is_known(world: World) -> None:
    world.user()
    finding = world.key()
    world.take_in(finding)
    until = START + 60 * DAY
    steer.exempt(world.desk(ALICE), KEY, until=until, reason="migration")
    world.clock.set(START + 5 * DAY)
    taken = world.take_in(finding, as_of=START + 5 * DAY)
    assert (taken.opened, taken.existing) == (0, 1)
    ticket = world.ticket()
    assert ticket.state is State.EXEMPT
    assert ticket.due_at == until
    assert ticket.facts.as_of == START + 5 * DAY


def test_an_exemption_needs_a_future_date_a_reason_and_somebody_else(world: World) -> None:
    world.user()
    world.key()
    open_by_hand(world.desk(ALICE), "disable-key", ACCOUNT, Named(username="etl", key_id=KEY))
    now = world.clock.now()
    with pytest.raises(RefusedError, match="must end in the future"):
        steer.exempt(world.desk(BOB), KEY, until=now, reason="always")
    with pytest.raises(RefusedError, match="needs a reason"):
        steer.exempt(world.desk(BOB), KEY, until=now + DAY, reason="  ")
    with pytest.raises(NotAuthorisedError):
        steer.exempt(world.desk(ALICE), KEY, until=now + DAY, reason="my own")
    assert steer.exempt(world.desk(BOB), KEY, until=now + DAY, reason="agreed").state is State.EXEMPT


def test_a_deactivated_key_cannot_be_exempted_any_more(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    with pytest.raises(RefusedError, match="cannot be moved by 'exempt'"):
        steer.exempt(world.desk(ALICE), KEY, until=world.clock.now() + DAY, reason="too late")
