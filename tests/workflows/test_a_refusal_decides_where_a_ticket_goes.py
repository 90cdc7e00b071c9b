"""What becomes of a proposal that the guards refuse: blocked, an approval asked for, or a wait until the latest date named."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.decision import Decision
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Refusal, Remedy
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import NoticeKind
from iamflow.domain.states import State, Trigger
from iamflow.domain.ticket import Progress, Ticket
from iamflow.workflows.disable_key import WORKFLOW, brownout
from tests.workflows.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    WATCHED,
    case,
    effect,
    situation,
    ticket,
)

EVENT = NewEvent(kind=EventKind.BASELINE, actor="daemon", at=NOW)
WAIT = Refusal(code="frozen", sentence="everything is frozen", remedy=Remedy.WAIT)
APPROVE = Refusal(code="recently_used", sentence="used recently", remedy=Remedy.APPROVE)
BLOCK = Refusal(code="protected", sentence="protected by tag", remedy=Remedy.BLOCK)


def refused(of: Ticket, *refusals: Refusal, kind: EffectKind = EffectKind.DEACTIVATE_KEY) -> Decision:
    proposal = Decision(ticket=of, due_at=NOW, trigger=Trigger.DEACTIVATE, effect=effect(kind), events=(EVENT,))
    decision = WORKFLOW.refused(case(of), proposal, refusals, situation())
    assert decision.effect is None
    assert decision.events == (EVENT,)
    return decision


def until(date: timedelta) -> Refusal:
    return replace(WAIT, code="in_grace", sentence="the grace period runs", until=NOW + date)


@pytest.mark.parametrize(("waits", "pause"), [(0, 20), (1, 40), (4, 320), (7, 2560), (8, 3600), (5_000, 3600)])
def test_what_is_refused_again_and_again_is_looked_at_less_and_less_and_once_an_hour_at_least(
    waits: int, pause: int
) -> None:
    assert refused(ticket(State.NOTIFIED, Progress(waits=waits)), WAIT).due_at == NOW + pause * SECOND


def test_an_undoing_that_is_refused_is_tried_every_few_minutes_however_often_it_was() -> None:
    of = ticket(State.MONITORING, replace(WATCHED, waits=5_000))
    assert refused(of, WAIT, kind=EffectKind.REACTIVATE_KEY).due_at == NOW + 320 * SECOND


def test_one_blocking_reason_blocks_and_all_reasons_are_told() -> None:
    decision = refused(ticket(State.NOTIFIED), WAIT, APPROVE, BLOCK)
    assert decision.trigger is Trigger.BLOCK
    assert decision.ticket.blocked_code == "protected"
    assert decision.ticket.blocked_reason == "everything is frozen; used recently; protected by tag"


def test_a_reason_that_a_person_can_lift_asks_for_the_approval_and_says_why() -> None:
    decision = refused(ticket(State.NOTIFIED), WAIT, APPROVE)
    assert decision.trigger is Trigger.REQUIRE_APPROVAL
    assert decision.due_at == NOW + DAY
    (told,) = decision.notices
    assert told.kind is NoticeKind.APPROVAL_NEEDED
    assert told.context["reasons"] == ["everything is frozen", "used recently"]
    assert "deactivation" in str(told.context["headline"])


def test_an_approval_that_is_waited_for_already_is_not_asked_for_again() -> None:
    decision = refused(ticket(State.AWAITING_APPROVAL), APPROVE)
    assert (decision.trigger, decision.notices) == (None, ())
    assert decision.ticket.progress.waiting_for == ("used recently",)


def test_a_deactivated_key_whose_deletion_needs_an_approval_is_still_polled() -> None:
    decision = refused(ticket(State.MONITORING), APPROVE, kind=EffectKind.DELETE_KEY)
    assert decision.trigger is Trigger.REQUIRE_APPROVAL
    assert decision.due_at == NOW + 30 * MINUTE
    assert "deletion" in str(decision.notices[0].context["headline"])


def test_a_wait_lasts_until_the_latest_date_that_a_reason_names() -> None:
    decision = refused(ticket(State.NOTIFIED), until(HOUR), until(3 * DAY), until(-HOUR))
    assert (decision.trigger, decision.due_at) == (None, NOW + 3 * DAY)
    assert len(decision.ticket.progress.waiting_for) == 3


def test_a_wait_without_a_date_is_looked_at_again_soon() -> None:
    assert refused(ticket(State.NOTIFIED), WAIT).due_at == NOW + 20 * SECOND


def test_a_wait_never_keeps_a_deactivated_key_from_being_watched() -> None:
    decision = refused(ticket(State.MONITORING, WATCHED), until(3 * DAY))
    assert decision.due_at == NOW + 30 * MINUTE


@pytest.mark.parametrize("reason", [WAIT, APPROVE, BLOCK])
def test_a_brownout_that_was_refused_has_not_begun(reason: Refusal) -> None:
    before = ticket(State.NOTIFIED)
    proposal = brownout.begin(before, situation())
    assert proposal.ticket.is_denied
    decision = WORKFLOW.refused(case(before), proposal, (reason,), situation())
    assert not decision.ticket.is_denied
    assert decision.effect is None


def test_an_approval_is_asked_for_the_brownout_together_with_the_deactivation() -> None:
    decision = refused(ticket(State.NOTIFIED), APPROVE, kind=EffectKind.ATTACH_BROWNOUT)
    headline = str(decision.notices[0].context["headline"])
    assert "brown-out" in headline
    assert "deactivation" in headline
