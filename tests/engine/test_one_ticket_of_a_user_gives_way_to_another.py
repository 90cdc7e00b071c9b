"""Of several findings about one user, ``delete-user`` comes first, unless something has been taken already."""

from dataclasses import replace

import pytest

from iamflow.domain.facts import Finding
from iamflow.domain.states import Resolution, State
from iamflow.domain.subject import subject_id
from iamflow.domain.ticket import Ticket
from iamflow.engine import intake
from iamflow.engine.ports import Change, TicketFilter
from tests.world import ACCOUNT, DAY, KEY, START, Listed, World, finding

BOTH = "rules: {open: {key-too-old: none, key-in-use: none}}"


def _console_user(*, used_days_ago: int) -> Finding:
    young = finding(KEY, "etl", ACCOUNT, created=START - 400 * DAY, used=START - used_days_ago * DAY)
    return replace(young, console=True, mfa="None", password_last_used=START - used_days_ago * DAY)


def _take_in(world: World, *found: Finding, dry_run: bool = False) -> intake.Intake:
    as_of = world.clock.now()
    listed = [replace(item, facts=replace(item.facts, as_of=as_of)) for item in found]
    report = Listed(listed)
    return intake.import_report(world.desk(), replace(report, info=replace(report.info, as_of=as_of)), dry_run=dry_run)


def _tickets(world: World) -> list[Ticket]:
    return list(world.app.store.tickets(TicketFilter(include_ended=True), limit=10))


@pytest.mark.parametrize("world", [BOTH], indirect=True)
def test_an_unused_user_without_mfa_gets_one_ticket(world: World) -> None:
    done = _take_in(world, _console_user(used_days_ago=200))
    assert (done.findings, done.opened, done.existing) == (2, 1, 1)
    assert [ticket.workflow for ticket in _tickets(world)] == ["delete-user"]


@pytest.mark.parametrize("world", [BOTH], indirect=True)
def test_a_ticket_that_has_taken_nothing_gives_way(world: World) -> None:
    assert _take_in(world, _console_user(used_days_ago=80)).opened == 1
    world.clock.advance(20 * DAY)
    assert _take_in(world, _console_user(used_days_ago=80), dry_run=True).opened == 1
    assert [ticket.workflow for ticket in _tickets(world)] == ["enforce-mfa"]
    assert _take_in(world, _console_user(used_days_ago=80)).opened == 1
    mfa, deletion = _tickets(world)
    assert (mfa.workflow, mfa.state, mfa.resolution) == ("enforce-mfa", State.CANCELLED, Resolution.SUPERSEDED)
    assert (deletion.workflow, deletion.state) == ("delete-user", State.OPEN)
    assert "delete-user comes before enforce-mfa" in world.app.store.history(mfa.id)[-1].detail
    assert world.app.store.verify() == []


@pytest.mark.parametrize("world", [BOTH], indirect=True)
def test_a_ticket_that_has_taken_something_comes_to_its_end_first(world: World) -> None:
    _take_in(world, _console_user(used_days_ago=80))
    (mfa,) = _tickets(world)
    taken = replace(mfa, progress=replace(mfa.progress, deactivated_at=START))
    world.app.store.commit([Change(before=mfa, after=taken)])
    world.clock.advance(20 * DAY)
    done = _take_in(world, _console_user(used_days_ago=80))
    assert (done.opened, done.existing) == (0, 2)
    assert world.app.store.open_tickets([subject_id(ACCOUNT, "etl", None)])
