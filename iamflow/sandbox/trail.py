"""CloudTrail's memory: every management call as an event, found again by one attribute and a window of time.

Events lie in lists ordered by time, one list for each account, region and attribute value, so that a lookup costs what
it returns and not what there is.
"""

import base64
import binascii
import bisect
import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.events import TrailEvent

_PAGE = 50
_KEPT = timedelta(days=90)
_ATTRIBUTES = frozenset({
    "EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId",
})  # fmt: skip


@dataclass(order=True, slots=True)
class _Entry:
    """A place in time: the event's own time, then the order of arrival."""

    at: datetime
    order: int
    event: TrailEvent = field(compare=False)
    visible_at: datetime = field(compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One answer of LookupEvents, newest event first."""

    events: Sequence[TrailEvent]
    next_token: str | None


class Trail:
    """The events of all accounts and regions. Not thread-safe: the gateway admits one call at a time."""

    def __init__(self, *, delay: timedelta, lookups_per_second: int, delivers: bool = False) -> None:
        """Show events after ``delay``, and answer that many lookups a second for each account and region.

        With ``delivers``, events also wait to be taken to a bucket.
        """
        self._waiting: list[_Entry] | None = [] if delivers else None
        self.delay = delay
        self._limit = lookups_per_second
        self._lists: dict[tuple[str, str, str, str], list[_Entry]] = defaultdict(list)
        self._lookups: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)
        self._count = 0

    def record(self, event: TrailEvent, *, visible_at: datetime | None = None) -> None:
        """Keep an event; it is found from ``visible_at`` on (its own time plus the delay when not given)."""
        self._count += 1
        entry = _Entry(event.at, self._count, event, visible_at or event.at + self.delay)
        if self._waiting is not None:
            self._waiting.append(entry)
        for attribute, value in _index(event):
            listed = self._lists[event.account_id, event.region, attribute, value]
            if not listed or listed[-1] < entry:
                listed.append(entry)
            else:
                bisect.insort(listed, entry)

    def take_due(self, now: datetime) -> Iterator[tuple[TrailEvent, datetime]]:
        """Hand over the events that are to be delivered by now, each once, with the time of its delivery."""
        waiting = self._waiting or []
        due = [entry for entry in waiting if entry.visible_at <= now]
        waiting[:] = [entry for entry in waiting if entry.visible_at > now]
        return ((entry.event, entry.visible_at) for entry in due)

    def admit(self, account_id: str, region: str, now: datetime) -> None:
        """Count one lookup; ThrottlingException beyond the quota of the last second."""
        recent = self._lookups[account_id, region]
        while recent and now - recent[0] >= timedelta(seconds=1):
            recent.popleft()
        if len(recent) >= self._limit:
            raise AwsError(code="ThrottlingException", message="Rate exceeded")
        recent.append(now)

    def lookup(self, account_id: str, region: str, request: Mapping[str, Any], now: datetime) -> Page:
        """Answer LookupEvents for one account and region.

        Raises AwsError with CloudTrail's codes for a wrong attribute, window, page size or token.
        """
        attribute, value = _attribute(request)
        size = _size(request)
        start, end = _window(request, now)
        asked = (account_id, region, attribute, value, request.get("StartTime"), request.get("EndTime"))
        question = hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
        listed = self._lists.get((account_id, region, attribute, value), [])
        last = _position(request.get("NextToken"), question)
        found = list(_newest_first(listed, (start, end, last), now, size + 1))
        more = len(found) > size
        token = _token(question, found[size - 1]) if more else None
        return Page(events=[entry.event for entry in found[:size]], next_token=token)

    def events(self, account_id: str, region: str) -> Sequence[TrailEvent]:
        """Return all events of an account and region, oldest first, visible or not."""
        return [entry.event for entry in self._lists.get((account_id, region, "", ""), [])]


def _newest_first(
    listed: list[_Entry], window: tuple[datetime, datetime, tuple[datetime, int] | None], now: datetime, wanted: int
) -> Iterator[_Entry]:
    start, end, last = window
    upto = bisect.bisect_right(listed, end, key=lambda entry: entry.at)
    if last is not None:
        upto = min(upto, bisect.bisect_left(listed, last, key=lambda entry: (entry.at, entry.order)))
    given = 0
    for position in range(upto - 1, -1, -1):
        entry = listed[position]
        if entry.at < start or given == wanted:
            return
        if entry.visible_at <= now:
            given += 1
            yield entry


def _index(event: TrailEvent) -> Iterator[tuple[str, str]]:
    """Give the attribute values that an event is found by; the empty one finds all events."""
    yield "", ""
    yield "EventId", event.event_id
    yield "EventName", event.name
    yield "EventSource", event.source
    yield "ReadOnly", "true" if event.read_only else "false"
    if event.username:
        yield "Username", event.username
    if event.access_key_id:
        yield "AccessKeyId", event.access_key_id
    for kind in {resource.kind for resource in event.resources}:
        yield "ResourceType", kind
    for name in {resource.name for resource in event.resources}:
        yield "ResourceName", name


def _attribute(request: Mapping[str, Any]) -> tuple[str, str]:
    chosen = request.get("LookupAttributes") or []
    if not chosen:
        return "", ""
    if len(chosen) > 1:
        raise AwsError(code="InvalidLookupAttributesException", message="You can only specify one lookup attribute.")
    key, value = str(chosen[0].get("AttributeKey")), str(chosen[0].get("AttributeValue"))
    if key not in _ATTRIBUTES:
        raise AwsError(code="InvalidLookupAttributesException", message=f"{key} is not a lookup attribute.")
    return key, value


def _size(request: Mapping[str, Any]) -> int:
    size = request.get("MaxResults")
    if size is None:
        return _PAGE
    if not 1 <= int(size) <= _PAGE:
        raise AwsError(code="InvalidMaxResultsException", message="MaxResults must be between 1 and 50.")
    return int(size)


def _window(request: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    start = _time(request.get("StartTime"), now - _KEPT)
    end = _time(request.get("EndTime"), datetime.max.replace(tzinfo=UTC))
    if start > end:
        raise AwsError(code="InvalidTimeRangeException", message="The start time is after the end time.")
    return max(start, now - _KEPT), end


def _time(value: object, default: datetime) -> datetime:
    """Return a time of the request, which was parsed as naive UTC."""
    if not isinstance(value, datetime):
        return default
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _token(question: str, entry: _Entry) -> str:
    text = json.dumps([question, entry.at.isoformat(), entry.order])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(token: object, question: str) -> tuple[datetime, int] | None:
    if not token:
        return None
    try:
        asked, at, order = json.loads(base64.urlsafe_b64decode(str(token)))
        position = datetime.fromisoformat(at), int(order)
    except (ValueError, TypeError, binascii.Error):
        raise AwsError(code="InvalidNextTokenException", message="The token is not one of this service's.") from None
    if asked != question:
        raise AwsError(
            code="InvalidNextTokenException", message="A token goes with the same parameters as its first request."
        )
    return position
