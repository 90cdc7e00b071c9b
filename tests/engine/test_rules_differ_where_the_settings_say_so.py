"""A report opens tickets by the rules of each account; a user's tags decide once AWS was read, and until then nobody is told."""

from dataclasses import replace

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.engine.queries import reasons_in_words, why
from tests.world import DAY, KEY, OTHER, START, World

OTHER_KEY = KeyId("AKIAYF5JKDJQSECOND22")

BY_ACCOUNT = """
rules:
  open: {console-without-mfa: none, user-unused: none}
  overrides: [{accounts: ["328251269083"], max_key_age: 30d}]
"""
BY_TAG = """
rules:
  open: {console-without-mfa: none, user-unused: none}
  overrides: [{tags: {env: "dev*"}, max_key_age: 310d}]
"""


@pytest.mark.parametrize("world", [BY_ACCOUNT], indirect=True)
def test_a_key_is_too_old_by_the_rules_of_its_account(world: World) -> None:
    world.user()
    world.user(account=OTHER)
    here, there = world.key(age=40 * DAY), world.key(OTHER_KEY, account=OTHER, age=40 * DAY)
    taken = world.take_in(here, replace(there, account_name="development"))
    assert (taken.findings, taken.opened) == (1, 1)
    world.pass_until(State.NOTIFIED, OTHER_KEY)
    assert [stored.finding.key_id for stored in world.app.store.findings()] == [OTHER_KEY]


@pytest.mark.parametrize("world", [BY_TAG], indirect=True)
def test_tags_that_spare_a_user_make_the_ticket_wait_until_its_own_date(world: World) -> None:
    world.user(tags={"Env": "development"})
    assert world.take_in(world.key(age=300 * DAY)).opened == 1
    world.pass_days(9)
    ticket = world.ticket()
    assert (ticket.state, world.mails()) == (State.OPEN, [])
    assert "users tagged env=dev*" in ticket.progress.waiting_for[0]
    kinds = [event.kind for event in world.app.store.history(ticket.id)]
    assert kinds == ["opened", "rule"]
    answer = why(world.engine, KEY)
    assert "users tagged env=dev*" in reasons_in_words(answer)[0]
    assert answer.expected_end is None
    told = world.pass_until(State.NOTIFIED, days=5)
    assert told.progress.notified_at is not None
    assert told.progress.notified_at >= START + 10 * DAY
    assert told.progress.waiting_for == ()
