"""Which regions must be read (DESIGN 8.15)."""

from collections.abc import Sequence

from iamflow.aws.answers import text
from iamflow.aws.clients import Api
from iamflow.aws.errors import not_understood
from iamflow.aws.settings import AwsSettings
from iamflow.domain.facts import RegionSet
from iamflow.domain.ids import Region

_ENABLED = frozenset({"opt-in-not-required", "opted-in"})


def enabled(ec2: Api) -> tuple[Region, ...]:
    """Return the regions that are enabled in the account, by name.

    Raises ``TemporaryError`` for an answer without any: then it is not known what must be read.
    """
    attempt = ec2.attempt_at("DescribeRegions")
    rows = ec2.call("DescribeRegions").get("Regions", [])
    names = [text(row.get("RegionName")) for row in rows if row.get("OptInStatus", "opted-in") in _ENABLED]
    found = tuple(sorted(Region(name) for name in names if name is not None))
    if not found or None in names:
        raise not_understood(attempt, "names no region")
    return found


def to_read(regions: Sequence[Region], settings: AwsSettings) -> RegionSet:
    """Part the regions into those that are read and those that the settings excuse, with the reason."""
    excused = settings.regions_excused
    return RegionSet(
        readable=tuple(region for region in regions if region not in excused),
        excused=tuple((region, excused[region]) for region in regions if region in excused),
    )
