"""Answers LookupEvents' questions from what a trail delivered to a bucket.

Silence is proved, not assumed. A trail that does not cover a region, leaves out calls that only read, or has stopped, looks
just like a region in which nothing happens. So an answer counts as whole only where the region's folder shows an event that
changed nothing and was made close to the end of the window, by whomever. Where there is none, iamflow makes such a call
itself (GetCallerIdentity, which nobody can deny it) and waits for it to be delivered.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from iamflow.aws.clients import Api
from iamflow.aws.delivered import names, storage
from iamflow.aws.delivered.cache import Extracts
from iamflow.aws.delivered.extract import Extract
from iamflow.aws.delivered.names import Place
from iamflow.aws.delivered.storage import Delivered
from iamflow.domain.clock import Clock
from iamflow.domain.errors import BlockedError, IamflowError, TemporaryError
from iamflow.domain.evidence import TrailEvent, TrailQuery
from iamflow.engine.ports import TrailPage

PAGE = 500
"""Events a page: reading them costs no further call."""
SEEN_BEFORE_END = timedelta(minutes=15)
"""How long before the end of a window an event must have been seen. The least ``delivery_lag`` outside the sandbox is as
long, so that a window counts as quiet only where something that happened after it was delivered."""
_LISTED = timedelta(minutes=1)
"""For how long a list of a day's objects serves further tickets; beside the delivery lag, it is nothing."""
_AGAIN = timedelta(minutes=3)
"""When to look again for a call of our own, which takes about five minutes."""
_AT_ONCE = 8
_BATCH = 64
_OBJECTS_MOST = 5_000
"""How many objects are read for one question; the rest is left to the next look, which finds these kept."""
_FAILURES_MOST = 8
"""After how many objects that cannot be read no further ones are tried: what keeps the others out is hardly theirs."""
_NAMES_KEPT = 100_000
"""How many names of objects are kept with the lists: they take some 350 bytes each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a question is answered through."""

    s3: Api
    knock: Callable[[], object]
    """Makes a call in the account and region that changes nothing, and that CloudTrail records."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What a search found (newest first), and why it may not be all."""

    events: Sequence[TrailEvent]
    trouble: IamflowError | None


