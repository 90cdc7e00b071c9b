"""A root user is nobody's to change but a person's: iamflow tells, reminds, tells the security team, and sees the end."""

from dataclasses import replace
from datetime import datetime

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.facts import Finding, RootFacts
from iamflow.domain.root import ROOT_USER
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import Ticket
from iamflow.engine import queries, steer
from iamflow.engine.opening import Named, open_by_hand
from iamflow.engine.steer import Reply
from tests.world import ACCOUNT, ALICE, DAY, HOUR, OTHER, START, World


def reported(*, mfa: bool = False, key: bool = True, account: str = ACCOUNT, as_of: datetime = START) -> Finding:
    facts = RootFacts(mfa=mfa, access_key=key, last_login=None, as_of=as_of, source="root-audit:test.csv")
    return Finding(account_id=account, account_name="payments", username=ROOT_USER, facts=facts)  # type: ignore[arg-type]


def a_ticket(world: World, *, mfa: bool = False, key: bool = True) -> str:
    world.sandbox.seed.root(ACCOUNT, mfa=mfa, access_keys=key)
    assert world.take_in(reported(mfa=mfa, key=key)).opened == 1
    return the_ref(world)


def the_ref(world: World) -> str:
    (ticket,) = tickets(world)
    return str(ticket.id)


def tickets(world: World) -> list[Ticket]:
    from iamflow.engine.ports import TicketFilter

    return list(world.app.store.tickets(TicketFilter(workflow="root-hygiene", include_ended=True), limit=10))


def to(world: World, address: str, subject: str) -> list[str]:
    return [mail for mail in world.mails() if f"To: {address}" in mail.replace("\n ", " ") and subject in mail]


def test_a_root_user_that_is_put_right_ends_the_ticket(world: World) -> None:
    ref = a_ticket(world)
    world.pass_until(State.NOTIFIED, ref)
    world.sandbox.seed.root(ACCOUNT)
    ticket = world.pass_until(State.REMEDIATED, ref, days=2)
    assert ticket.resolution is Resolution.ROOT_SECURED
    assert isinstance(ticket.facts, RootFacts)
    assert (ticket.facts.mfa, ticket.facts.access_key, ticket.facts.source) == (True, False, "live")
    assert world.changes() == []


@pytest.mark.parametrize(("mfa", "key"), [(True, True), (False, False)])
def test_one_of_two_faults_is_enough_to_keep_it_open(world: World, mfa: bool, key: bool) -> None:
    ref = a_ticket(world)
    world.sandbox.seed.root(ACCOUNT, mfa=mfa, access_keys=key)
    world.pass_days(3)
    assert world.ticket(ref).state is State.NOTIFIED


def test_the_accounts_contact_is_told_and_reminded_every_week(world: World) -> None:
    a_ticket(world)
    world.pass_days(0.1)
    (mail,) = to(world, "payments@example.com", "Action needed")
    assert "It has no MFA device." in mail
    assert "It has access keys." in mail
    world.pass_days(6.5)
    assert to(world, "payments@example.com", "Reminder") == []
    world.pass_days(1)
    assert len(to(world, "payments@example.com", "Reminder")) == 1
    world.pass_days(30)
    assert len(to(world, "payments@example.com", "Reminder")) == 5


def test_the_security_team_is_told_once_when_nobody_acts(world: World) -> None:
    ref = a_ticket(world)
    world.pass_days(13)
    assert to(world, "payments@example.com, security@example.com", "Escalation") == []
    world.pass_days(30)
    assert len(to(world, "payments@example.com, security@example.com", "Escalation")) == 1
    assert world.ticket(ref).state is State.NOTIFIED


def test_where_no_contact_is_named_the_team_is_told(world: World) -> None:
    world.app.settings.accounts.contacts.clear()
    policy = replace(world.engine.policy, owners=replace(world.engine.policy.owners, contacts={}, default=None))
    ref = a_ticket(world)
    world.tick(replace(world.engine, policy=policy))
    owner = world.ticket(ref).owner
    assert owner is not None
    assert (owner.address, owner.source) == ("security@example.com", "default")


@pytest.mark.parametrize("world", ["mode: observe"], indirect=True)
def test_nobody_is_told_while_iamflow_only_observes(world: World) -> None:
    ref = a_ticket(world)
    world.pass_days(20)
    assert world.ticket(ref).state is State.OPEN
    assert world.mails() == []


