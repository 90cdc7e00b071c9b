"""The table of a workflow alone says where a trigger leads; what it does not hold is refused, and a refusal raises."""

from dataclasses import replace
from itertools import product

import pytest

from iamflow.domain.errors import NotFoundError, RefusedError
from iamflow.domain.states import ENDS, PAUSED, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows import registry
from iamflow.workflows.disable_key import WORKFLOW
from iamflow.workflows.machine import Taken, Transition, When
from tests.workflows.samples import DENIED, OVER, TOLD, WATCHED, ticket

TABLE = WORKFLOW.table
STATES = [state for state, _ in TABLE.states]
TAKEN = {
    Taken.NOTHING: TOLD,
    Taken.DENIED: replace(TOLD, brownout=DENIED),
    Taken.GIVEN_BACK: replace(TOLD, brownout=OVER),
    Taken.DEACTIVATED: replace(WATCHED, brownout=OVER),
}
STANDINGS = [
    ticket(state, taken, came_from=came_from)
    for state, came_from, taken in product(STATES, [None, *STATES], TAKEN.values())
    if came_from is None or state in PAUSED
]
HOLDS = {
    None: set(Taken),
    When.KEY_UNTOUCHED: {Taken.NOTHING, Taken.GIVEN_BACK},
    When.KEY_DEACTIVATED: {Taken.DEACTIVATED},
    When.KEY_GIVEN_BACK: {Taken.GIVEN_BACK},
    When.NOT_DENIED: {Taken.NOTHING, Taken.GIVEN_BACK, Taken.DEACTIVATED},
}


def _rows(standing: Ticket, trigger: Trigger) -> list[Transition]:
    """Return the rows that the table has for this, read without the machine."""
    return [
        row
        for row in TABLE.transitions
        if row.trigger is trigger
        and standing.state in row.sources
        and Taken.of(standing) in HOLDS[row.when]
        and (not row.returns or row.dest is standing.came_from)
    ]


def _label(value: object) -> str:
    if isinstance(value, Ticket):
        return f"{value.state.value}-from-{value.came_from and value.came_from.value}-{Taken.of(value).name.lower()}"
    return str(value)


@pytest.mark.parametrize("trigger", Trigger)
def test_a_trigger_leads_where_its_row_says_and_nowhere_without_one(trigger: Trigger) -> None:
    for standing in STANDINGS:
        rows = _rows(standing, trigger)
        assert len({row.dest for row in rows}) <= 1, f"two rows for {_label(standing)}"
        assert TABLE.allows(standing, trigger) is bool(rows), _label(standing)
        if rows:
            assert TABLE.next_state(standing, trigger) is rows[0].dest
            continue
        with pytest.raises(RefusedError, match=f"cannot be moved by '{trigger.value}'"):
            TABLE.next_state(standing, trigger)


@pytest.mark.parametrize("trigger", [Trigger.RESUME, Trigger.RETRY])
def test_a_paused_ticket_goes_back_only_where_it_came_from(trigger: Trigger) -> None:
    paused = State.ON_HOLD if trigger is Trigger.RESUME else State.BLOCKED
    for back in STATES:
        standing = ticket(paused, TOLD, came_from=back)
        if back in ENDS | PAUSED | {State.EXEMPT}:
            assert not TABLE.allows(standing, trigger)
        else:
            assert TABLE.next_state(standing, trigger) is back
    assert not TABLE.allows(ticket(paused, TOLD, came_from=None), trigger)


@pytest.mark.parametrize("end", sorted(ENDS & set(STATES)))
def test_no_trigger_leads_out_of_an_end(end: State) -> None:
    assert not [trigger for trigger in Trigger if TABLE.allows(ticket(end), trigger)]


def test_a_key_is_deactivated_only_once_and_deleted_only_after_that() -> None:
    for standing in STANDINGS:
        if TABLE.allows(standing, Trigger.DEACTIVATE):
            assert not standing.took_access
            assert standing.state in {State.NOTIFIED, State.AWAITING_APPROVAL, State.BROWNOUT}
        if TABLE.allows(standing, Trigger.DELETE):
            assert standing.key_was_deactivated
            assert standing.state in {State.MONITORING, State.AWAITING_APPROVAL}


def test_a_deactivated_key_can_be_given_back_wherever_its_ticket_stands() -> None:
    for standing in STANDINGS:
        under_way = standing.state not in ENDS | {State.OPEN, State.NOTIFIED, State.EXEMPT, State.BROWNOUT}
        if standing.key_was_deactivated and under_way:
            assert TABLE.next_state(standing, Trigger.ROLL_BACK) is State.ROLLED_BACK


def test_a_key_whose_brownout_is_over_can_be_given_back_wherever_its_ticket_stands() -> None:
    for standing in STANDINGS:
        under_way = standing.state not in ENDS | {State.OPEN, State.EXEMPT, State.DEACTIVATED, State.MONITORING}
        if Taken.of(standing) is Taken.GIVEN_BACK and under_way:
            assert TABLE.next_state(standing, Trigger.ROLL_BACK) is State.ROLLED_BACK


def test_no_ticket_ends_while_a_deny_may_be_on() -> None:
    for standing in STANDINGS:
        if standing.is_denied and not standing.key_was_deactivated:
            ways = [trigger for trigger in Trigger if TABLE.allows(standing, trigger)]
            assert not {TABLE.next_state(standing, trigger) for trigger in ways} & (ENDS | {State.EXEMPT})


def test_nobody_cancels_or_exempts_a_ticket_whose_key_is_deactivated_or_denied() -> None:
    for standing in STANDINGS:
        if standing.took_access:
            assert not TABLE.allows(standing, Trigger.CANCEL)
            assert not TABLE.allows(standing, Trigger.EXEMPT)


def test_a_rejection_ends_a_ticket_before_the_deactivation_and_holds_it_after() -> None:
    assert TABLE.next_state(ticket(State.AWAITING_APPROVAL, TOLD), Trigger.REJECT) is State.CANCELLED
    assert TABLE.next_state(ticket(State.AWAITING_APPROVAL, WATCHED), Trigger.REJECT) is State.ON_HOLD


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    ways = {(source, row.dest) for row in TABLE.transitions for source in row.sources}
    reached, ending = {State.OPEN}, ENDS & set(STATES)
    for _ in STATES:
        reached |= {dest for source, dest in ways if source in reached}
        ending |= {source for source, dest in ways if dest in ending}
    assert reached == set(STATES)
    assert ending == set(STATES)


def test_the_diagram_shows_every_row_and_the_main_way_leaves_the_side_ways_out() -> None:
    whole, main = TABLE.diagram(), TABLE.main_way().diagram()
    for row in TABLE.transitions:
        for source in row.sources:
            line = f"{source.value} --> {row.dest.value}"
            assert any(text.strip().startswith(line) and row.trigger.value in text for text in whole.splitlines()), line
    assert "monitoring --> deleted" in main
    for aside in (State.ON_HOLD, State.BLOCKED, State.EXEMPT, State.CANCELLED, State.RESOLVED):
        assert aside.value not in main


def test_a_workflow_is_found_by_name_and_exact_version() -> None:
    assert registry.current("disable-key") is WORKFLOW
    assert WORKFLOW.name == "disable-key"
    assert registry.of_version("disable-key", 1) is WORKFLOW
    assert registry.of_version("disable-key", 2) is None
    with pytest.raises(NotFoundError, match=r"there is .*disable-key"):
        registry.current("delete-everything")
