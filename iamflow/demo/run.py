"""Runs the demonstration from the report to the proof."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from iamflow.demo.proof import Proof, compare
from iamflow.demo.stage import AUDIT, START, Stage, play, staged, take_in
from iamflow.domain.journal import Event
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import JournalFault, TicketFilter

_EVERYTHING = 100_000


class Screen(Protocol):
    """Where the demonstration is watched."""

    def begin(self, report: Path, folder: Path, tickets: int) -> None:
        """Say what was imported, and where everything lies."""
        ...

    def step(self, at: datetime, day: float, tickets: tuple[Ticket, ...], happened: str | None) -> None:
        """Show how the tickets stand; ``happened`` is what people or programs did just now."""
        ...

    def say(self, text: str) -> None:
        """Show a remark."""
        ...

    def end(self, result: "Result") -> None:
        """Show the end."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What the demonstration came to."""

    folder: Path
    config: Path
    tickets: tuple[Ticket, ...]
    histories: dict[int, tuple[Event, ...]]
    proof: Proof
    faults: tuple[JournalFault, ...]
    mails: int
    seconds: float
    """Real seconds that the nine days took."""

    @property
    def counts(self) -> dict[str, int]:
        """How many tickets came to which state."""
        return dict(Counter(ticket.state.value for ticket in self.tickets))

    @property
    def complete(self) -> bool:
        """Whether everything that the demonstration promises happened, and both lists are equal."""
        shown = {State.DELETED, State.ROLLED_BACK, State.AWAITING_APPROVAL, State.EXEMPT, State.BLOCKED, State.RESOLVED}
        return self.proof.equal and not self.faults and shown <= {ticket.state for ticket in self.tickets}


def run(folder: Path | None, screen: Screen) -> Result:
    """Run it in ``folder``, or in a new one. Raises ``FileExistsError`` where a demonstration lies there already."""
    where = (folder or Path(tempfile.mkdtemp(prefix="iamflow-demo-"))).absolute()
    where.mkdir(parents=True, exist_ok=True)
    if (where / "iamflow.db").exists():
        raise FileExistsError(where)
    began = time.monotonic()
    with staged(where, screen.say) as stage:
        taken = take_in(stage)
        screen.begin(AUDIT, where, taken.opened)
        play(stage, _watch(stage, screen))
        result = _result(stage, time.monotonic() - began)
    screen.end(result)
    return result


def _watch(stage: Stage, screen: Screen) -> Callable[[datetime, str | None], None]:
    def show(at: datetime, happened: str | None) -> None:
        screen.step(at, (at - START).total_seconds() / 86_400, _tickets(stage), happened)

    return show


def _tickets(stage: Stage) -> tuple[Ticket, ...]:
    return tuple(stage.app.store.tickets(TicketFilter(include_ended=True), limit=_EVERYTHING))


def _result(stage: Stage, seconds: float) -> Result:
    store = stage.app.store
    tickets = _tickets(stage)
    return Result(
        folder=stage.folder,
        config=stage.folder / "config.yaml",
        tickets=tickets,
        histories={ticket.id: tuple(store.history(ticket.id)) for ticket in tickets},
        proof=compare(stage.sandbox.mutations(), store, stage.sandbox.settings.role_name),
        faults=tuple(store.verify()),
        mails=len(list((stage.folder / "mails").glob("*.eml"))),
        seconds=seconds,
    )
