"""The engine's tests live in a whole world."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, a_world


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest, database: str | None) -> Iterator[World]:
    """A world; ``@pytest.mark.parametrize("world", [yaml], indirect=True)`` sets settings of its own."""
    with a_world(tmp_path, getattr(request, "param", ""), database=database) as made:
        yield made
