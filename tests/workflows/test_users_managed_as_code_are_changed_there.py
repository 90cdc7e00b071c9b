"""A user whom CloudFormation or Terraform manages is flagged, only told, or passed over, as ``protect.managed`` says."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Managed, Policy, Protection
from iamflow.domain.states import State, Trigger
from tests.workflows.samples import ACCEPTED, DAY, NOW, TOLD, case, decide, enforcing, reading, situation, ticket

STACK = {"aws:cloudformation:stack-name": "payments-users"}
SIGHT = Sight(user=reading(tags=STACK))
NAME = "CloudFormation stack payments-users"
TOLD_AS_MANAGED = replace(TOLD, managed=NAME, told_as_managed=True, promised_at=None)


def _policy(how: Managed) -> Policy:
    return enforcing(protection=Protection(managed=how, managed_tags=(("terraform", "*"),)))


def test_by_default_the_ticket_goes_its_way_and_its_notice_says_what_manages_the_user() -> None:
    decision = decide(case(ticket()), SIGHT, situation(policy=_policy(Managed.TICKET)))
    (notice,) = decision.notices
    assert notice.kind is NoticeKind.KEY_DEACTIVATION
    assert notice.context["managed"] == decision.ticket.progress.managed == NAME


def test_other_tools_are_known_by_the_tags_that_the_settings_name() -> None:
    sight = Sight(user=reading(tags={"Terraform": "true"}))
    decision = decide(case(ticket()), sight, situation(policy=_policy(Managed.TICKET)))
    assert decision.ticket.progress.managed == "infrastructure as code (tag terraform=true)"


def test_the_flag_goes_with_the_tag() -> None:
    flagged = ticket(progress=replace(ticket().progress, managed=NAME))
    decision = decide(case(flagged), Sight(user=reading()), situation(policy=_policy(Managed.TICKET)))
    assert decision.ticket.progress.managed is None


def test_a_user_who_is_to_be_passed_over_is_blocked_as_a_protected_one_is() -> None:
    decision = decide(case(ticket()), SIGHT, situation(policy=_policy(Managed.SKIP)))
    assert (decision.trigger, decision.ticket.blocked_code) == (Trigger.BLOCK, "managed")
    assert decision.ticket.blocked_reason == f"managed by {NAME} (protect.managed: skip): change it there"
    assert decision.effect is None


def test_an_owner_who_is_only_told_gets_a_notice_without_a_date() -> None:
    decision = decide(case(ticket()), SIGHT, situation(policy=_policy(Managed.NOTICE)))
    (notice,) = decision.notices
    assert (notice.kind, notice.grace_seconds) == (NoticeKind.MANAGED, None)
    assert decision.ticket.progress.told_as_managed


def test_the_ticket_then_waits_without_a_deadline_a_reminder_or_a_step() -> None:
    policy = _policy(Managed.NOTICE)
    composed = decide(case(ticket()), SIGHT, situation(policy=policy)).ticket
    accepted = case(composed, notice=replace(ACCEPTED, promised_at=None))
    moved = decide(accepted, SIGHT, situation(policy=policy))
    assert (moved.trigger, moved.ticket.deadline) == (Trigger.NOTIFY, None)
    told = ticket(State.NOTIFIED, TOLD_AS_MANAGED, deadline=None)
    for days in (0, 30, 400):
        waiting = decide(case(told), SIGHT, situation(NOW + days * DAY, policy))
        assert (waiting.trigger, waiting.effect, waiting.notices) == (None, None, ())
        assert waiting.due_at == NOW + (days + 1) * DAY


@pytest.mark.parametrize(
    ("sight", "how"), [(Sight(user=reading()), Managed.NOTICE), (SIGHT, Managed.TICKET)], ids=["untagged", "setting"]
)
def test_who_was_told_that_nothing_happens_is_told_anew_before_anything_does(sight: Sight, how: Managed) -> None:
    told = ticket(State.NOTIFIED, TOLD_AS_MANAGED, deadline=None)
    decision = decide(case(told), sight, situation(policy=_policy(how)))
    assert (decision.trigger, decision.effect) == (Trigger.RENOTIFY, None)
    assert decision.ticket.progress.notice_composed_at is None


@pytest.mark.parametrize("state", [State.NOTIFIED, State.AWAITING_APPROVAL])
def test_who_was_told_of_a_deactivation_is_told_that_it_does_not_come(state: State) -> None:
    decision = decide(case(ticket(state)), SIGHT, situation(policy=_policy(Managed.NOTICE)))
    assert (decision.trigger, decision.effect) == (Trigger.RENOTIFY, None)


def test_a_key_that_was_put_right_where_it_is_managed_ends_the_ticket() -> None:
    told = ticket(State.NOTIFIED, TOLD_AS_MANAGED, deadline=None)
    gone = Sight(user=reading(None, tags=STACK))
    decision = decide(case(told), gone, situation(policy=_policy(Managed.NOTICE)))
    assert decision.trigger is Trigger.RESOLVE


def test_a_deactivation_that_was_due_is_proposed_as_ever_by_default() -> None:
    decision = decide(case(ticket(State.NOTIFIED)), SIGHT, situation(policy=_policy(Managed.TICKET)))
    assert decision.effect is not None
    assert decision.effect.kind is EffectKind.DEACTIVATE_KEY
