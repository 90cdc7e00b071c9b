"""A world whose simulated AWS answers another process too, and a witness of everything that is changed in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.sandbox.settings import SandboxSettings
from tests.faults.record import Witness
from tests.world import World, a_world

PATIENT = "timing: {poll: 8h, retry: {base: 2m}}"
"""Looks that are as far apart as what has to be waited for: after a lost answer, most of them would show nothing new."""


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest, database: str | None) -> Iterator[World]:
    """A world; ``@pytest.mark.parametrize("world", [yaml], indirect=True)`` sets settings of its own."""
    settings = SandboxSettings(lookups_per_second=10_000, control=True)
    extra = getattr(request, "param", "")
    with a_world(tmp_path, extra if "timing:" in extra else f"{extra}\n{PATIENT}", settings, database) as made:
        yield made


@pytest.fixture
def witness(world: World) -> Witness:
    """The witness of this world."""
    return Witness(world)
