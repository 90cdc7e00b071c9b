"""How quickly a command answers, against an interpreter that does nothing."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.profiles import Share, start
from benchmarks.stage import JOURNAL_KEY, a_stage, findings, open_all

_IAMFLOW = [sys.executable, "-m", "iamflow"]
SMALL = 20
"""Tickets in a small database."""


def cli_is_there() -> bool:
    """Return whether the command line is part of this iamflow."""
    return find_spec("iamflow.cli.main") is not None


def nothing(runs: int) -> float:
    """Return the seconds of ``python -c pass``: the median."""
    return _median([sys.executable, "-c", "pass"], runs)


def help_screen(runs: int) -> float:
    """Return the seconds of ``iamflow --help``: the median."""
    return _median([*_IAMFLOW, "--help"], runs)


@contextmanager
def a_small_database() -> Iterator[Path]:
    """Yield the folder of a database with a few tickets."""
    with a_stage() as stage:
        open_all(stage, findings(SMALL))
        yield stage.folder


def ticket_list(folder: Path, runs: int, *options: str) -> float:
    """Return the seconds of ``iamflow ticket list`` of the database in a folder: the median."""
    return _median([*_IAMFLOW, *_list_of(folder), *options], runs)


def imports_of_list(folder: Path) -> list[Share]:
    """Return where ``iamflow ticket list`` spends the time of its imports."""
    with tempfile.TemporaryDirectory(prefix="iamflow-home-") as home:
        return start(_list_of(folder), _environment(home))


def _list_of(folder: Path) -> Sequence[str]:
    config, key = folder / "config.yaml", folder / "journal.key"
    config.write_text(
        f'sandbox: true\ndatabase: {{url: "sqlite:///{folder / "iamflow.db"}"}}\njournal: {{key: {{file: journal.key}}}}\n'
        'aws: {endpoint_url: "http://127.0.0.1:9"}\n',
        encoding="utf-8",
    )
    key.write_text(JOURNAL_KEY.hex(), encoding="utf-8")
    key.chmod(0o600)
    return ["--config", str(config), "ticket", "list"]


def _median(command: Sequence[str], runs: int) -> float:
    with tempfile.TemporaryDirectory(prefix="iamflow-home-") as home:
        environment = _environment(home)
        took = []
        for _ in range(runs + 1):
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
            took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def _environment(home: str) -> Mapping[str, str]:
    """Return an environment whose home has no .aws folder, so that nothing is asked of AWS about the person."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "IAMFLOW_"))}
    return kept | {"HOME": home}
