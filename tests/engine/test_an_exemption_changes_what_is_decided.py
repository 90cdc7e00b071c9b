"""A standing exemption stops what begins and holds what has begun, once; it hinders no giving back, and hides no incident."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.exemption import Covered, Exemption
from iamflow.domain.facts import KeyStatus
from iamflow.domain.ids import ExemptionId
from iamflow.domain.notice import NoticeKind
from iamflow.domain.people import Identity
from iamflow.domain.states import Resolution, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.engine.exemptions import applied
from iamflow.workflows.disable_key import WORKFLOW
from iamflow.workflows.org_mfa_guardrail import WORKFLOW as GUARDRAIL
from iamflow.workflows.workflow import Situation
from tests.workflows.samples import DAY, NOW, SWEPT, TOLD, WATCHED, case, effect, reading, situation, ticket

ONE = Exemption(
    id=ExemptionId(3),
    covers=Covered(username="deploy"),
    until=NOW + 30 * DAY,
    reason="agreed",
    by=Identity(os="alice"),
    at=NOW,
)
SIGHT = Sight(user=reading())


def _situation(*exemptions: Exemption) -> Situation:
    return replace(situation(), exemptions=exemptions)


def _applied(decision: Decision, of: Case | Ticket, *exemptions: Exemption) -> Decision:
    told = of if isinstance(of, Case) else case(of)
    return applied(decision, told, SIGHT, _situation(*(exemptions or (ONE,))), WORKFLOW)


def _doing(kind: EffectKind, of: Ticket, trigger: Trigger) -> Decision:
    return Decision(ticket=of, due_at=NOW, effect=effect(kind), trigger=trigger)


@pytest.mark.parametrize("state", [State.OPEN, State.NOTIFIED, State.AWAITING_APPROVAL])
def test_nothing_is_begun(state: State) -> None:
    of = ticket(state)
    found = _applied(_doing(EffectKind.DEACTIVATE_KEY, of, Trigger.DEACTIVATE), of)
    assert (found.trigger, found.effect, found.notices, found.due_at) == (Trigger.EXEMPT, None, (), ONE.until)
    assert (found.ticket.progress.exemption, found.ticket.deadline) == (3, None)


@pytest.mark.parametrize("code", ["no_owner", "notice_failed"])
def test_that_nobody_can_be_told_is_of_no_concern(code: str) -> None:
    blocked = Decision(ticket=replace(ticket(), blocked_code=code), due_at=NOW, trigger=Trigger.BLOCK)
    found = _applied(blocked, ticket())
    assert (found.trigger, found.ticket.blocked_code) == (Trigger.EXEMPT, None)


@pytest.mark.parametrize("code", ["protected", "compromised", "user_changed", "managed", "access"])
def test_what_is_not_iamflows_to_touch_is_said_all_the_same(code: str) -> None:
    blocked = Decision(ticket=replace(ticket(), blocked_code=code), due_at=NOW, trigger=Trigger.BLOCK)
    assert _applied(blocked, ticket()) is blocked


def test_a_finding_that_no_longer_holds_ends_its_ticket() -> None:
    ended = Decision(ticket=ticket(), due_at=None, trigger=Trigger.RESOLVE, resolution=Resolution.KEY_GONE)
    assert _applied(ended, ticket()) is ended


def test_a_deletion_that_was_due_is_held_and_told_of_once() -> None:
    of = ticket(State.MONITORING, replace(WATCHED, final_sweep=SWEPT))
    due = _doing(EffectKind.DELETE_KEY, of, Trigger.DELETE)
    found = _applied(due, of)
    assert (found.trigger, found.effect) == (Trigger.HOLD, None)
    assert [notice.kind for notice in found.notices] == [NoticeKind.ATTENTION]
    assert "exemption 3 (user deploy)" in str(found.ticket.blocked_reason)
    assert _applied(due, found.ticket) is due


def test_a_key_that_is_being_given_back_is_given_back() -> None:
    of = ticket(State.MONITORING)
    back = _doing(EffectKind.REACTIVATE_KEY, of, Trigger.ROLL_BACK)
    assert _applied(back, of) is back


def test_a_step_that_takes_nothing_more_goes_on_with_the_word() -> None:
    of = ticket(State.DEACTIVATED)
    found = _applied(Decision(ticket=of, due_at=NOW, trigger=Trigger.WATCH), of)
    assert found.trigger is Trigger.WATCH
    assert found.ticket.progress.exemptions_told == (3,)
    assert [notice.kind for notice in found.notices] == [NoticeKind.ATTENTION]


@pytest.mark.parametrize("state", [State.ON_HOLD, State.BLOCKED, State.EXEMPT, State.DELETED])
def test_what_a_person_has_in_hand_or_is_over_stays_as_it_is(state: State) -> None:
    of = ticket(state, TOLD)
    stays = Decision(ticket=of, due_at=NOW)
    assert _applied(stays, of) is stays


def test_whom_none_covers_is_dealt_with_as_ever() -> None:
    stays = Decision(ticket=ticket(), due_at=NOW)
    other = replace(ONE, covers=Covered(username="another"))
    assert _applied(stays, ticket(), other) is stays
    assert _applied(stays, ticket(), replace(ONE, until=NOW)) is stays
    assert applied(stays, case(ticket()), Sight(), situation(), WORKFLOW) is stays


def test_a_guardrail_is_not_about_the_users_that_it_reaches() -> None:
    stays = Decision(ticket=ticket(), due_at=NOW)
    assert applied(stays, case(ticket()), Sight(), _situation(ONE), GUARDRAIL) is stays


def test_by_tag_it_counts_only_where_the_tags_were_read() -> None:
    by_tag = replace(ONE, covers=Covered(tag=("keep", "*")))
    stays = Decision(ticket=ticket(), due_at=NOW)
    unread = applied(stays, case(ticket()), Sight(), _situation(by_tag), WORKFLOW)
    read = applied(
        stays, case(ticket()), Sight(user=reading(KeyStatus.ACTIVE, tags={"Keep": ""})), _situation(by_tag), WORKFLOW
    )
    assert (unread, read.trigger) == (stays, Trigger.EXEMPT)
