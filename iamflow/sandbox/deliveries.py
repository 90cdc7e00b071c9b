"""An organisation trail that delivers to a bucket: every event, some minutes late, gzipped by account, region and day.

Nothing runs in the background: what would have been delivered by now is, when somebody looks into S3.
"""

import gzip
import json
import secrets
import string
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from iamflow.sandbox.events import TrailEvent
from iamflow.sandbox.org_tree import ORGANISATION_ID
from iamflow.sandbox.world import World

if TYPE_CHECKING:
    from moto.s3.models import S3Backend

_REGION = "us-east-1"
_UNIQUE = 16


class Deliveries:
    """The bucket of the organisation's trail, in the home account."""

    def __init__(self, world: World, bucket: str) -> None:
        """Deliver to a bucket of that name, which is made."""
        self._world = world
        self._bucket = bucket
        self._s3.create_bucket(bucket, _REGION)

    def bring(self, now: datetime) -> None:
        """Deliver what has become due, each account's and region's events of a minute as one object."""
        objects: dict[tuple[str, str, datetime], list[TrailEvent]] = defaultdict(list)
        for event, at in self._world.trail.take_due(now):
            objects[event.account_id, event.region, at.replace(second=0, microsecond=0)].append(event)
        for (account_id, region, at), events in objects.items():
            self.put(self.name(account_id, region, at), _written(events))

    def name(self, account_id: str, region: str, at: datetime) -> str:
        """Return a new name for what is delivered at a time (UTC)."""
        unique = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_UNIQUE))
        folder = f"AWSLogs/{ORGANISATION_ID}/{account_id}/CloudTrail/{region}/{at:%Y/%m/%d}"
        return f"{folder}/{account_id}_CloudTrail_{region}_{at:%Y%m%dT%H%M}Z_{unique}.json.gz"

    def names(self, account_id: str, region: str) -> Sequence[str]:
        """Return what was delivered of an account's region until now, oldest first."""
        with self._world.lock:
            self.bring(self._world.clock.now())
        folder = f"AWSLogs/{ORGANISATION_ID}/{account_id}/CloudTrail/{region}/"
        return sorted(name for name in self._s3.buckets[self._bucket].keys if name.startswith(folder))

    def content(self, name: str) -> bytes:
        """Return an object's bytes."""
        found = self._s3.get_object(self._bucket, name)
        if found is None:
            raise KeyError(name)
        return bytes(found.value)

    def put(self, name: str, content: bytes) -> None:
        """Put an object there, in place of one of the same name: as a trail does, or as one that is broken."""
        self._s3.put_object(self._bucket, name, content)

    @property
    def _s3(self) -> "S3Backend":
        from moto.s3.models import s3_backends  # noqa: PLC0415 - takes a second, and hardly anybody has a trail

        backend: S3Backend = s3_backends[self._world.settings.home_account]["aws"]
        return backend


def _written(events: Sequence[TrailEvent]) -> bytes:
    return gzip.compress(json.dumps({"Records": [json.loads(event.document()) for event in events]}).encode())
