"""How quickly a command answers, against an interpreter that does nothing."""

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.stage import a_stage, findings, open_all

_IAMFLOW = [sys.executable, "-m", "iamflow"]
SMALL = 20
"""Tickets in a small database."""


def cli_is_there() -> bool:
    """Return whether the command line is part of this iamflow."""
    return find_spec("iamflow.cli.main") is not None


def nothing(runs: int) -> float:
    """Return the seconds of ``python -c pass``: the median."""
    return _median([sys.executable, "-c", "pass"], {}, runs)


def commands(runs: int) -> Mapping[str, float]:
    """Return the seconds of each command: medians. ``ticket list`` is of a small database."""
    found = {"iamflow --help": _median([*_IAMFLOW, "--help"], {}, runs)}
    with a_stage() as stage:
        open_all(stage, findings(SMALL))
        found["iamflow ticket list"] = ticket_list(stage.folder, runs)
    return found


def ticket_list(folder: Path, runs: int, *options: str) -> float:
    """Return the seconds of ``iamflow ticket list`` of the database in a folder: the median."""
    config = folder / "config.yaml"
    config.write_text(
        f'sandbox: true\ndatabase: {{url: "sqlite:///{folder / "iamflow.db"}"}}\njournal: {{key: {{file: journal.key}}}}\n'
        'aws: {endpoint_url: "http://127.0.0.1:9"}\n',
        encoding="utf-8",
    )
    key = folder / "journal.key"
    if not key.exists():
        key.write_text(secrets.token_hex(32), encoding="utf-8")
        key.chmod(0o600)
    return _median([*_IAMFLOW, "--config", str(config), "ticket", "list", *options], {}, runs)


def _median(command: Sequence[str], more: Mapping[str, str], runs: int) -> float:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "IAMFLOW_"))}
    with tempfile.TemporaryDirectory(prefix="iamflow-home-") as home:
        # A home without an .aws folder: nothing is asked of AWS about the person.
        environment = kept | {"HOME": home} | dict(more)
        took = []
        for _ in range(runs + 1):
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            took.append(time.perf_counter() - began)
    return statistics.median(took[1:])
