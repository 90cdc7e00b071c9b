"""What a trail calls the objects that it delivers, and where it puts them.

From "CloudTrail log file examples" and "Finding your CloudTrail log files" in the CloudTrail user guide: day and time in a
name are those of the delivery (UTC), and an object may hold events from any time before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from iamflow.aws.errors import one_line
from iamflow.aws.settings import TrailBucket
from iamflow.domain.ids import AccountId, Region

_NAME = re.compile(r"(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4})Z_[A-Za-z0-9]+\.json\.gz", re.ASCII)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The folder of one account and region in a trail's bucket."""

    where: TrailBucket
    account_id: AccountId
    region: Region

    def folder(self, day: date) -> str:
        """Return the prefix of what was delivered on a day."""
        parts = (self.where.prefix, "AWSLogs", self.where.organization, self.account_id, "CloudTrail", self.region)
        return "/".join(part for part in parts if part is not None) + f"/{day:%Y/%m/%d}/"

    def shown(self, key: str) -> str:
        """Return an object's address, as a message names it. Others may have chosen the name."""
        return f"s3://{self.where.bucket}/{one_line(key)}"


def delivered_at(key: str, place: Place) -> datetime | None:
    """Return when an object was delivered (UTC, to the minute); None where the name is not one that CloudTrail gives."""
    found = _NAME.fullmatch(key.rsplit("/", 1)[-1])
    if found is None or (found[1], found[2]) != (place.account_id, place.region):
        return None
    try:
        return datetime.strptime(found[3], "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None


def may_hold(delivered: datetime, since: datetime) -> bool:
    """Whether an object delivered then can hold an event from ``since`` or later. Names have no seconds."""
    return delivered + _MINUTE >= since


def days(start: datetime, now: datetime) -> Iterator[date]:
    """Yield the days on which an event from ``start`` on can have been delivered until now.

    A delivery that fails is tried again for up to 30 days ("Getting and viewing your CloudTrail log files"), so that only
    today is late enough. An hour is left for clocks that disagree about the date.
    """
    day, last = (start - timedelta(hours=1)).date(), (now + timedelta(hours=1)).date()
    while day <= last:
        yield day
        day += timedelta(days=1)
