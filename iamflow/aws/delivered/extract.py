"""What iamflow keeps of an object that a trail delivered, found again as LookupEvents finds events.

Kept are the calls of IAM users, their sessions and whatever is not known, management and data events alike: a denied read
of an object in S3 shows a key in use as well as any other call. Calls of roles and of AWS's services, which are most of a
busy account's, are kept where somebody takes a role, changes something in IAM or in the organisation, or signs in. Insights
are delivered elsewhere, and are not read.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from iamflow.aws.answers import text
from iamflow.aws.delivered.records import MalformedError, Record
from iamflow.aws.events import mapping, reduced
from iamflow.domain.evidence import Attribute, TrailEvent, TrailQuery

_ROLES = frozenset({"AssumedRole", "AWSService", "AWSAccount"})
_CHANGES_MATTER = frozenset({"iam.amazonaws.com", "organizations.amazonaws.com"})
_SIGN_IN = "signin.amazonaws.com"
_TAKING_ROLES = "AssumeRole"
# What parameters and answers call the resources that LookupEvents finds events by.
_NAMING = frozenset({"userName", "accessKeyId", "roleName", "roleArn", "groupName", "policyArn", "serialNumber"})
_FIXED_SIZE, _NAME_SIZE = 1_000, 200
"""About how many bytes an extract, and each value that it is found by, take beside the events."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """What matters of one object. Holds no secrets."""

    names: frozenset[tuple[Attribute, str]]
    """Every value that some event of it is found by."""
    packed: bytes
    """The events, one on a line, compressed."""
    seen_until: datetime | None
    """When the latest management event that changes nothing was made (UTC), whoever made it: such events are delivered."""

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return _FIXED_SIZE + _NAME_SIZE * len(self.names) + len(self.packed)

    def events(self, query: TrailQuery) -> Iterator[TrailEvent]:
        """Yield the events that answer the question."""
        if (query.attribute, query.value) not in self.names:
            return
        for line in zlib.decompress(self.packed).splitlines():
            row = json.loads(line)
            if [query.attribute.value, query.value] in row["names"]:
                fields = row["event"]
                event = TrailEvent(**{**fields, "at": datetime.fromisoformat(fields["at"])})
                if query.start <= event.at <= query.end:
                    yield event


def extract(records: Iterable[Record], region: str) -> Extract:
    """Return what matters of an object's records.

    Raises ``MalformedError`` for a record that is no event: one that is left out might be the decisive one.
    """
    names: set[tuple[Attribute, str]] = set()
    packer = zlib.compressobj(1)
    packed: list[bytes] = []
    seen_until: datetime | None = None
    for record in records:
        at = _time(record)
        if _management(record) and _read_only(record):
            seen_until = max(at, seen_until or at)
        if not _matters(record):
            continue
        event, found_by = _event(record, at, region)
        names |= found_by
        fields = {name: value for name, value in asdict(event).items() if value is not None}
        row = {"event": fields | {"at": event.at.isoformat()}, "names": sorted(found_by)}
        packed.append(packer.compress(json.dumps(row).encode() + b"\n"))
    packed.append(packer.flush())
    return Extract(names=frozenset(names), packed=b"".join(packed), seen_until=seen_until)


def _event(record: Record, at: datetime, region: str) -> tuple[TrailEvent, set[tuple[Attribute, str]]]:
    user = _username(mapping(record.get("userIdentity")))
    try:
        event = reduced({"EventTime": at, "Username": user}, record, region)
    except (ValueError, TypeError) as error:
        message = "holds a record that is no event"
        raise MalformedError(message) from error
    resources = {*_named(record), event.target_key_id, event.target_user, event.target_policy}
    found = {(Attribute.RESOURCE_NAME, name) for name in resources if name is not None}
    found.add((Attribute.EVENT_NAME, event.name))
    if event.access_key_id is not None:
        found.add((Attribute.ACCESS_KEY_ID, event.access_key_id))
    if event.username is not None:
        found.add((Attribute.USERNAME, event.username))
    return event, found


def _time(record: Record) -> datetime:
    try:
        return datetime.strptime(str(record.get("eventTime")), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        message = "holds a record without a time"
        raise MalformedError(message) from error


def _management(record: Record) -> bool:
    """Whether it is a management event; records of old versions do not say, and hold nothing else."""
    return record.get("eventCategory", "Management") == "Management" and record.get("managementEvent") is not False


def _read_only(record: Record) -> bool:
    return str(record.get("readOnly")).lower() == "true"


def _matters(record: Record) -> bool:
    if mapping(record.get("userIdentity")).get("type") not in _ROLES:
        return True
    source, name = record.get("eventSource"), str(record.get("eventName"))
    if source in _CHANGES_MATTER:
        return not _read_only(record)
    return source == _SIGN_IN or name.startswith(_TAKING_ROLES)


def _username(identity: Record) -> str | None:
    """Return the name that LookupEvents gives as Username: of a session, it is the session's."""
    name = text(identity.get("userName"))
    if name is not None:
        return name
    if identity.get("type") == "Root":
        return "root"
    arn = text(identity.get("arn"))
    return arn.rsplit("/", 1)[-1] if arn is not None and "/" in arn else None


def _named(record: Record) -> Iterator[str]:
    """Yield the resources that an event names: its parameters, its answer, and its own list of them."""
    for part in ("requestParameters", "responseElements"):
        yield from _in(mapping(record.get(part)))
    listed = record.get("resources")
    for row in listed if isinstance(listed, list) else []:
        arn = text(mapping(row).get("ARN"))
        if arn is not None:
            yield arn
            yield arn.rsplit("/", 1)[-1]


def _in(values: Record) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _in(value)
        elif key in _NAMING and (name := text(value)) is not None:
            yield name
