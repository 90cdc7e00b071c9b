"""Whom a standing exemption covers is left alone until it is over; then the ticket begins with a new notice and a whole grace period."""

from dataclasses import replace

import pytest

from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.exemption import Covered, Exemption
from iamflow.domain.people import Identity
from iamflow.domain.policy import Policy
from iamflow.domain.states import State
from iamflow.engine import exemptions
from iamflow.engine.exemptions import Wish
from iamflow.engine.opening import Named, open_by_hand
from tests.engine.situations import notified
from tests.world import ACCOUNT, ALICE, DAY, KEY, START, World, on_both


def _grant(world: World, days: float = 30, **covers: object) -> Exemption:
    wish = Wish(
        covers=Covered(**covers),  # type: ignore[arg-type]  # the test's own words
        until=world.clock.now() + days * DAY,
        reason="a partner's system",
    )
    return exemptions.add(world.desk(ALICE), wish)


def test_a_finding_is_listed_and_opens_no_ticket(world: World) -> None:
    one = _grant(world, account="562458925665", workflow="disable-key")
    world.user()
    finding = world.key()
    taken = world.take_in(finding)
    assert (taken.findings, taken.opened, taken.exempt) == (1, 0, 1)
    (stored,) = world.app.store.findings()
    found = exemptions.of_finding(stored, [one], world.app.policy, world.clock.now())
    assert (stored.ticket_id, found) == (None, one)
    with pytest.raises(RefusedError, match=f"iamflow exemption end {one.id}"):
        open_by_hand(world.desk(ALICE), "disable-key", ACCOUNT, Named(username="etl", key_id=KEY))
    world.clock.set(START + 31 * DAY)
    assert world.take_in(finding, as_of=START + 31 * DAY).opened == 1


@on_both
def test_an_open_ticket_is_exempt_before_any_notice_and_says_by_whom(world: World) -> None:
    world.user(tags={"Keep": "until spring"})
    world.take_in(world.key())
    one = _grant(world, tag=("keep", "*"))
    world.tick()
    ticket = world.ticket()
    assert (ticket.state, ticket.due_at, world.mails()) == (State.EXEMPT, one.until, [])
    assert ticket.progress.exempt_reason == f"exemption {one.id} by os:alice: a partner's system"
    (moved,) = [event for event in world.app.store.history(ticket.id) if event.to_state == "exempt"]
    assert f"exemption {one.id} (users tagged keep=*)" in moved.detail
    assert world.app.store.verify() == []


def test_it_reopens_by_itself_with_a_new_notice_and_a_whole_grace_period(world: World) -> None:
    notified(world)
    world.pass_days(3)
    one = _grant(world, days=60, username="etl")
    world.pass_days(59)
    assert (world.ticket().state, len(world.mails())) == (State.EXEMPT, 1)
    ticket = world.pass_until(State.NOTIFIED)
    assert ticket.deadline is not None
    assert ticket.deadline >= one.until + 7 * DAY
    assert ticket.progress.exemption is None
    world.pass_until(State.DEACTIVATED)
    assert world.changes()[0].at >= one.until + 7 * DAY


def test_one_that_is_ended_lets_its_tickets_open_at_the_next_look(world: World) -> None:
    world.user()
    world.take_in(world.key())
    one = _grant(world, key_id=KEY)
    world.tick()
    world.clock.set(START + 2 * DAY)
    exemptions.end(world.desk(ALICE), one.id)
    ticket = world.pass_until(State.NOTIFIED, days=1)
    reasons = [event.detail for event in world.app.store.history(ticket.id) if event.from_state == "exempt"]
    assert f"exemption {one.id} was ended" in reasons[0]


def test_a_key_that_was_deactivated_before_is_told_of_and_held_and_watched_on(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    before = len(world.mails())
    one = _grant(world, username="etl")
    ticket = world.pass_until(State.ON_HOLD, days=3)
    assert f"exemption {one.id} (user etl)" in str(ticket.blocked_reason)
    assert f"iamflow ticket rollback {ticket.id}" in str(ticket.blocked_reason)
    world.pass_days(5)
    assert (world.ticket().state, world.calls_made()) == (State.ON_HOLD, ["UpdateAccessKey Inactive"])
    assert len(world.mails()) == before + 1


def test_only_who_may_approve_grants_and_ends_one(world: World) -> None:
    few: Policy = replace(world.app.policy, approvers=frozenset({"alice"}))
    wish = Wish(covers=Covered(username="etl"), until=world.clock.now() + DAY, reason="agreed")
    bob = replace(world.desk(), policy=few)
    with pytest.raises(NotAuthorisedError, match=r"approvers\.groups"):
        exemptions.add(bob, wish)
    one = exemptions.add(replace(world.desk(ALICE), policy=few), wish)
    with pytest.raises(NotAuthorisedError, match=r"approvers\.groups"):
        exemptions.end(bob, one.id)
    with pytest.raises(NotAuthorisedError, match="nobody can be told"):
        exemptions.add(world.desk(Identity()), wish)


@pytest.mark.parametrize(
    ("covers", "days", "reason", "why"),
    [
        ({"username": "etl"}, 0, "agreed", "in the future, and within a year"),
        ({"username": "etl"}, 367, "agreed", "in the future, and within a year"),
        ({"username": "etl"}, 30, "  ", "needs a reason"),
        ({"account": "*"}, 30, "agreed", "would exempt everybody"),
        ({"username": "etl", "workflow": "keep-key"}, 30, "agreed", "no workflow keep-key"),
    ],
)
def test_it_has_a_reason_an_end_and_somebody(
    world: World, covers: dict[str, str], days: int, reason: str, why: str
) -> None:
    wish = Wish(covers=Covered(**covers), until=world.clock.now() + days * DAY, reason=reason)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match=why):
        exemptions.add(world.desk(ALICE), wish)
    assert world.app.store.exemptions() == []
