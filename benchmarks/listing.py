"""``ticket list`` of a large database: the first and the last page, filtered in each way, against an empty database."""

import sqlite3
import statistics
import time
from collections.abc import Mapping

from benchmarks.stage import Stage
from iamflow.domain.ids import TicketId
from iamflow.engine.ports import TicketFilter

PAGE = 50
FILTERS: Mapping[str, TicketFilter] = {
    "all open": TicketFilter(),
    "of a state": TicketFilter(states=frozenset({"notified"})),
    "of an account by id": TicketFilter(account="100000000007"),
    "of an account by name": TicketFilter(account="account-7"),
    "of an owner": TicketFilter(owner="team-7@example.com"),
    "of an owner, a state and an account": TicketFilter(
        owner="team-7@example.com", states=frozenset({"notified"}), account="100000000007"
    ),
    "of a user": TicketFilter(user="user-777"),
}


def pages(stage: Stage) -> dict[str, tuple[float, float, int]]:
    """Return, for each filter, the seconds of the first page and of the last, and the rows of the first."""
    found = {}
    for name, which in FILTERS.items():
        first, last, rows, _ = _ends(stage, which, _before_last(stage, which))
        found[name] = (first, last, rows)
    return found


def past_the_open_ones(stage: Stage) -> tuple[float, float]:
    """Return the seconds of the first page and of the last, where the open tickets come before a great many ended ones.

    The last page is not full, as last pages are: there is no ticket that would end the search for more.
    """
    first, last, _, rows = _ends(stage, TicketFilter(), TicketId(PAGE + 10))
    if not 0 < rows < PAGE:
        message = f"the last page has {rows} rows"
        raise AssertionError(message)
    return first, last


def _before_last(stage: Stage, which: TicketFilter) -> TicketId | None:
    """Return the number after which the last page begins, by reading the whole list once."""
    numbers: list[TicketId] = []
    after = None
    while page := stage.store.tickets(which, limit=5_000, after=after):
        numbers += [ticket.id for ticket in page]
        after = numbers[-1]
        if len(numbers) > PAGE * 200 and len(page) == 5_000:
            # A long list: its end is looked for among the highest numbers.
            after = TicketId(max(after, _highest(stage) - PAGE * 200))
    return numbers[-PAGE - 1] if len(numbers) > PAGE else None


def _highest(stage: Stage) -> int:
    with sqlite3.connect(stage.file) as connection:
        highest: int = connection.execute("SELECT max(id) FROM tickets").fetchone()[0]
    connection.close()
    return highest


def _ends(stage: Stage, which: TicketFilter, before_last: TicketId | None) -> tuple[float, float, int, int]:
    """Return the median seconds of the first page and of the last, read in turns, and how many rows each has."""
    first, last = [], []
    for _ in range(31):
        first.append(_page(stage, which, None))
        last.append(_page(stage, which, before_last))
    return (
        statistics.median(took for took, _ in first),
        statistics.median(took for took, _ in last),
        first[-1][1],
        last[-1][1],
    )


def _page(stage: Stage, which: TicketFilter, after: TicketId | None) -> tuple[float, int]:
    began = time.perf_counter()
    rows = len(stage.store.tickets(which, limit=PAGE, after=after))
    return time.perf_counter() - began, rows
