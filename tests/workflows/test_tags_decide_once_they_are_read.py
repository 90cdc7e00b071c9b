"""A ticket that the rules would not have opened for a user with these tags waits, tells nobody, and says why."""

from dataclasses import replace

import pytest

from iamflow.domain.decision import Sight
from iamflow.domain.facts import LastUse, UserFacts, UserReading
from iamflow.domain.journal import EventKind
from iamflow.domain.overrides import Override
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import Rules
from iamflow.domain.states import Resolution, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import managed, tagged
from tests.workflows.samples import ALICE, CREATED, DAY, NOW, case, decide, enforcing, reading, situation, ticket

DEV = {"Env": "dev-1"}


def _policy(**override: object) -> Policy:
    of_dev = Override(tags=(("env", "dev*"),), **override)  # type: ignore[arg-type]  # the test's own words
    return enforcing(rules=Rules(overrides=(of_dev,)))


LATER = _policy(max_key_age=500 * DAY)
NEVER = _policy(opens={"key-too-old": None})


def _sight(tags: dict[str, str]) -> Sight:
    return Sight(user=reading(tags=tags))


def test_the_ticket_waits_until_the_key_is_as_old_as_its_users_tags_allow() -> None:
    decision = decide(case(ticket()), _sight(DEV), situation(policy=LATER))
    assert (decision.trigger, decision.effect, decision.notices) == (None, None, ())
    assert decision.due_at == NOW + DAY
    assert decision.ticket.progress.waiting_for == (decision.reason,)
    assert "users tagged env=dev*" in decision.reason
    assert f"from {CREATED + 500 * DAY:%Y-%m-%d} on" in decision.reason


def test_it_goes_on_at_that_very_moment() -> None:
    at = CREATED + 500 * DAY
    just_before = decide(case(ticket()), _sight(DEV), situation(at, LATER))
    assert just_before.notices == ()
    after = decide(case(ticket()), _sight(DEV), situation(at + DAY, LATER))
    assert len(after.notices) == 1


def test_the_word_is_in_the_journal_once() -> None:
    first = decide(case(ticket()), _sight(DEV), situation(policy=LATER))
    assert [event.kind for event in first.events] == [EventKind.RULE]
    assert first.events[0].detail["sentence"] == first.reason
    again = decide(case(first.ticket), _sight(DEV), situation(NOW + DAY, LATER))
    assert again.events == ()


def test_a_rule_that_is_not_applied_to_these_users_lets_the_ticket_wait_for_other_tags() -> None:
    decision = decide(case(ticket()), _sight(DEV), situation(policy=NEVER))
    assert (decision.trigger, decision.notices, decision.due_at) == (None, (), NOW + DAY)
    assert "not applied to users tagged env=dev*" in decision.reason
    assert len(decide(case(ticket()), _sight({"Env": "prod"}), situation(policy=NEVER)).notices) == 1


@pytest.mark.parametrize("state", [State.NOTIFIED, State.AWAITING_APPROVAL])
def test_an_owner_who_was_told_already_is_told_anew_once_its_time_comes(state: State) -> None:
    decision = decide(case(ticket(state)), _sight(DEV), situation(policy=LATER))
    assert (decision.trigger, decision.effect) == (Trigger.RENOTIFY, None)
    assert decision.ticket.deadline is None
    assert decision.ticket.progress.notice_composed_at is None


def test_a_ticket_that_a_person_opened_does_not_wait_for_a_rule() -> None:
    opened = replace(ticket(), requester=ALICE)
    assert len(decide(case(opened), _sight(DEV), situation(policy=LATER)).notices) == 1


def test_a_key_that_no_rule_would_find_whatever_the_tags_ends_its_ticket() -> None:
    young = _policy(max_key_age=500 * DAY)
    older = replace(young, rules=replace(young.rules, max_key_age=450 * DAY))
    decision = decide(case(ticket()), _sight({}), situation(policy=older))
    assert decision.resolution is Resolution.KEY_YOUNG


def test_an_account_that_has_its_own_age_ends_and_opens_by_it() -> None:
    own = enforcing(rules=Rules(overrides=(Override(accounts=("production",), max_key_age=450 * DAY),)))
    assert decide(case(ticket()), _sight({}), situation(policy=own)).resolution is Resolution.KEY_YOUNG


def test_what_was_not_read_spares_nobody() -> None:
    nobody: UserReading = reading(tags={})
    assert len(decide(case(ticket()), Sight(user=nobody), situation(policy=NEVER)).notices) == 1


# --- users ------------------------------------------------------------------------------------------------------------


def _of_user(workflow: str) -> Ticket:
    facts = UserFacts(
        console=True,
        mfa=False,
        password_last_used=NOW - 100 * DAY,
        key_last_used=None,
        created_at=CREATED,
        as_of=NOW,
        source="live",
    )
    return replace(ticket(), workflow=workflow, access_key_id=None, facts=facts)


def _spared(workflow: str, policy: Policy, **says: object) -> str | None:
    of_user = _of_user(workflow)
    usual: dict[str, object] = {"tags": DEV, "created_at": CREATED, "password_last_used": NOW - 100 * DAY}
    read = reading(None, **usual | says)
    decision = tagged.spared(of_user, read, situation(policy=policy), renewed=of_user)
    return decision.reason if decision is not None else None


def test_an_unused_user_waits_until_idle_for_as_long_as_the_tags_allow() -> None:
    longer = _policy(unused_after=200 * DAY)
    assert f"from {NOW + 100 * DAY:%Y-%m-%d} on (rules.overrides: unused_after)" in str(_spared("delete-user", longer))
    assert _spared("delete-user", longer, password_last_used=NOW - 201 * DAY) is None
    assert _spared("delete-user", longer, password_last_used=None, created_at=None) is None
    assert _spared("delete-user", longer, tags={}) is None


def test_a_rule_about_users_can_be_left_out_by_tag() -> None:
    without = _policy(opens={"console-without-mfa": None})
    assert "console-without-mfa is not applied" in str(_spared("enforce-mfa", without))
    assert _spared("enforce-mfa", _policy(max_key_age=500 * DAY)) is None
    assert _spared("root-hygiene", without) is None


def test_a_key_that_is_in_use_is_spared_by_its_own_rule() -> None:
    in_use = Sight(user=reading(tags=DEV, last_use=LastUse(at=NOW - DAY)))
    spared = decide(case(ticket()), in_use, situation(policy=_policy(opens={"key-in-use": None})))
    assert "key-in-use is not applied" in spared.reason
    assert len(decide(case(ticket()), in_use, situation(policy=NEVER)).notices) == 1


def test_without_a_reading_nobody_is_spared_or_flagged() -> None:
    assert tagged.spared(ticket(), None, situation(policy=NEVER), renewed=ticket()) is None
    assert managed.flagged(ticket(), None, situation()) == ticket()
