"""A world in which everything is as it should be, the doctor in it, and what it says."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iamflow.cli.main import main
from iamflow.domain.clock import Clock
from tests.world import World, a_world


@dataclass(frozen=True)
class Said:
    """What the doctor said, and the exit code."""

    code: int
    lines: list[dict[str, Any]]
    err: str

    def of(self, check: str) -> dict[str, Any]:
        """Return the one line about this."""
        (line,) = [line for line in self.lines if line["check"] == check]
        return line

    def named(self, status: str) -> list[str]:
        """Return the checks that fare so."""
        return [line["check"] for line in self.lines if line["status"] == status]

    @property
    def worst(self) -> list[str]:
        return self.named("failed")


@dataclass
class Clinic:
    """A world with a doctor in it."""

    world: World
    run: Callable[..., tuple[int, str, str]]
    monkeypatch: pytest.MonkeyPatch

    @property
    def config(self) -> Path:
        return self.world.folder / "config.yaml"

    def doctor(self, *options: str) -> Said:
        code, out, err = self.run("doctor", "--output", "json", *options)
        return Said(code, json.loads(out), err)

    def set(self, before: str, after: str) -> None:
        """Change the settings."""
        text = self.config.read_text()
        assert before in text
        self.config.write_text(text.replace(before, after))

    def tell_time(self, clock: Clock) -> None:
        """Let this host have that clock from now on."""
        self.monkeypatch.setattr("iamflow.bootstrap.SystemClock", lambda _stop: clock)

    def a_living_daemon(self) -> None:
        self.world.app.store.beat("daemon-1", host="bastion", pid=1, at=self.world.clock.now())


@pytest.fixture
def clinic(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    database: str | None,
) -> Iterator[Clinic]:
    """``@pytest.mark.parametrize("clinic", [yaml], indirect=True)`` sets settings of its own."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--config", str(tmp_path / "config.yaml"), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    with a_world(tmp_path, getattr(request, "param", ""), database=database) as world:
        made = Clinic(world, run, monkeypatch)
        made.tell_time(world.clock)
        made.a_living_daemon()
        yield made


@dataclass(frozen=True)
class OffClock:
    """A host's clock that is off from AWS's."""

    true: Clock
    by: timedelta

    def now(self) -> Any:
        return self.true.now() + self.by

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)


def fails_alone(clinic: Clinic, check: str, remedy: str, *options: str) -> str:
    """Check that this alone fails, and names this remedy; return its sentence."""
    said = clinic.doctor(*options)
    assert said.worst == [check], [line for line in said.lines if line["status"] != "ok"]
    assert said.code == 1
    assert said.err.splitlines() == [f"iamflow: 1 of the checks failed: {check}"]
    line = said.of(check)
    assert remedy in line["remedy"]
    assert all(line["remedy"] for line in said.lines if line["status"] != "ok")
    return str(line["sentence"])


def warns(clinic: Clinic, check: str, remedy: str) -> str:
    """Check that nothing fails, and this is warned of, with this remedy; return its sentence."""
    said = clinic.doctor()
    assert (said.code, said.named("warning")) == (0, [check])
    assert remedy in said.of(check)["remedy"]
    return str(said.of(check)["sentence"])
