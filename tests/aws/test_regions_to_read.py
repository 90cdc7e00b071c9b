"""Every enabled region is read, unless it is excused by name and reason."""

from datetime import timedelta

import pytest

from iamflow.aws.cloud import AwsCloud, open_cloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import BlockedError, ConfigError, TemporaryError
from iamflow.domain.ids import Region
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, Opener
from tests.aws.scripted import Reply, Scripted

ASKED = (ACCOUNT, "us-east-1", "ec2", "DescribeRegions")
US, EU, SA = Region("us-east-1"), Region("eu-west-1"), Region("sa-east-1")


def described(*regions: tuple[str, str]) -> Reply:
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>" for name, status in regions
    )
    return Reply(body=f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>")


def test_the_enabled_regions_are_read(cloud: AwsCloud) -> None:
    found = cloud.regions(ACCOUNT)
    assert (found.readable, found.excused) == ((EU, SA, US), ())


def test_an_excused_region_is_kept_with_its_reason(opened: Opener) -> None:
    excused = {EU: "denied by the region policy", Region("ap-south-1"): "not enabled anyway"}
    found = opened(AwsSettings(regions_excused=excused)).regions(ACCOUNT)
    assert (found.readable, found.excused) == ((SA, US), ((EU, "denied by the region policy"),))


def test_a_configured_list_is_read_as_it_is(opened: Opener, sandbox: Sandbox) -> None:
    found = opened(AwsSettings(regions=(US, EU), regions_excused={EU: "why"})).regions(ACCOUNT)
    assert (found.readable, found.excused) == ((US,), ((EU, "why"),))
    assert not sandbox.calls()[ASKED]


def test_aws_is_asked_once_an_hour(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    cloud.regions(ACCOUNT)
    clock.advance(timedelta(minutes=50))
    cloud.regions(ACCOUNT)
    assert sandbox.calls()[ASKED] == 1
    clock.advance(timedelta(minutes=10))
    cloud.regions(ACCOUNT)
    assert sandbox.calls()[ASKED] == 2


def test_the_number_of_users_is_asked_once_an_hour(cloud: AwsCloud, sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.seed.user(ACCOUNT, "another")
    assert (cloud.user_count(ACCOUNT), cloud.user_count(ACCOUNT)) == (2, 2)
    sandbox.seed.user(ACCOUNT, "third")
    clock.advance(timedelta(hours=1))
    assert cloud.user_count(ACCOUNT) == 3


def test_a_failure_is_not_kept(cloud: AwsCloud, sandbox: Sandbox) -> None:
    with sandbox.faults.throttle(service="ec2"), pytest.raises(TemporaryError):
        cloud.regions(ACCOUNT)
    assert cloud.regions(ACCOUNT).readable


def test_a_denial_names_the_permission(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.faults.access_denied(service="ec2")
    with pytest.raises(BlockedError, match="allow ec2:DescribeRegions"):
        cloud.regions(ACCOUNT)


def test_regions_that_are_not_enabled_are_left_out(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on(
        "DescribeRegions",
        described(("us-east-1", "opt-in-not-required"), ("af-south-1", "not-opted-in"), ("me-south-1", "opted-in")),
    )
    assert scripted_cloud.regions(ACCOUNT).readable == ("me-south-1", "us-east-1")


@pytest.mark.parametrize("reply", [described(), described(("", "opted-in")), described(("af-south-1", "not-opted-in"))])
def test_an_answer_without_regions_is_an_error(scripted: Scripted, scripted_cloud: AwsCloud, reply: Reply) -> None:
    scripted.on("DescribeRegions", reply)
    with pytest.raises(TemporaryError, match="names no region"):
        scripted_cloud.regions(ACCOUNT)


@pytest.mark.parametrize("name", ["us east 1", "", "US-EAST-1", "nowhere", "us-east-1.example.com/"])
def test_what_is_no_region_is_refused_at_the_start(clock: VirtualClock, name: str) -> None:
    with pytest.raises(ConfigError, match=r"aws\.regions"):
        open_cloud(AwsSettings(regions=(Region(name),)), clock)
    with pytest.raises(ConfigError, match=r"aws\.regions"):
        open_cloud(AwsSettings(regions_excused={Region(name): "why"}), clock)


def test_a_default_region_that_is_none_is_refused_at_the_start(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "nowhere")
    with pytest.raises(ConfigError, match="'nowhere' is none"):
        open_cloud(AwsSettings(), clock)
