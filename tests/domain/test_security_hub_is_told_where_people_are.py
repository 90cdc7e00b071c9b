"""What Security Hub is told of a ticket follows from the ticket and from what it was told last, and its dates only ever grow."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.asff import Place, finding_id
from iamflow.domain.hub import (
    REFRESH,
    Told,
    WorkflowStatus,
    imported,
    next_update,
    postponed,
    settled,
    standing_of,
    stood,
    telling,
    unsaid,
)
from iamflow.domain.states import ENDS, Resolution, State
from iamflow.domain.ticket import Ticket
from tests.domain.samples import CREATED, DAY, NOW, ticket

PLACE = Place(partition="aws", region="us-east-1")
TOLD = {"notified_at": NOW - DAY}
STILL_THERE = {
    Resolution.ROLLED_BACK,
    Resolution.CANCELLED,
    Resolution.REJECTED,
    Resolution.OWNER_REACTIVATED,
    Resolution.SUPERSEDED,
}


def _ended(resolution: Resolution, state: State = State.RESOLVED) -> Ticket:
    return replace(ticket(state=state), resolution=resolution, closed_at=NOW)


def _fresh(about: Ticket, **changed: Any) -> Told:
    name = finding_id(about)
    assert name is not None
    made = Told(
        finding_id=name, ticket_id=about.id, account_id=about.account_id, created_at=CREATED, updated_at=NOW, turn=1
    )
    return replace(made, **changed)


def _known(about: Ticket, **changed: Any) -> Told:
    """Return what Security Hub knows after it was told everything of a ticket."""
    first = telling(about, _fresh(about), PLACE)
    return replace(settled(stood(imported(first.told, first, NOW), first.standing)), **changed)


# --- where people are ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(set(State) - ENDS - {State.EXEMPT}))
def test_a_ticket_under_way_is_new_until_its_owner_was_told(state: State) -> None:
    assert standing_of(ticket(state=state)).status is WorkflowStatus.NEW
    assert standing_of(ticket(state=state, **TOLD)).status is WorkflowStatus.NOTIFIED


def test_an_exemption_is_suppressed_and_says_why_and_until_when() -> None:
    standing = standing_of(ticket(state=State.EXEMPT, exempt_until=NOW, exempt_reason="a\nmigration", **TOLD))
    assert standing.status is WorkflowStatus.SUPPRESSED
    assert standing.note == "iamflow: Exempt until 2026-11-24: a\\x0amigration"


@pytest.mark.parametrize("resolution", sorted(Resolution))
def test_an_end_that_left_the_access_is_never_called_resolved(resolution: Resolution) -> None:
    expected = WorkflowStatus.SUPPRESSED if resolution in STILL_THERE else WorkflowStatus.RESOLVED
    assert standing_of(_ended(resolution)).status is expected


def test_two_tickets_in_the_same_place_get_the_same_note_so_that_one_call_sets_both() -> None:
    one = ticket(state=State.BLOCKED, **TOLD)
    other = replace(one, id=9, username="web", blocked_reason="something else")
    assert standing_of(one) == standing_of(other)


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_new_finding_takes_one_call_and_a_known_one_none() -> None:
    first = telling(ticket(state=State.OPEN), _fresh(ticket()), PLACE)
    assert first.imports
    assert not unsaid(imported(first.told, first, NOW), first.standing)
    about = ticket(state=State.MONITORING, **TOLD)
    assert not telling(about, _known(about), PLACE).changed


def test_a_step_changes_the_finding_and_a_reading_alone_does_not() -> None:
    about = ticket(**TOLD)
    assert telling(replace(about, state=State.MONITORING), _known(about), PLACE).imports
    polled = replace(about, version=99, attempts=3, due_at=NOW + DAY)
    assert not telling(polled, _known(about), PLACE).changed


def test_a_suppression_is_lifted_before_the_finding_is_updated() -> None:
    exempt = ticket(state=State.EXEMPT)
    known = _known(exempt)
    assert known.workflow is WorkflowStatus.SUPPRESSED
    assert telling(ticket(state=State.OPEN), known, PLACE).lifts
    assert not telling(exempt, known, PLACE).lifts


@pytest.mark.parametrize("before", [Resolution.DELETED, Resolution.KEY_INACTIVE])
def test_security_hub_itself_sets_a_finding_that_wakes_back_to_new(before: Resolution) -> None:
    known = _known(_ended(before))
    assert known.workflow is WorkflowStatus.RESOLVED
    woken = telling(ticket(state=State.NOTIFIED, **TOLD), known, PLACE)
    after = imported(known, woken, NOW)
    assert after.workflow is WorkflowStatus.NEW
    assert unsaid(after, woken.standing)


def test_only_open_findings_are_refreshed() -> None:
    about = ticket(**TOLD)
    late = NOW + REFRESH
    assert _known(about).due_at == late
    assert telling(about, _known(about, updated_at=late), PLACE).imports
    assert not telling(about, _known(about, updated_at=late - timedelta(seconds=1)), PLACE).changed
    over = _ended(Resolution.DELETED)
    assert _known(over).due_at is None
    assert not telling(over, _known(over, updated_at=late), PLACE).changed


def test_a_failure_keeps_what_was_accepted_and_counts() -> None:
    about = ticket(**TOLD)
    failed = postponed(_known(about), "Fault\x1b[0m: no", NOW + DAY)
    assert (failed.attempts, failed.error, failed.due_at) == (1, "Fault\\x1b[0m: no", NOW + DAY)
    assert failed.digest == _known(about).digest
    assert (settled(failed).attempts, settled(failed).error) == (0, None)


@given(st.lists(st.timedeltas(timedelta(days=-400), timedelta(days=400)), min_size=1, max_size=20))
def test_the_date_grows_whatever_the_clock_does(jumps: list[timedelta]) -> None:
    last = None
    for jump in jumps:
        following = next_update(NOW + jump, last)
        assert last is None or following - last >= timedelta(milliseconds=1)
        assert following.microsecond % 1000 == 0
        last = following