class BucketReader:
    """Reads the events of all accounts and regions. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing read."""
        self._clock = clock
        self._lock = threading.Lock()
        self._reading: defaultdict[Place, threading.Lock] = defaultdict(threading.Lock)
        self._lists: dict[str, tuple[datetime, Sequence[Delivered]]] = {}
        self._knocked: dict[Place, datetime] = {}
        self._extracts = Extracts()

    def page(self, access: Access, place: Place, query: TrailQuery, token: str | None) -> TrailPage:
        """Return one page, newest first.

        What was found is told before what went wrong: an event may decide, however much is not known beside it. So it is the
        last page that raises, ``TemporaryError`` where not all could be read now or the end of the window has not been seen
        to be delivered, ``BlockedError`` (``trail_bucket``) where a person must help.
        """
        with self._lock:
            reading = self._reading[place]
        with reading:
            found = self._search(access, place, query)
        waiting = [event for event in found.events if token is None or _position(event) < token]
        shown = tuple(waiting[:PAGE])
        if not shown and found.trouble is not None:
            raise found.trouble
        more = len(waiting) > PAGE or found.trouble is not None
        return TrailPage(events=shown, token=_position(shown[-1]) if more else None)

    def latest(self, s3: Api, place: Place) -> Delivered | None:
        """Return what was delivered last, today or yesterday, read to be sure that it can be; None where nothing was.

        Raises as ``page``.
        """
        now = self._clock.now()
        found = [one for day in names.days(now - timedelta(days=1), now) for one in storage.listed(s3, place, day)]
        newest = max(found, key=lambda one: one.at, default=None)
        if newest is not None:
            storage.read(s3, place, newest)
        return newest

    def _search(self, access: Access, place: Place, query: TrailQuery) -> _Found:
        objects, trouble = self._listed(access.s3, place, query.start)
        extracts, unread = self._read(access.s3, place, objects)
        trouble = trouble or unread
        # CloudTrail may deliver an event more than once.
        events = {event.event_id: event for extract in extracts for event in extract.events(query)}
        if trouble is None:
            seen_until = max((one.seen_until for one in extracts if one.seen_until is not None), default=None)
            trouble = self._unseen(access, place, query, seen_until)
        return _Found(events=sorted(events.values(), key=_position, reverse=True), trouble=trouble)

    def _listed(self, s3: Api, place: Place, since: datetime) -> tuple[list[Delivered], IamflowError | None]:
        """Return the objects that can hold an event from ``since`` on, newest first, and why they may not be all."""
        now = self._clock.now()
        found: list[Delivered] = []
        trouble: IamflowError | None = None
        for day in names.days(since, now):
            folder = place.folder(day)
            at, known = self._lists.get(folder, (now, None))
            if known is None or not at <= now < at + _LISTED:
                try:
                    known = storage.listed(s3, place, day)
                except (TemporaryError, BlockedError) as error:
                    trouble = trouble or error
                    continue
                self._remember(folder, known, now)
            found += known
        chosen = [one for one in found if names.may_hold(one.at, since)]
        return sorted(chosen, key=lambda one: one.at, reverse=True), trouble

    def _remember(self, folder: str, known: Sequence[Delivered], now: datetime) -> None:
        with self._lock:
            fresh = {name: kept for name, kept in self._lists.items() if kept[0] <= now < kept[0] + _LISTED}
            names_kept = sum(len(kept) for _, kept in fresh.values())
            self._lists = (fresh if names_kept + len(known) <= _NAMES_KEPT else {}) | {folder: (now, known)}

    def _read(
        self, s3: Api, place: Place, objects: Sequence[Delivered]
    ) -> tuple[Sequence[Extract], IamflowError | None]:
        """Return what is in the objects, as far as it was read, and why that may not be all."""
        extracts: list[Extract] = []
        new: list[Delivered] = []
        for one in objects:
            known = self._extracts.get(one.key, one.etag)
            if known is None:
                new.append(one)
            else:
                extracts.append(known)
        failures: list[IamflowError] = []
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            for begin in range(0, min(len(new), _OBJECTS_MOST), _BATCH):
                for result in pool.map(lambda one: self._extract(s3, place, one), new[begin : begin + _BATCH]):
                    if isinstance(result, Extract):
                        extracts.append(result)
                    else:
                        failures.append(result)
                if len(failures) >= _FAILURES_MOST:
                    break
        if failures:
            return extracts, failures[0]
        if len(new) > _OBJECTS_MOST:
            left = len(new) - _OBJECTS_MOST
            message = f"account {place.account_id}: {left} objects of the trail in {place.region} are still to be read"
            return extracts, TemporaryError(message)
        return extracts, None

    def _extract(self, s3: Api, place: Place, one: Delivered) -> "Extract | TemporaryError | BlockedError":
        try:
            found = storage.read(s3, place, one)
        except (TemporaryError, BlockedError) as error:
            return error
        self._extracts.put(one.key, one.etag, found)
        return found

    def _unseen(
        self, access: Access, place: Place, query: TrailQuery, seen_until: datetime | None
    ) -> TemporaryError | None:
        """Return the error for a window whose end has not been seen to be delivered; None where it has."""
        now = self._clock.now()
        wanted = min(query.end, now) - SEEN_BEFORE_END
        if seen_until is not None and seen_until >= wanted:
            return None
        knocked = self._knocked.get(place)
        if knocked is None or not knocked <= now < knocked + _AGAIN:
            with suppress(IamflowError):
                access.knock()
                self._knocked[place] = now
        last = f"nothing made after {seen_until:%Y-%m-%d %H:%M} UTC" if seen_until is not None else "nothing"
        message = (
            f"account {place.account_id}: of {place.region}, the trail has delivered {last} to {place.where.bucket} yet; a call"
            f" was made there to see it arrive. If it never does: the trail must cover all accounts and regions, with global"
            f" services and with management events that read and write, or the region be excused: "
            f"aws.regions_excused: {{{place.region}: why it cannot matter}}"
        )
        return TemporaryError(message, retry_after=_AGAIN)


def _position(event: TrailEvent) -> str:
    """Return an event's place among others; the later an event, the greater. Events of one second go by their ids."""
    return f"{event.at.isoformat()}|{event.event_id}"
