"""An import that is killed shows nothing of its findings; the next one shows all of them, and clears away what was left."""

import signal

import pytest
from sqlalchemy import select

from iamflow.engine.intake import import_report
from iamflow.store.schema import FINDINGS
from tests.imports.conftest import CHUNK, Importer
from tests.world import DAY, World, on_both

ROWS = 5 * CHUNK


def _scans_with_findings(world: World) -> list[int]:
    with world.app._store.database.reading() as connection:
        return list(connection.execute(select(FINDINGS.c.scan_id).distinct()).scalars())


@on_both
@pytest.mark.parametrize("kill_at", [2 * CHUNK, ROWS])
def test_killed_in_the_middle_or_just_before_its_findings_are_shown(
    world: World, importer: Importer, kill_at: int
) -> None:
    file = importer.report(ROWS)
    killed = importer.start(file, kill_at=kill_at)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert world.app.store.findings() == []
    assert len(_scans_with_findings(world)) == 1
    opened_before = sum(world.app.store.counts().values())
    assert list(world.app.store.verify()) == []

    world.clock.set(world.clock.now() + 3 * DAY)
    again = import_report(world.desk(), world.app.open_report(file))

    assert len(world.app.store.findings()) == again.findings
    assert again.existing == opened_before
    assert again.opened == again.findings - opened_before
    assert len(_scans_with_findings(world)) == 1
    assert list(world.app.store.verify()) == []
