"""``finding list`` shows what the newest report says: a key that has become Inactive is on it no more."""

from dataclasses import replace

from iamflow.domain.facts import KeyStatus
from tests.world import DAY, KEY, START, World


def test_a_key_that_a_newer_report_calls_inactive_is_no_finding_any_more(world: World) -> None:
    world.user()
    found = world.key()
    world.take_in(found)
    assert [stored.finding.key_id for stored in world.app.store.findings()] == [KEY]
    world.clock.set(START + DAY)
    inactive = replace(found, facts=replace(found.facts, status=KeyStatus.INACTIVE))
    world.take_in(inactive, as_of=START + DAY)
    assert list(world.app.store.findings()) == []