@pytest.mark.parametrize("world", ["mode: observe"], indirect=True)
def test_the_end_is_seen_while_iamflow_only_observes(world: World) -> None:
    ref = a_ticket(world)
    world.sandbox.seed.root(ACCOUNT)
    world.pass_until(State.REMEDIATED, ref)


def test_an_account_that_cannot_be_read_is_never_taken_for_secured(world: World) -> None:
    ref = a_ticket(world)
    world.pass_until(State.NOTIFIED, ref)
    world.sandbox.seed.root(ACCOUNT)
    with world.sandbox.faults.access_denied(operation="GetAccountSummary"):
        ticket = world.pass_until(State.BLOCKED, ref, days=3)
    assert "GetAccountSummary" in (ticket.blocked_reason or "")
    world.pass_until(State.REMEDIATED, ref, days=3)


def test_two_rules_about_one_root_user_open_one_ticket(world: World) -> None:
    a_ticket(world)
    assert {stored.rule for stored in world.app.store.findings()} == {"root-without-mfa", "root-with-access-keys"}
    assert world.take_in(reported(as_of=START + HOUR), as_of=START + HOUR).opened == 0


def test_a_newer_report_that_finds_one_fault_gone_keeps_the_other(world: World) -> None:
    ref = a_ticket(world)
    world.clock.set(START + HOUR)
    world.take_in(reported(mfa=True), as_of=START + HOUR)
    assert [stored.rule for stored in world.app.store.findings()] == ["root-with-access-keys"]
    assert world.ticket(ref).facts.holds


def test_a_report_that_finds_nothing_does_not_end_the_ticket_while_aws_says_otherwise(world: World) -> None:
    ref = a_ticket(world)
    world.pass_until(State.NOTIFIED, ref)
    world.clock.set(START + HOUR)
    world.take_in(reported(mfa=True, key=False), as_of=START + HOUR)
    assert not world.ticket(ref).facts.holds
    world.pass_days(2)
    assert world.ticket(ref).state is State.NOTIFIED


def test_a_secure_root_user_opens_nothing(world: World) -> None:
    assert world.take_in(reported(mfa=True, key=False)).findings == 0


def test_a_ticket_is_opened_by_hand_without_a_user(world: World) -> None:
    world.sandbox.seed.root(OTHER, mfa=False)
    ticket = open_by_hand(world.desk(ALICE), "root-hygiene", OTHER, Named())
    assert (ticket.username, ticket.access_key_id) == (ROOT_USER, None)
    world.pass_until(State.NOTIFIED, str(ticket.id))
    with pytest.raises(RefusedError, match="leave --user, --key and --target out"):
        open_by_hand(world.desk(ALICE), "root-hygiene", ACCOUNT, Named(username="etl"))


def test_no_call_about_a_user_ever_carries_the_name_of_the_root_user(world: World) -> None:
    ref = a_ticket(world)
    world.pass_days(20)
    queries.why(world.engine, ref)
    asked = {operation for _, _, service, operation in world.sandbox.calls() if service == "iam"}
    assert asked == {"GetAccountSummary"}


def test_a_hold_stops_the_reminders_and_not_the_look_at_the_account(world: World) -> None:
    ref = a_ticket(world)
    world.pass_until(State.NOTIFIED, ref)
    steer.hold(world.desk(), ref)
    world.pass_days(20)
    assert to(world, "payments@example.com", "Reminder") == []
    world.sandbox.seed.root(ACCOUNT)
    world.pass_until(State.REMEDIATED, ref, days=2)


def test_steering_works_or_says_why_not(world: World) -> None:
    ref = a_ticket(world)
    world.pass_until(State.NOTIFIED, ref)
    for refused in (steer.rollback, steer.approve, steer.reject):
        with pytest.raises(RefusedError):
            refused(world.desk(), ref)
    assert steer.reply(world.desk(), ref, Reply.KEEP, text="a vault").state is State.ON_HOLD
    assert steer.resume(world.desk(), ref, comment="no vault").state is State.NOTIFIED
    assert steer.exempt(world.desk(), ref, until=world.clock.now() + DAY, reason="moving").state is State.EXEMPT
    world.pass_until(State.NOTIFIED, ref, days=3)
    assert steer.cancel(world.desk(), ref).state is State.CANCELLED


def test_why_says_that_only_a_person_can_act(world: World) -> None:
    ref = a_ticket(world)
    world.pass_until(State.NOTIFIED, ref)
    answer = queries.why(world.engine, ref)
    assert answer.next_effect is None
    assert answer.unread is None
    assert "only a person can act" in answer.next_step
