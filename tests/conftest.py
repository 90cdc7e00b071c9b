"""What every test stands on: no account of the person who runs it, no settings of theirs, and the same dice each time."""

import os
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.postgresql import Cluster

# Before anything is imported that reads them. A test that needs one of these sets it itself.
for name in [name for name in os.environ if name.startswith(("AWS_", "IAMFLOW_"))]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

# A slow machine is no failure, and the same commit gives the same answer. To look further: --hypothesis-profile=explore
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start each test with the same random numbers, whichever worker runs it and whatever ran before."""
    random.seed(20_261_124)


@pytest.fixture(scope="session")
def cluster() -> "Iterator[Cluster]":
    """One PostgreSQL server for each worker, started for the first test that needs it."""
    from tests.postgresql import Cluster, running_server

    with running_server() as server:
        yield Cluster(server)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of a world's database, as the migrations leave it; None for SQLite.

    SQLite, unless the test is marked ``on_both`` or ``on_postgresql`` (``tests.world``).
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        yield None
        return
    found: Cluster = request.getfixturevalue("cluster")
    with found.migrated() as url:
        yield url
