"""While 100,000 rows are imported, rollbacks and the engine's passes on the same database go through."""

import time
from collections.abc import Callable

from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.engine import steer
from iamflow.engine.runner import act_at_once
from tests.imports.conftest import Importer
from tests.world import ALICE, HOUR, World, on_both

ROWS = 100_000
KEYS = [KeyId(f"AKIAYF5JKDJQWATCHED{number}") for number in range(3)]


def _watched(world: World) -> None:
    """Bring three keys as far as being watched after their deactivation."""
    findings = []
    for number, key in enumerate(KEYS):
        world.user(f"etl-{number}")
        findings.append(world.key(key, f"etl-{number}"))
    world.take_in(*findings)
    world.pass_until(State.MONITORING, KEYS[-1])


def _give_back(world: World, key: KeyId) -> None:
    act_at_once(world.engine, steer.rollback(world.desk(ALICE), key).id)
    assert world.ticket(key).state is State.ROLLED_BACK
    assert world.status(key) == "Active"


def _look(world: World) -> None:
    world.clock.set(world.clock.now() + 9 * HOUR)
    assert world.app.run_tick(world.engine).tickets


def _took(work: Callable[[World], None], world: World) -> float:
    began = time.monotonic()
    work(world)
    return time.monotonic() - began


@on_both
def test_rollbacks_and_passes_go_through_while_an_import_runs(world: World, importer: Importer) -> None:
    _watched(world)
    file = importer.report(ROWS)
    began = time.monotonic()
    process = importer.start(file)
    assert process.stdout is not None
    assert process.stdout.readline() == "1000\n"
    waits = []
    for key in KEYS:
        waits.append(_took(_look, world))
        waits.append(_took(lambda world, key=key: _give_back(world, key), world))  # type: ignore[misc]  # the key is this one
    assert process.poll() is None, "the import had ended before: make the file larger"
    said = process.communicate(timeout=300)[0].splitlines()
    assert process.returncode == 0
    assert said[-2] == str(ROWS)
    assert max(waits) < (time.monotonic() - began) / 2
    assert len(world.app.store.findings()) > ROWS / 20
    assert list(world.app.store.verify()) == []
