"""Turns a workflow's table into a ``transitions`` machine, which alone says where a trigger leads (DESIGN 8.13).

``decide`` returns a trigger, never a state. What the table does not hold, the machine refuses, and a refusal raises:
``transitions`` would otherwise return False without a word when a condition fails. Its automatic ``to_<state>`` methods
would pass every condition by and are off. Models are never registered with the machine, which would keep them for ever;
triggers are fired through the machine's events instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto, member
from functools import lru_cache, partial
from typing import Any, cast

from transitions import EventData, Machine, MachineError
from transitions.extensions import GraphMachine

from iamflow.domain.errors import RefusedError
from iamflow.domain.states import PAUSED, State, Trigger
from iamflow.domain.ticket import Ticket


class Taken(Enum):
    """What iamflow has taken from the key so far."""

    NOTHING = auto()
    DENIED = auto()
    """A brown-out's deny may be on the user."""
    GIVEN_BACK = auto()
    """A brown-out is over, and its deny was seen to be gone."""
    REPLACED = auto()
    """A new key may have been made; the old one works as before."""
    DEACTIVATED = auto()

    @classmethod
    def of(cls, ticket: Ticket) -> "Taken":
        """Return how far the ticket has come."""
        if ticket.key_was_deactivated:
            return cls.DEACTIVATED
        if ticket.is_denied:
            return cls.DENIED
        if ticket.is_replaced:
            return cls.REPLACED
        return cls.GIVEN_BACK if ticket.was_browned_out else cls.NOTHING


class Model:
    """What the conditions look at: the part of a ticket on which its next state may depend."""

    def __init__(self, state: State, came_from: State | None, taken: Taken) -> None:
        """Stand where the ticket stands."""
        self.state: str = state.value
        self.came_from = came_from
        self.taken = taken


def _model(event: EventData) -> Model:
    """Return the model of an event, which ``transitions`` types as any object."""
    return cast("Model", event.model)


def _key_untouched(event: EventData) -> bool:
    return _model(event).taken in {Taken.NOTHING, Taken.GIVEN_BACK}


def _key_deactivated(event: EventData) -> bool:
    return _model(event).taken is Taken.DEACTIVATED


def _key_given_back(event: EventData) -> bool:
    return _model(event).taken is Taken.GIVEN_BACK


def _key_replaced(event: EventData) -> bool:
    return _model(event).taken is Taken.REPLACED


def _key_works(event: EventData) -> bool:
    return _model(event).taken is not Taken.DEACTIVATED


def _not_denied(event: EventData) -> bool:
    return _model(event).taken is not Taken.DENIED


def _came_from(state: State, event: EventData) -> bool:
    return _model(event).came_from is state


def _not_deleting(event: EventData) -> bool:
    return _key_deactivated(event) and _model(event).came_from is not State.DELETING


class When(Enum):
    """A condition of a transition. From Python 3.13 on, a function is a member only where that is said."""

    KEY_UNTOUCHED = member(_key_untouched)
    KEY_DEACTIVATED = member(_key_deactivated)
    NOT_DELETING = member(_not_deleting)
    """Access was taken, and the deletion of what had it has not begun."""
    KEY_GIVEN_BACK = member(_key_given_back)
    NOT_DENIED = member(_not_denied)
    KEY_REPLACED = member(_key_replaced)
    KEY_WORKS = member(_key_works)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One row of a workflow's table."""

    trigger: Trigger
    sources: tuple[State, ...]
    dest: State
    person: bool = False
    """Whether a person pulls it; the daemon pulls all the others."""
    when: When | None = None
    returns: bool = False
    """Taken only when ``dest`` is where the paused ticket came from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A workflow's states, each with a sentence, and its transitions."""

    workflow: str
    version: int
    title: str
    states: tuple[tuple[State, str], ...]
    transitions: tuple[Transition, ...]

    def next_state(self, ticket: Ticket, trigger: Trigger) -> State:
        """Return where the trigger leads from where the ticket stands.

        Raises ``RefusedError`` where the table has no such row, or its condition does not hold.
        """
        return _next_state(
            self,
            ticket.state,
            ticket.came_from,
            trigger,
            Taken.of(ticket),
        )

    def allows(self, ticket: Ticket, trigger: Trigger) -> bool:
        """Return whether the table has a row for this trigger from where the ticket stands."""
        try:
            self.next_state(ticket, trigger)
        except RefusedError:
            return False
        return True

    def main_way(self) -> "Table":
        """Return the table without the side ways: no pauses, no exemptions, nothing that a person pulls, no early ends."""
        aside = PAUSED | {State.EXEMPT, State.CANCELLED, State.RESOLVED}
        transitions = tuple(
            replace(transition, sources=tuple(source for source in transition.sources if source not in aside))
            for transition in self.transitions
            if not transition.person and not transition.returns and transition.dest not in aside
        )
        states = tuple((state, sentence) for state, sentence in self.states if state not in aside)
        return replace(self, states=states, transitions=transitions)

    def diagram(self) -> str:
        """Return the table as Mermaid text, drawn by the machine itself."""
        model = Model(State.OPEN, None, Taken.NOTHING)
        GraphMachine(
            model=model,
            graph_engine="mermaid",
            title=self.title,
            states=[state.value for state, _ in self.states],
            transitions=_arrows(self),
            initial=State.OPEN.value,
            auto_transitions=False,
            send_event=True,
        )
        get_graph: Callable[[], Any] = getattr(model, "get_graph")  # noqa: B009 - the machine adds it at run time
        return str(get_graph().draw(None)).strip()


@lru_cache(maxsize=4096)
def _next_state(table: Table, state: State, came_from: State | None, trigger: Trigger, taken: Taken) -> State:
    model = Model(state, came_from, taken)
    event = _machine(table).events.get(trigger.value)
    try:
        moved = event is not None and event.trigger(model)
    except MachineError:
        moved = False
    if not moved:
        message = f"a {table.workflow} ticket that is {state.value} cannot be moved by '{trigger.value}'"
        raise RefusedError(message)
    return State(model.state)


@lru_cache(maxsize=64)
def _machine(table: Table) -> Machine:
    return Machine(
        model=None,
        states=[state.value for state, _ in table.states],
        transitions=_rows(table),
        initial=State.OPEN.value,
        auto_transitions=False,
        send_event=True,
    )


def _rows(table: Table) -> Any:  # noqa: ANN401 - transitions' own type for this is not importable at run time
    return [_row(transition, source) for transition in table.transitions for source in transition.sources]


def _arrows(table: Table) -> Any:  # noqa: ANN401 - as above
    """Return the rows, one for each arrow: two that differ in their conditions alone are one to the eye."""
    return list({(row["trigger"], row["source"], row["dest"]): row for row in _rows(table)}.values())


def _row(transition: Transition, source: State) -> dict[str, Any]:
    conditions: list[Callable[[EventData], bool]] = []
    if transition.when is not None:
        conditions.append(transition.when.value)
    if transition.returns:
        conditions.append(partial(_came_from, transition.dest))
    return {
        "trigger": transition.trigger.value,
        "source": source.value,
        "dest": transition.dest.value,
        "conditions": conditions,
    }
