"""Durable transitions a second: whole lives of keys in the production store, against the floor of the bare driver."""

import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks.stage import Stage, a_stage, findings, open_all
from iamflow.engine.advance import advance
from iamflow.engine.deps import Engine
from iamflow.store.database import Database, journal_mode

BATCH = 100


@dataclass(kw_only=True, slots=True)
class Lives:
    """What it took to carry tickets from their notice to the confirmed deletion."""

    tickets: int = 0
    moved: int = 0
    steps: int = 0
    effects: int = 0
    letters: int = 0
    passes: int = 0
    seconds: float = 0.0
    sending: float = 0.0
    cpu: float = 0.0
    """Processor seconds of the passes, which other work on the machine leaves alone."""
    statements: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, "PassKind"] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class PassKind:
    """The passes that did the same."""

    tickets: int = 0
    queries: int = 0
    commits: int = 0
    seconds: float = 0.0


@contextmanager
def counted(database: Database) -> Iterator[Counter[str]]:
    """Count statements and commits as SQLAlchemy sees them."""
    seen: Counter[str] = Counter()

    def executed(_connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        verb = statement.split(None, 1)[0].upper()
        if verb not in {"BEGIN", "PRAGMA"}:
            seen["queries"] += 1
            seen["many"] += many

    def committed(connection: Any) -> None:
        seen["commits"] += bool(connection.get_execution_options().get("iamflow_write"))

    event.listen(database.engine, "after_cursor_execute", executed)
    event.listen(database.engine, "commit", committed)
    try:
        yield seen
    finally:
        event.remove(database.engine, "after_cursor_execute", executed)
        event.remove(database.engine, "commit", committed)


def lives(count: int, *, kind: type[Engine] = Engine) -> Lives:
    """Carry that many keys from the notice to the confirmed deletion. Time jumps; nothing is waited for."""
    result = Lives(tickets=count)
    with a_stage(kind=kind) as stage:
        open_all(stage, findings(count))
        with counted(stage.store.database) as seen:
            while True:
                _one_pass(stage, result, seen)
                began = time.perf_counter()
                result.letters += stage.send()
                result.sending += time.perf_counter() - began
                if not stage.store.next_due() or not _due_or_jump(stage):
                    break
        result.statements = seen
        ended = stage.store.counts()
        if ended != {("disable-key", "deleted"): count}:
            message = f"the benchmark's tickets did not all end as deleted: {ended}"
            raise AssertionError(message)
    return result


def _due_or_jump(stage: Stage) -> bool:
    due = stage.store.next_due()
    return due is not None and (due <= stage.clock.now() or stage.to_next_due())


def _one_pass(stage: Stage, result: Lives, seen: Counter[str]) -> None:
    queries, commits = seen["queries"], seen["commits"]
    began, cpu = time.perf_counter(), time.process_time()
    done = advance(stage.engine)
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    if not done.claimed:
        return
    result.seconds += took
    result.cpu += spent
    result.passes += 1
    result.moved += done.moved
    result.effects += done.effects
    result.steps += len(done.claimed)
    kind = "with a mutating call" if done.effects else "without one"
    sums = result.kinds.setdefault(kind, PassKind())
    sums.tickets += len(done.claimed)
    sums.queries += seen["queries"] - queries
    sums.commits += seen["commits"] - commits
    sums.seconds += took


def floor(count: int) -> tuple[float, float]:
    """Return transitions a second of the bare driver, by the clock and by the processor.

    One UPDATE and one INSERT each, batches of 100, two commits a batch.
    """
    with tempfile.TemporaryDirectory(prefix="iamflow-floor-") as name:
        connection = _bare(Path(name) / "floor.db")
        connection.executemany(
            "INSERT INTO tickets (id, state, due_at, version) VALUES (?, 'open', 0, 1)",
            [(number,) for number in range(count)],
        )
        connection.execute("COMMIT")
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, count, BATCH):
            batch = range(start, min(start + BATCH, count))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "UPDATE tickets SET state = 'notified', due_at = 1, version = version + 1 WHERE id = ?",
                [(number,) for number in batch],
            )
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO events (ticket_id, seq, detail) VALUES (?, 1, 'open to notified')",
                [(number,) for number in batch],
            )
            connection.execute("COMMIT")
        took, spent = time.perf_counter() - began, time.process_time() - cpu
        connection.close()
    return count / took, count / spent


def _bare(file: Path) -> sqlite3.Connection:
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(
        """
        CREATE TABLE tickets (id INTEGER PRIMARY KEY, state TEXT, due_at INTEGER, version INTEGER);
        CREATE INDEX due ON tickets (due_at, id);
        CREATE TABLE events (ticket_id INTEGER, seq INTEGER, detail TEXT, PRIMARY KEY (ticket_id, seq));
        """
    )
    connection.execute("BEGIN IMMEDIATE")
    return connection
