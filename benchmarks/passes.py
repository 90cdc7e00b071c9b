"""What a pass costs: while AWS answers slowly, while a great many tickets wait, and while nothing is due."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from benchmarks.memory_aws import MemoryAws
from benchmarks.stage import DAY, Stage, a_stage, findings, open_all
from iamflow.engine.advance import advance
from iamflow.engine.clock import SystemClock
from iamflow.store.types import utc_text

LATENCY = 0.05
"""Seconds that each API call takes."""
DUE = 100
FAR = 400 * DAY
"""How far away the next look at a waiting ticket is."""


@dataclass(kw_only=True, slots=True)
class Slow:
    """Passes over a slow AWS."""

    calls: int = 0
    seconds: float = 0.0
    workers: int = 16
    efficiencies: dict[str, float] = field(default_factory=dict)

    @property
    def ideal(self) -> float:
        """The least time that this many calls can take, so many at once."""
        return self.calls * LATENCY / self.workers

    @property
    def efficiency(self) -> float:
        """The ideal as a share of what it took."""
        return self.ideal / self.seconds


def slow_aws(tickets: int = 100, workers: int = 16) -> Slow:
    """Carry one batch through its whole life while each API call takes 50 ms, over many accounts."""
    waiting = SystemClock()
    aws = MemoryAws(clock=waiting, wait=lambda: waiting.sleep(LATENCY))
    result = Slow(workers=workers)
    with a_stage(workers=workers, aws=aws) as stage:
        open_all(stage, findings(tickets))
        while True:
            before = stage.aws.calls.copy()
            began = time.perf_counter()
            done = advance(stage.engine)
            took = time.perf_counter() - began
            made = sum((stage.aws.calls - before).values())
            if done.claimed and made:
                result.calls += made
                result.seconds += took
                kind = "looks and changes" if done.effects else "looks"
                result.efficiencies[kind] = made * LATENCY / workers / took
            stage.send()
            due = stage.store.next_due()
            if due is None or (due > stage.clock.now() and not stage.to_next_due()):
                break
    return result


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """Passes over a database with many open tickets, in seconds: medians."""

    open_tickets: int
    due: float
    idle: float
    next_due: float


def crowd(stage: Stage, tickets: int, rounds: int = 7) -> Crowd:
    """Return what a pass over 100 due tickets and an idle one cost among so many open ones; call ``fill`` before."""
    busy = []
    for _ in range(rounds):
        _make_due(stage)
        began = time.perf_counter()
        done = advance(stage.engine)
        busy.append(time.perf_counter() - began)
        if len(done.claimed) != DUE:
            message = f"{len(done.claimed)} tickets were due, not {DUE}"
            raise AssertionError(message)
    return Crowd(
        open_tickets=tickets,
        due=statistics.median(busy),
        idle=_median(lambda: advance(stage.engine)),
        next_due=_median(stage.store.next_due),
    )


def _median(work: Callable[[], object], times: int = 101) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def fill(stage: Stage, tickets: int, *, ended: bool = False) -> None:
    """Open so many tickets, notified and not due for more than a year, the way a copy of rows makes them.

    The first hundred are opened by iamflow itself and stay whole, with a valid chain; the others are copies of the last of
    them under numbers, users and keys of their own; with ``ended``, they have come to their end.
    """
    open_all(stage, findings(DUE))
    advance(stage.engine)
    stage.send()
    advance(stage.engine)
    connection = sqlite3.connect(stage.file)
    names = [row[1] for row in connection.execute("PRAGMA table_info(tickets)")]
    made = {
        "id": "n",
        "account_id": "(100000000000 + n % 20)",
        "account_name": "'account-' || (n % 20)",
        "subject": "'key:AKIA' || printf('%016d', n)",
        "username": "'user-' || n",
        "access_key_id": "'AKIA' || printf('%016d', n)",
        "owner_address": "'team-' || (n % 500) || '@example.com'",
        "due_at": f"'{utc_text(stage.clock.now() + FAR)}'",
    }
    if ended:
        made |= {"state": "'deleted'", "resolution": "'deleted'", "closed_at": "t.opened_at", "due_at": "NULL"}
    columns = ", ".join(made.get(name, f"t.{name}") for name in names)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    connection.execute(
        f"WITH RECURSIVE numbers(n) AS (SELECT {DUE + 1} UNION ALL SELECT n + 1 FROM numbers WHERE n < {tickets})"  # noqa: S608 - numbers and column names of our own
        f" INSERT INTO tickets ({', '.join(names)}) SELECT {columns} FROM numbers JOIN tickets t ON t.id = {DUE}"
    )
    connection.execute("PRAGMA analysis_limit = 400")
    connection.commit()
    connection.close()


def _make_due(stage: Stage) -> None:
    """Make the hundred whole tickets due now, whatever they were waiting for."""
    stage.clock.advance(timedelta(seconds=1))
    connection = sqlite3.connect(stage.file)
    connection.execute(
        "UPDATE tickets SET due_at = ? WHERE id <= ? AND closed_at IS NULL", (utc_text(stage.clock.now()), DUE)
    )
    connection.commit()
    connection.close()
