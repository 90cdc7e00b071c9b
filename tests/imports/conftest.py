"""Imports of large files into a world on either database, each in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.sources.large import write_large
from tests.sources.reports import NAME
from tests.world import DAY, World, a_world

CHUNK = 1000


@dataclass
class Importer:
    """Starts imports of a file in processes of their own, two days ahead, so that nothing of it falls due meanwhile."""

    world: World
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    def report(self, rows: int, share: float = 0.1) -> Path:
        """Write a report of which this share is findings."""
        folder = self.world.folder / str(rows)
        folder.mkdir()
        return write_large(folder / NAME, rows, share=share)

    def start(self, file: Path, *, kill_at: int | None = None) -> subprocess.Popen[str]:
        """Start an import."""
        at = self.world.clock.now() + 2 * DAY
        options = [str(self.world.folder / "config.yaml"), str(file), at.isoformat()]
        if kill_at is not None:
            options.append(str(kill_at))
        command = [sys.executable, "-m", "tests.imports.driver", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._running.append(process)
        return process

    def peak_mib(self, file: Path) -> float:
        """Import a file whole, and return the peak memory of its process."""
        said, _ = self.start(file).communicate(timeout=300)
        return int(said.splitlines()[-1].removeprefix("peak ")) / 1024

    def end(self) -> None:
        """End what a failed test has left running."""
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def world(tmp_path: Path, database: str | None) -> Iterator[World]:
    with a_world(tmp_path, database=database) as made:
        yield made


@pytest.fixture
def importer(world: World) -> Iterator[Importer]:
    made = Importer(world)
    yield made
    made.end()
