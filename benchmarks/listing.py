"""``ticket list`` of a large database: the first and the last page, filtered in each way, against an empty database."""

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


def pages(stage: Stage, tickets: int) -> dict[str, tuple[float, float, int]]:
    """Return, for each filter, the seconds of the first page and of the last, and the rows of the first."""
    found = {}
    for name, which in FILTERS.items():
        first, rows = _page(stage, which, None)
        last, _ = _page(stage, which, TicketId(max(0, tickets - PAGE * 40)))
        found[name] = (first, last, rows)
    return found


def _page(stage: Stage, which: TicketFilter, after: TicketId | None) -> tuple[float, int]:
    took, rows = [], 0
    for _ in range(15):
        began = time.perf_counter()
        rows = len(stage.store.tickets(which, limit=PAGE, after=after))
        took.append(time.perf_counter() - began)
    return statistics.median(took), rows
