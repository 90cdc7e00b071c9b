"""How the demonstration is watched: a live table on a terminal, plain lines into a pipe."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from iamflow.demo.run import Result
from iamflow.domain.encoding import for_terminal
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket

_STYLES = {
    State.NOTIFIED: "cyan",
    State.AWAITING_APPROVAL: "yellow",
    State.BROWNOUT: "magenta",
    State.DEACTIVATED: "magenta",
    State.MONITORING: "magenta",
    State.QUARANTINED: "magenta",
    State.ENFORCED: "magenta",
    State.AWAITING_ADOPTION: "cyan",
    State.REMEDIATED: "green",
    State.DELETED: "green",
    State.ROLLED_BACK: "bold red",
    State.BLOCKED: "red",
    State.RESOLVED: "green",
    State.EXEMPT: "blue",
}
_ROWS = 24
_NEWS = 6


class PlainScreen:
    """A line for everything that happens; nothing is ever repainted."""

    def __init__(self, out: TextIO) -> None:
        """Write there."""
        self._out = out
        self._last: dict[int, State] = {}

    def begin(self, report: Path, folder: Path, tickets: int) -> None:
        """Say what was imported, and where everything lies."""
        self._line(f"imported {report.name}: {tickets} tickets")
        self._line(f"database, journal and mails: {folder}")

    def step(self, at: datetime, day: float, tickets: tuple[Ticket, ...], happened: str | None) -> None:
        """Write what people did, and how many tickets went where."""
        if happened is not None:
            self._line(f"{_when(at, day)}  * {happened}")
        moves = Counter(
            (self._last.get(ticket.id), ticket.state) for ticket in tickets if self._last.get(ticket.id) != ticket.state
        )
        self._last = {ticket.id: ticket.state for ticket in tickets}
        for (before, after), count in moves.items():
            came = f"{before.value} → " if before is not None else ""
            self._line(f"{_when(at, day)}    {count:3} {came}{after.value}")

    def say(self, text: str) -> None:
        """Write a remark."""
        self._line(f"{'':20}    {for_terminal(text)}")

    def end(self, result: Result) -> None:
        """Write the end."""
        for line in closing(result):
            self._line(line)

    def _line(self, text: str) -> None:
        print(text, file=self._out, flush=True)


class LiveScreen:
    """A table that is painted over while the days pass."""

    def __init__(self, console: Console) -> None:
        """Paint there."""
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._news: list[str] = []

    def begin(self, report: Path, folder: Path, tickets: int) -> None:
        """Say what was imported, and begin to paint."""
        self._console.print(f"imported {report.name}: {tickets} tickets", markup=False, highlight=False)
        self._console.print(f"database, journal and mails: {folder}", markup=False, highlight=False)
        self._live.start()

    def step(self, at: datetime, day: float, tickets: tuple[Ticket, ...], happened: str | None) -> None:
        """Paint how the tickets stand."""
        if happened is not None:
            self._news.append(f"{_when(at, day)}  {happened}")
        self._live.update(Group(self._headline(at, day, tickets), self._table(tickets), *self._latest()))

    def say(self, text: str) -> None:
        """Keep a remark among the news."""
        self._news.append(for_terminal(text))

    def end(self, result: Result) -> None:
        """Stop painting, and print the end."""
        self._live.stop()
        self._console.print(self._table(result.tickets))
        for line in closing(result):
            self._console.print(line, markup=False, highlight=False)

    def _headline(self, at: datetime, day: float, tickets: tuple[Ticket, ...]) -> Text:
        counts = Counter(ticket.state for ticket in tickets)
        told = "   ".join(f"{state.value} {counts[state]}" for state in State if counts[state])
        return Text(f"{_when(at, day)}   {told}", style="bold")

    def _table(self, tickets: tuple[Ticket, ...]) -> Table:
        table = Table(box=None, pad_edge=False)
        for column in ("ticket", "workflow", "account", "user", "state", "why"):
            table.add_column(column, no_wrap=True, overflow="ellipsis")
        for ticket in _interesting(tickets):
            table.add_row(
                str(ticket.id),
                ticket.workflow,
                Text(for_terminal(ticket.account_name)),
                Text(for_terminal(ticket.username)),
                Text(ticket.state.value, style=_STYLES.get(ticket.state, "")),
                Text(for_terminal(_why(ticket))),
            )
        return table

    def _latest(self) -> Iterable[Text]:
        return [Text(f"* {news}", style="dim") for news in self._news[-_NEWS:]]


def closing(result: Result) -> list[str]:
    """Return the last lines: what came of it, the proof, and how to go on exploring."""
    counts = ", ".join(f"{count} {state}" for state, count in sorted(result.counts.items()))
    proof = result.proof
    lines = [
        "",
        f"nine days in {result.seconds:.0f} s: {counts}; {result.mails} mails",
        *_examples(result.tickets),
        f"the journal verifies: {'yes' if not result.faults else 'NO: ' + result.faults[0].sentence}",
        f"changes by the simulated AWS's own list: {proof.simulator}; done by the journal's intents: {proof.journal}; "
        + ("equal" if proof.equal else "NOT EQUAL"),
    ]
    lines += [f"  only the simulator knows of {item}" for item in proof.only_simulator]
    lines += [f"  only the journal knows of {item}" for item in proof.only_journal]
    command = f"iamflow --config {result.config}"
    rolled_back = next((ticket.id for ticket in result.tickets if ticket.state is State.ROLLED_BACK), 1)
    lines += [
        "",
        "go on exploring:",
        f"  {command} ticket list --all",
        f"  {command} ticket show {rolled_back}",
        f"  {command} ticket history {rolled_back}",
        f"  {command} audit verify",
    ]
    return lines


def _examples(tickets: tuple[Ticket, ...]) -> list[str]:
    """Return a line for one ticket of each kind of end that needs explaining."""
    lines = []
    for state in (State.ROLLED_BACK, State.BLOCKED, State.EXEMPT, State.AWAITING_APPROVAL):
        ticket = next((item for item in tickets if item.state is state and _why(item)), None)
        if ticket is not None:
            lines.append(f"  ticket {ticket.id} {state.value}: {for_terminal(_why(ticket))}")
    return lines


def _interesting(tickets: tuple[Ticket, ...]) -> list[Ticket]:
    """Return the tickets that have come furthest, or need somebody; as many as a screen shows."""
    rank = {
        State.ROLLED_BACK: 0,
        State.ON_HOLD: 1,
        State.EXEMPT: 2,
        State.DELETED: 3,
        State.RESOLVED: 4,
        State.AWAITING_APPROVAL: 5,
        State.MONITORING: 6,
        State.DEACTIVATED: 6,
        State.QUARANTINED: 2,
        State.ENFORCED: 2,
        State.AWAITING_ADOPTION: 2,
        State.REMEDIATED: 2,
        State.NOTIFIED: 7,
        State.BLOCKED: 8,
    }
    chosen = sorted(tickets, key=lambda ticket: (rank.get(ticket.state, 9), ticket.id))[:_ROWS]
    return sorted(chosen, key=lambda ticket: ticket.id)


def _why(ticket: Ticket) -> str:
    if ticket.state is State.ROLLED_BACK:
        signals = [signal.sentence for signal in ticket.progress.signals]
        asked = ticket.wanted_by
        if asked is not None:
            whom = f" for {asked.on_behalf_of}" if asked.on_behalf_of else ""
            signals.append(f"asked for by {asked.by}{whom}: {asked.comment or ''}")
        return "; ".join(signals[:1])
    if ticket.state is State.EXEMPT:
        return ticket.progress.exempt_reason or ""
    if ticket.state is State.AWAITING_APPROVAL:
        return "; ".join(ticket.progress.waiting_for)
    return ticket.blocked_reason or ""


def _when(at: datetime, day: float) -> str:
    return f"day {day:4.1f}  {at:%b %d %H:%M}"
