"""The whole life of a key, with every event read from the bucket of an organisation trail and none from LookupEvents."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.domain.states import State
from iamflow.domain.ticket import Confirmation
from iamflow.sandbox.settings import SandboxSettings
from tests.world import ACCOUNT, HOUR, KEY, World, a_world

REGIONS = ("us-east-1", "eu-west-1")
TRAIL = "aws: {trail: {s3: {bucket: org-trail, region: us-east-1, organization: o-exampleorgid}}}\n"


def waits(world: World) -> str:
    """Let time pass until the ticket waits for something; return for what."""
    before = world.ticket().attempts
    world.pass_days(3, until=lambda: world.ticket().attempts > before)
    ticket = world.ticket()
    assert ticket.state is State.MONITORING
    (why,) = ticket.progress.waiting_for
    return why


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = SandboxSettings(trail_bucket="org-trail", regions=REGIONS)
    with a_world(tmp_path, TRAIL, settings) as made:
        made.user()
        made.take_in(made.key())
        yield made


def test_a_key_goes_from_its_notice_to_its_confirmed_deletion(world: World) -> None:
    world.pass_until(State.DELETED)
    world.pass_days(1)
    ticket = world.ticket()
    assert ticket.confirmation is Confirmation.CONFIRMED
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]
    sweep = ticket.progress.final_sweep
    assert sweep is not None
    assert (sweep.conclusive, set(sweep.regions)) == (True, set(REGIONS))
    called = {operation for _, _, _, operation in world.sandbox.calls()}
    assert "GetObject" in called
    assert "LookupEvents" not in called


def test_a_key_that_is_used_in_monitoring_is_given_back_with_who_used_it(world: World) -> None:
    world.pass_until(State.MONITORING)
    world.sandbox.faults.propagation("eu-west-1", timedelta(hours=1))
    world.clock.advance(timedelta(minutes=10))
    world.sandbox.use_key(KEY, region="eu-west-1", source_ip="198.51.100.77", operation="ListBuckets")
    world.pass_until(State.ROLLED_BACK)
    assert world.status() == "Active"
    assert any("198.51.100.77" in mail for mail in world.mails())


def test_a_key_is_not_deleted_while_an_object_of_its_window_is_cut_off(world: World) -> None:
    world.pass_until(State.MONITORING)
    world.clock.advance(10 * HOUR)
    deliveries = world.sandbox.deliveries
    name = deliveries.names(ACCOUNT, "us-east-1")[-1]
    whole = deliveries.content(name)
    deliveries.put(name, whole[:-20])
    assert f"s3://org-trail/{name} is cut off" in waits(world)
    deliveries.put(name, whole)
    world.pass_until(State.DELETED)


def test_a_key_is_not_deleted_while_the_trail_delivers_nothing_of_a_region(world: World) -> None:
    world.pass_until(State.MONITORING)
    put = world.sandbox.deliveries.put
    lost: list[str] = []

    def losing(name: str, content: bytes) -> None:
        if "/eu-west-1/" in name:
            lost.append(name)
        else:
            put(name, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.sandbox.deliveries, "put", losing)
        told = [waits(world) for _ in range(4)]
        assert "of eu-west-1, the trail has delivered nothing made after" in told[-1]
    assert lost
    assert world.status() == "Inactive"
    world.pass_until(State.DELETED)
