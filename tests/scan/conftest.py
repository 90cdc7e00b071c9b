"""A world with a whole organisation in it, and a shell there."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iamflow.bootstrap import application
from iamflow.engine.ports import TicketFilter
from tests.cli.conftest import Shell, office
from tests.scan import company
from tests.scan.company import Ticketed
from tests.world import World, a_world

__all__ = ["office"]

Calls = Callable[[], Counter[str]]

EVERY_RULE = "rules: {max_key_age: 90d}\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with a_world(tmp_path, EVERY_RULE) as made:
        company.settle(made.sandbox)
        monkeypatch.setattr("iamflow.bootstrap.SystemClock", lambda _stop: made.clock)
        yield made


@pytest.fixture
def shell(world: World, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(world.folder / "config.yaml", capsys)


@pytest.fixture
def calls(world: World) -> Calls:
    """Return how often each operation was called since the last time, by AWS's own count over all accounts."""
    before: Counter[tuple[str, str, str, str]] = world.sandbox.calls()

    def since() -> Counter[str]:
        nonlocal before
        now = world.sandbox.calls()
        made, before = now - before, now
        found: Counter[str] = Counter()
        for (_, _, service, operation), times in made.items():
            found[f"{service}:{operation}"] += times
        return found

    return since


def tickets(world: World) -> set[Ticketed]:
    """Return (workflow, account, user, key) of every ticket that is open."""
    with application(world.folder / "config.yaml", writer="test", clock=world.clock) as app:
        found = app.store.tickets(TicketFilter(), limit=1000)
        return {(one.workflow, one.account_id, one.username, one.access_key_id) for one in found}
