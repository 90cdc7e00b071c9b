"""What every test stands on: no account of the person who runs it, no settings of theirs, and the same dice each time."""

import gc
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.memory import in_memory

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


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' files in memory, where there is room."""
    memory = in_memory()
    if config.option.basetemp is None and not hasattr(config, "workerinput") and memory is not None:
        config.option.basetemp = memory / f"iamflow-tests-{os.getpid()}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the memory back."""
    folder, memory = config.option.basetemp, in_memory()
    if folder is not None and not hasattr(config, "workerinput") and Path(folder).parent == memory:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Keep what botocore reads of its own files: it reads megabytes anew for each session, and each test has its own."""
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file
    kept: dict[str, object] = {}

    def read_once(self: JSONFileLoader, file_path: str) -> object:
        if "/s3/" in file_path:
            # A client takes the bucket out of the paths in its model, and the simulated AWS tells operations by them.
            return read(self, file_path)
        if file_path not in kept:
            kept[file_path] = read(self, file_path)
        return kept[file_path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", read_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _garbage_is_looked_for_less_often() -> Iterator[None]:
    """Let Python look through its objects less often: there are a million of them, most of them AWS's models, and all stay."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1_000)
    yield
    gc.set_threshold(*before)


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
