"""The same report opens nothing twice, a newer one informs, an older one says nothing, and absence proves nothing."""

from dataclasses import replace

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.facts import KeyStatus, LastUse
from iamflow.domain.ids import KeyId
from iamflow.domain.states import Resolution, State
from iamflow.engine import intake
from iamflow.engine.opening import Named, open_by_hand
from tests.engine.situations import notified
from tests.world import ACCOUNT, ALICE, DAY, KEY, OTHER, START, Listed, World, finding, on_both

SECOND = KeyId("AKIAYF5JKDJQSECOND22")


def _kinds(world: World) -> list[str]:
    return [entry.kind for entry in world.app.store.history(world.ticket().id)]


@on_both
def test_the_same_report_changes_nothing(world: World) -> None:
    world.user()
    reported = world.key()
    assert world.take_in(reported).opened == 1
    before = world.ticket()
    again = world.take_in(reported)
    assert (again.opened, again.existing, again.findings, again.rows) == (0, 1, 1, 1)
    assert world.ticket() == before


@on_both
def test_a_newer_report_updates_what_is_known(world: World) -> None:
    world.user()
    reported = world.key()
    world.take_in(reported)
    world.clock.set(START + 3 * DAY)
    used = replace(reported, facts=replace(reported.facts, last_use=LastUse(at=START + DAY, service="s3")))
    world.take_in(used, as_of=START + 2 * DAY)
    facts = world.ticket().facts
    assert (facts.as_of, facts.last_use.at) == (START + 2 * DAY, START + DAY)
    assert _kinds(world)[-1] == "facts_updated"


def test_an_older_report_updates_nothing(world: World) -> None:
    world.user()
    reported = world.key()
    world.take_in(reported)
    before = world.ticket()
    inactive = replace(reported, facts=replace(reported.facts, status=KeyStatus.INACTIVE))
    assert world.take_in(inactive, as_of=START - DAY).existing == 0
    assert world.ticket() == before


@on_both
def test_a_newer_report_that_does_not_know_a_use_keeps_the_older_ones(world: World) -> None:
    world.user()
    reported = world.key()
    world.take_in(reported)
    world.clock.set(START + 3 * DAY)
    silent = replace(reported, facts=replace(reported.facts, last_use=LastUse(), source="iam-audit:newer.csv"))
    world.take_in(silent, as_of=START + 2 * DAY)
    facts = world.ticket().key_facts
    assert (facts.last_use.at, facts.source) == (START - 200 * DAY, "iam-audit:newer.csv")
    (kept,) = facts.kept
    assert (kept.field, kept.source, kept.as_of) == ("last_use", "iam-audit:test.csv", START)
    assert '"kept":[{"as_of":' in world.app.store.history(world.ticket().id)[-1].detail


def test_an_older_report_fills_what_nobody_has_told_and_moves_nothing_else(world: World) -> None:
    world.user()
    reported = world.key()
    unknown = replace(reported, facts=replace(reported.facts, last_use=LastUse()))
    world.take_in(unknown)
    before = world.ticket()
    world.take_in(replace(reported, facts=replace(reported.facts, status=KeyStatus.INACTIVE)), as_of=START - DAY)
    after = world.ticket()
    assert (after.key_facts.last_use.at, after.key_facts.status) == (START - 200 * DAY, KeyStatus.ACTIVE)
    assert (after.facts.as_of, after.facts.holds, after.due_at) == (START, True, before.due_at)
    assert _kinds(world)[-1] == "facts_updated"


def test_a_live_reading_without_a_use_erases_none_that_a_report_knew(world: World) -> None:
    world.user()
    reported = world.key(idle=None)
    known = replace(reported, facts=replace(reported.facts, last_use=LastUse(at=START - 20 * DAY)))
    world.take_in(known)
    world.tick()
    ticket = world.ticket()
    assert (ticket.facts.source, ticket.key_facts.last_use.at) == ("live", START - 20 * DAY)
    assert ticket.known_last_use is not None
    assert ticket.known_last_use.at == START - 20 * DAY


@on_both
def test_a_finding_that_is_gone_is_noted_and_looked_into_at_once(world: World) -> None:
    notified(world)
    world.pass_days(1)
    now = world.clock.now()
    world.sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    gone = finding(KEY, "etl", ACCOUNT, created=START - 300 * DAY, used=None, active=False)
    world.take_in(gone, as_of=now)
    ticket = world.ticket()
    assert not ticket.facts.holds
    assert ticket.due_at == now
    assert _kinds(world)[-1] == "finding_gone"
    world.tick()
    assert world.ticket().resolution is Resolution.KEY_INACTIVE


def test_a_report_alone_ends_no_ticket(world: World) -> None:
    notified(world)
    world.pass_days(1)
    gone = finding(KEY, "etl", ACCOUNT, created=START - 300 * DAY, used=None, active=False)
    world.take_in(gone, as_of=world.clock.now())
    world.tick()
    assert world.ticket().state is State.NOTIFIED


def test_a_key_that_is_missing_from_a_report_proves_nothing(world: World) -> None:
    notified(world)
    before = world.ticket()
    world.take_in(as_of=START + DAY)
    assert world.ticket() == before


def test_a_report_never_moves_the_date_that_aws_has_told(world: World) -> None:
    notified(world)
    world.clock.set(START + 2 * DAY)
    created = world.ticket().facts.created_at
    moved = finding(KEY, "etl", ACCOUNT, created=START - 200 * DAY, used=None)
    world.take_in(moved, as_of=START + 2 * DAY)
    assert world.ticket().facts.created_at == created


@pytest.mark.parametrize("name", ["break-glass-1", "Break-Glass"])
def test_a_user_protected_by_name_is_rejected_at_the_door(world: World, name: str) -> None:
    world.user(name)
    taken = world.take_in(world.key(name=name))
    assert (taken.findings, taken.opened, taken.rejected) == (1, 0, 1)
    assert "protected by name" in taken.refusals[0][1]
    with pytest.raises(RefusedError, match="protected by name"):
        open_by_hand(world.desk(ALICE), "disable-key", ACCOUNT, Named(username=name, key_id=KEY))


@pytest.mark.parametrize("world", ['accounts: {enforce: all, exclude: ["328251269083"], contacts: {}}'], indirect=True)
def test_an_excluded_account_is_rejected_at_the_door(world: World) -> None:
    world.user("dev", OTHER)
    taken = world.take_in(world.key(name="dev", account=OTHER))
    assert (taken.opened, taken.rejected) == (0, 1)
    assert "excluded" in taken.refusals[0][1]


def test_a_dry_run_says_what_would_open_and_writes_nothing(world: World) -> None:
    world.user()
    reported = world.key()
    young = finding(SECOND, "etl", ACCOUNT, created=START - 10 * DAY, used=None)
    told = intake.import_report(world.desk(), Listed([reported, young]), dry_run=True)
    assert (told.rows, told.findings, told.opened) == (2, 1, 1)
    assert [(workflow, item.key_id) for workflow, item in told.would_open] == [("disable-key", KEY)]
    assert world.app.store.findings() == []
    assert world.app.store.counts() == {}


def test_a_key_that_is_listed_twice_gets_one_ticket(world: World) -> None:
    world.user()
    reported = world.key()
    assert world.take_in(reported, reported).opened == 1


def test_a_key_with_an_open_ticket_gets_no_second_one_by_hand(world: World) -> None:
    notified(world)
    with pytest.raises(RefusedError, match=f"open ticket already: {world.ticket().id}"):
        open_by_hand(world.desk(ALICE), "disable-key", ACCOUNT, Named(username="etl", key_id=KEY))
