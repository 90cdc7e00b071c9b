"""Import of an iam-audit file: rows a second with rules, tickets and journal, and the memory at its peak.

Each import runs in a process of its own, so that the memory is that of the import and of nothing else.
"""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.stage import a_stage
from iamflow.engine.intake import import_report
from iamflow.sources import open_report
from iamflow.store.database import journal_mode
from tests.sources.reports import COLUMNS

SHARES = {"few findings": 0.03, "every second row a finding": 0.5}
"""Of the rows of a report, so many are about a key that is Active and too old: they open a ticket."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """What one import took."""

    rows: int
    opened: int
    seconds: float
    cpu: float
    validating: float
    peak_mib: float
    bytes: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def measured(file: Path, url: str | None = None) -> Import:
    """Import a report in a process of its own, into SQLite or an empty database."""
    command = [sys.executable, "-m", "benchmarks.importing", str(file), *([url] if url is not None else [])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Import(**json.loads(done.stdout))


def floors(file: Path) -> tuple[float, float]:
    """Return rows a second of the csv reader alone, and of the csv reader with bare upserts, a thousand a commit."""
    began = time.perf_counter()
    rows = sum(1 for _ in _rows(file))
    reading = rows / (time.perf_counter() - began)
    with tempfile.TemporaryDirectory(prefix="iamflow-floor-") as folder:
        connection = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"CREATE TABLE keys ({', '.join(COLUMNS)}, PRIMARY KEY (access_key_id))")
        upsert = (
            f"INSERT INTO keys VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - columns of our own
            " ON CONFLICT (access_key_id) DO UPDATE SET last_used_date = excluded.last_used_date"
        )
        began = time.perf_counter()
        rows_left = _rows(file)
        while chunk := list(islice(rows_left, 1000)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(upsert, chunk)
            connection.execute("COMMIT")
        writing = rows / (time.perf_counter() - began)
        connection.close()
    return reading, writing


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open(newline="", encoding="utf-8") as source:
        reader = csv.reader(source)
        next(reader)
        yield from reader


def run(file: Path, url: str | None = None) -> dict[str, float]:
    """Import a report into a new database, and return what it took."""
    with a_stage(url=url) as stage:
        began, cpu = time.perf_counter(), time.process_time()
        report = open_report(file, "auto", None)
        validated = time.perf_counter()
        done = import_report(stage.desk, report)
        ended, spent = time.perf_counter(), time.process_time() - cpu
    return {
        "rows": done.rows,
        "opened": done.opened,
        "seconds": ended - began,
        "cpu": spent,
        "validating": validated - began,
        "peak_mib": _peak_mib(),
        "bytes": file.stat().st_size,
    }


def _peak_mib() -> float:
    """Return this process's peak; ``getrusage`` would tell that of the process that started it, if it was higher."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), *sys.argv[2:])) + os.linesep)
