"""An import in a process of its own: ``python -m tests.imports.driver CONFIG FILE TIME [ROWS]``.

It is put together as ``iamflow import`` is, with a clock that stands at TIME. It says on standard output how many rows are done
after each chunk, and at last its peak memory in KiB. Once ROWS are done it ends itself by SIGKILL, with no time to tidy up.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from iamflow.bootstrap import application
from iamflow.engine.intake import import_report
from iamflow.sandbox.clock import VirtualClock


def main(config: Path, file: Path, at: datetime, kill_at: int | None) -> None:
    """Import the file, or as much of it as there is before the end."""

    def say(words: object) -> None:
        sys.stdout.write(f"{words}\n")
        sys.stdout.flush()

    def progress(done: int) -> None:
        say(done)
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with application(config, writer="importer", clock=VirtualClock(at)) as app:
        import_report(app.desk(), app.open_report(file), progress=progress)
    say(f"peak {_peak()}")


def _peak() -> int:
    """Return this process's own peak; ``getrusage`` would tell that of the process that started it, if it was higher."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        datetime.fromisoformat(sys.argv[3]),
        int(sys.argv[4]) if len(sys.argv) > 4 else None,
    )
