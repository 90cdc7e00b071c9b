"""What only a report older than ``rules.max_fact_age`` says is told to nobody before a live reading of AWS has confirmed it."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Case, Sight
from iamflow.domain.notice import NoticeState
from iamflow.domain.states import State
from iamflow.engine.queries import awaits_confirmation, coming
from iamflow.workflows.disable_key.before import COURSE
from iamflow.workflows.shared import course
from tests.world import ACCOUNT, DAY, START, World

STALE = START - 30 * DAY


def test_nothing_is_told_while_aws_cannot_be_read(world: World) -> None:
    world.user()
    world.take_in(world.key(), as_of=STALE)
    world.sandbox.seed.role_trust(ACCOUNT, allowed=False)
    world.tick()
    ticket = world.ticket()
    assert ticket.state in {State.OPEN, State.BLOCKED}
    assert ticket.progress.notice_composed_at is None
    assert all("To: security@example.com" in mail for mail in world.mails()), "nobody but who can put it right"


def test_a_live_reading_confirms_it_and_the_ticket_goes_on(world: World) -> None:
    world.user()
    world.take_in(world.key(), as_of=STALE)
    assert awaits_confirmation(world.ticket(), world.engine.policy, START)
    assert world.pass_until(State.NOTIFIED).facts.source == "live"


def test_a_look_that_learned_nothing_tells_nobody(world: World) -> None:
    world.user()
    world.take_in(world.key(), as_of=STALE)
    case = world.app.store.case(world.ticket().id)
    case = replace(case, enforced_since=START, notice=replace(case.notice, state=NoticeState.NONE))
    blind = replace(COURSE, ended=lambda *_: None, learn=lambda ticket, *_: ticket, forbidden=lambda *_: None)
    decision = course.decide(blind, case, Sight(), world.engine.situation())
    assert (decision.trigger, decision.notices) == (None, ())
    assert "AWS has not confirmed it yet" in decision.reason
    confirmed = replace(case.ticket, facts=replace(case.ticket.key_facts, as_of=START))
    assert course.decide(blind, _of(case, confirmed), Sight(), world.engine.situation()).notices


def _of(case: Case, ticket: object) -> Case:
    return replace(case, ticket=ticket)  # type: ignore[arg-type]  # the case's own ticket, changed


@pytest.mark.parametrize("world", ["mode: observe"], indirect=True)
def test_in_observe_the_ticket_shows_that_it_waits(world: World) -> None:
    world.user()
    world.take_in(world.key(), as_of=STALE)
    policy = world.engine.policy
    assert coming(world.ticket(), policy, START) == "a live reading of AWS, to confirm what the report says"
    world.tick()
    assert not awaits_confirmation(world.ticket(), policy, START)
    assert world.ticket().state is State.OPEN
