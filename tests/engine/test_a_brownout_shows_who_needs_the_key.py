"""An application that calls while its key is denied brings the key back by that, and the ticket names it."""

from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.domain.evidence import SignalKind, TrailEvent
from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.engine import steer
from iamflow.sandbox.settings import SandboxSettings
from tests.engine.browning import ATTACH, HALF_A_DAY, LIFT, browned_out, check_way_out, policies
from tests.world import ACCOUNT, DAY, HOUR, KEY, START, World, a_world, finding, on_both

MINUTE = timedelta(minutes=1)
NEVER = timedelta(days=9999)
POLLED = f"{HALF_A_DAY}\ntiming: {{poll: 30m}}"
"""A brown-out that is looked at every half an hour."""


def _denied(world: World, service: str = "s3", operation: str = "ListBuckets", region: str = "us-east-1") -> None:
    """Let the application that everybody has forgotten call, once the deny has reached all of AWS."""
    world.clock.advance(10 * MINUTE)
    done = world.sandbox.use_key(
        KEY, service=service, operation=operation, region=region, source_ip="203.0.113.77", user_agent="payroll/1"
    )
    assert not done.ok


def _seen(world: World) -> list[TrailEvent]:
    return [signal.event for signal in world.ticket().progress.signals if signal.event is not None]


def _program(call: TrailEvent) -> str:
    """Return what the application calls itself; the SDK adds its own name."""
    return (call.user_agent or "").split()[0]


@on_both
@pytest.mark.parametrize("world", [POLLED], indirect=True)
def test_a_denied_call_gives_the_key_back_at_the_next_look_and_names_the_application(world: World) -> None:
    browned_out(world)
    _denied(world)
    ticket = world.pass_until(State.ROLLED_BACK, days=HOUR / DAY)
    assert ticket.resolution is Resolution.ROLLED_BACK
    (call,) = _seen(world)
    assert _program(call) == "payroll/1"
    assert (call.source_ip, call.source, call.region) == ("203.0.113.77", "s3.amazonaws.com", "us-east-1")
    assert call.error_code == "AccessDenied"
    (mail,) = [mail for mail in world.mails() if "Rolled back" in mail]
    assert "payroll/1" in mail
    assert "203.0.113.77" in mail
    assert "works again" in mail
    assert "is Active again" not in mail
    assert world.calls_made() == [ATTACH, LIFT]
    assert world.sandbox.use_key(KEY).ok
    check_way_out(world)
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED


@pytest.mark.parametrize("world", [POLLED], indirect=True)
def test_a_denied_call_in_another_region_is_found_where_the_last_use_points(world: World) -> None:
    browned_out(world)
    _denied(world, service="ec2", operation="DescribeInstances", region="eu-west-1")
    world.pass_until(State.ROLLED_BACK, days=HOUR / DAY)
    (call,) = _seen(world)
    assert (call.region, call.source, call.error_code) == ("eu-west-1", "ec2.amazonaws.com", "UnauthorizedOperation")
    check_way_out(world)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_denial_that_no_last_use_tells_of_is_found_by_the_search_afterwards(tmp_path: Path, region: str) -> None:
    with a_world(tmp_path, HALF_A_DAY, SandboxSettings(lookups_per_second=10_000, last_used_step=NEVER)) as world:
        browned_out(world)
        _denied(world, region=region)
        ticket = world.pass_until(State.ROLLED_BACK, days=2)
        assert [(call.region, _program(call)) for call in _seen(world)] == [(region, "payroll/1")]
        assert ticket.progress.brownout is not None
        assert ticket.progress.brownout.complete
        assert ticket.progress.brownout.swept_at is None
        assert world.calls_made() == [ATTACH, LIFT]
        check_way_out(world)


def test_a_denial_that_cloudtrail_delivers_late_is_found_all_the_same(tmp_path: Path) -> None:
    late = SandboxSettings(lookups_per_second=10_000, last_used_step=NEVER, trail_delay=12 * HOUR)
    with a_world(tmp_path, HALF_A_DAY, late) as world:
        browned_out(world)
        _denied(world)
        world.pass_until(State.ROLLED_BACK, days=2)
        assert [_program(call) for call in _seen(world)] == ["payroll/1"]
        check_way_out(world)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_a_call_that_was_let_through_shows_that_somebody_has_the_key(world: World) -> None:
    browned_out(world)
    world.clock.advance(10 * MINUTE)
    assert world.sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity", user_agent="cron/2").ok
    world.pass_until(State.ROLLED_BACK, days=2)
    assert [(call.name, call.error_code, _program(call)) for call in _seen(world)] == [
        ("GetCallerIdentity", None, "cron/2")
    ]
    check_way_out(world)


def test_where_cloudtrail_is_late_the_last_use_alone_gives_the_key_back(tmp_path: Path) -> None:
    with a_world(tmp_path, POLLED, SandboxSettings(lookups_per_second=10_000, trail_delay=2 * HOUR)) as world:
        browned_out(world)
        _denied(world, region="eu-west-1")
        world.pass_days(HOUR / DAY)
        assert policies(world) == []
        ticket = world.pass_until(State.ROLLED_BACK, days=HOUR / DAY)
        (signal,) = ticket.progress.signals
        assert signal.kind is SignalKind.KEY_USED
        assert "s3 eu-west-1" in signal.sentence
        assert signal.event is None
        check_way_out(world)


def test_the_key_works_again_at_once_and_the_application_is_named_once_cloudtrail_delivers(tmp_path: Path) -> None:
    with a_world(tmp_path, POLLED, SandboxSettings(lookups_per_second=10_000, trail_delay=20 * HOUR / 60)) as world:
        browned_out(world)
        world.clock.advance(HOUR / 4)
        _denied(world, region="eu-west-1")
        world.pass_days(HOUR / 4 / DAY)
        assert policies(world) == []
        world.pass_until(State.ROLLED_BACK, days=2 * HOUR / DAY)
        assert {(call.source, call.region) for call in _seen(world)} == {("s3.amazonaws.com", "eu-west-1")}
        check_way_out(world)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_a_region_that_cannot_be_read_is_a_persons_affair_and_never_taken_for_quiet(world: World) -> None:
    browned_out(world)
    with world.sandbox.faults.access_denied(service="cloudtrail", region="eu-west-1"):
        blocked = world.pass_until(State.BLOCKED)
        assert "eu-west-1" in (blocked.blocked_reason or "")
        assert policies(world) == []
        world.pass_days(3)
        assert world.calls_made() == [ATTACH, LIFT]
    steer.retry(world.desk(), KEY)
    world.pass_until(State.DEACTIVATED)
    check_way_out(world)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_a_call_from_before_the_deny_had_reached_all_of_aws_leads_to_a_person(world: World) -> None:
    browned_out(world)
    world.clock.advance(MINUTE)
    assert world.sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity").ok
    ticket = world.pass_until(State.AWAITING_APPROVAL, days=3)
    assert any("rules.recent_use" in reason for reason in ticket.progress.waiting_for)
    assert not ticket.key_was_deactivated
    check_way_out(world)


@pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)
def test_a_key_that_a_brownout_gave_back_is_not_taken_again_without_a_person(world: World) -> None:
    browned_out(world)
    _denied(world)
    world.pass_until(State.ROLLED_BACK, days=2)
    world.clock.advance(timedelta(days=60))
    world.take_in(finding(KEY, "etl", ACCOUNT, created=START - 300 * DAY, used=None), as_of=world.clock.now())
    assert world.ticket().progress.once_rolled_back
    world.pass_until(State.AWAITING_APPROVAL, days=40)
    assert world.calls_made() == [ATTACH, LIFT]
