"""Searches of CloudTrail: the baseline, the reactions, the final sweep, the proof.

A region that could not be read makes a sweep inconclusive or raises; it never counts as quiet. The budget for LookupEvents
is small and shared with every other tool in the account, so that each search asks for no more than it needs.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from iamflow.domain import user_signals
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.evidence import (
    Activity,
    Attribute,
    Baseline,
    Sweep,
    TrailEvent,
    TrailQuery,
)
from iamflow.domain.facts import UserReading
from iamflow.domain.ids import AccountId, Region
from iamflow.domain.migration import is_adoption
from iamflow.domain.signals import DECISIVE, from_brownout, from_event
from iamflow.domain.ticket import Ticket
from iamflow.domain.window import window_ends
from iamflow.engine.deps import Engine

GLOBAL_REGION = Region("us-east-1")
"""Where the events of IAM and the global STS endpoint land."""

BASELINE_PAGES = 5
"""How many pages of a region the baseline reads at most (DESIGN 8.16)."""

_MARGIN = timedelta(minutes=1)
"""How far before the deactivation a sweep begins: CloudTrail's clock and ours need not agree to the second."""


def baseline(engine: Engine, ticket: Ticket) -> Baseline:
    """Return what the key, or the user that the ticket is about, did in the last days, in every region.

    Raises where a region cannot be read.
    """
    now = engine.now()
    start = now - engine.policy.timing.baseline
    regions = engine.cloud.regions(ticket.account_id)
    attribute, value = Attribute.USERNAME, str(ticket.username)
    if ticket.access_key_id is not None:
        attribute, value = Attribute.ACCESS_KEY_ID, str(ticket.access_key_id)
    query = TrailQuery(attribute=attribute, value=value, start=start, end=now)
    events: list[TrailEvent] = []
    truncated: list[str] = []
    for region in regions.readable:
        pages = _pages(engine, ticket.account_id, region, query)
        for number, page in enumerate(pages, start=1):
            events.extend(page)
            if number == BASELINE_PAGES and next(pages, None) is not None:
                truncated.append(region)
                break
    if ticket.access_key_id is None:
        events = [event for event in events if user_signals.is_activity(event, ticket)]
    return Baseline(
        taken_at=now,
        start=start,
        end=now,
        regions=tuple(regions.readable),
        excused=regions.excused,
        truncated=tuple(truncated),
        activities=_activities(events),
        minted=tuple(sorted({event.minted_key_id for event in events if event.minted_key_id is not None})),
        last_event_at=max((event.at for event in events), default=None),
    )


def reactions(engine: Engine, ticket: Ticket) -> Sweep:
    """Return who did what to the key or with it, once IAM has shown that something happened.

    This only adds names to what is known already, so that it must not hold up a rollback: what cannot be read now is
    noted as unread, and nothing is raised.
    """
    now = engine.now()
    brownout = ticket.progress.brownout
    since = ticket.progress.deactivated_at or (brownout.since if brownout is not None else now)
    start = since - _MARGIN
    last_use = ticket.progress.last_use
    used_in = Region(last_use.region) if last_use is not None and last_use.region else GLOBAL_REGION
    queries = [
        *((GLOBAL_REGION, Attribute.RESOURCE_NAME, name) for name in _names(ticket)),
        *(
            (region, attribute, value)
            for region in dict.fromkeys((used_in, GLOBAL_REGION))
            for attribute, value in _callers(ticket)
        ),
    ]
    events: list[TrailEvent] = []
    unread: list[tuple[str, str]] = []
    for region, attribute, value in queries:
        query = TrailQuery(attribute=attribute, value=value, start=start, end=now)
        try:
            events.extend(engine.cloud.look_up(ticket.account_id, region, query).events)
        except (TemporaryError, BlockedError) as error:
            unread.append((region, str(error)))
    regions = tuple(dict.fromkeys(region for region, _, _ in queries))
    return Sweep(
        run_at=now,
        start=start,
        end=now,
        regions=regions,
        unread=tuple(unread),
        events=tuple(events),
    )


def brownout(engine: Engine, ticket: Ticket) -> Sweep:
    """Return every call with the key since the brown-out began, in every region.

    Stops at the first one that shows the key in use. Raises where a region could not be read and none did: a brown-out that
    nobody could look at was not quiet.
    """
    began = ticket.progress.brownout
    if began is None:
        message = "a search after a brown-out that never was"
        raise AssertionError(message)
    key = ticket.key
    questions = [(region, Attribute.ACCESS_KEY_ID, key) for region in engine.cloud.regions(ticket.account_id).readable]
    nothing_read = UserReading(read_at=engine.now(), account_id=ticket.account_id, user_id=ticket.user_id)

    def decides(event: TrailEvent) -> bool:
        return bool(from_brownout([event], nothing_read, ticket, engine.policy.timing.propagation))

    return _search(engine, ticket, questions, (began.since - _MARGIN, engine.now()), decides)


def final_sweep(engine: Engine, ticket: Ticket) -> Sweep:
    """Return everything that CloudTrail has on the key and its user for the whole window, in every region.

    Stops at the first event that decides. Raises where a region could not be read and no event decided: the window is then
    not over, however long it takes.
    """
    since = ticket.progress.deactivated_at
    until = window_ends(ticket, engine.policy)
    if since is None or until is None:
        message = "a final sweep needs that access was taken"
        raise AssertionError(message)
    questions = _questions(ticket, engine.cloud.regions(ticket.account_id).readable)
    window = (since - _MARGIN, max(until, engine.now()))
    return _search(engine, ticket, questions, window, lambda event: _decides(event, ticket, engine))


def _search(
    engine: Engine,
    ticket: Ticket,
    questions: Iterable[tuple[Region, Attribute, str]],
    window: tuple[datetime, datetime],
    decides: Callable[[TrailEvent], bool],
) -> Sweep:
    """Ask everything about a window of time, and stop at the first event that decides."""
    regions = engine.cloud.regions(ticket.account_id)
    run_at = engine.now()
    events: list[TrailEvent] = []
    failures: list[TemporaryError | BlockedError] = []
    decided = False
    for region, attribute, value in questions:
        query = TrailQuery(attribute=attribute, value=value, start=window[0], end=window[1])
        try:
            for page in _pages(engine, ticket.account_id, region, query):
                events.extend(page)
                decided = decided or any(decides(event) for event in page)
                if decided:
                    break
        except (TemporaryError, BlockedError) as error:
            failures.append(error)
        if decided:
            break
    if failures and not decided:
        raise failures[0]
    return Sweep(
        run_at=run_at,
        start=window[0],
        end=window[1],
        regions=tuple(regions.readable),
        excused=regions.excused,
        unread=(("", "stopped at the first event that decides"),) if decided else (),
        events=tuple(events),
    )


def proof(engine: Engine, ticket: Ticket) -> Sweep:
    """Return the events that name the key or its user, among which the one that proves the ticket's end must be."""
    now = engine.now()
    start = (ticket.closed_at or ticket.opened_at) - timedelta(hours=1)
    made = ticket.migration.blueprint if ticket.migration is not None else None
    events = [
        event
        for name in (ticket.access_key_id, ticket.username, made.role if made is not None else None)
        if name is not None
        for page in _pages(engine, ticket.account_id, GLOBAL_REGION, _named(name, start, now))
        for event in page
    ]
    return Sweep(run_at=now, start=start, end=now, regions=(GLOBAL_REGION,), events=tuple(events))


def origin(engine: Engine, ticket: Ticket) -> Sweep:
    """Return the events about the user since a new key was begun, among which the makings of keys are. Raises where unread."""
    rotation, now = ticket.progress.rotation, engine.now()
    start = (rotation.since if rotation is not None else now) - _MARGIN
    pages = _pages(engine, ticket.account_id, GLOBAL_REGION, _named(ticket.username, start, now))
    events = tuple(event for page in pages for event in page)
    return Sweep(run_at=now, start=start, end=now, regions=(GLOBAL_REGION,), events=events)


def adoption(engine: Engine, ticket: Ticket) -> Sweep:
    """Return who took the role of the ticket's plan since it was made, in every region. Raises where unread."""
    migration, now = ticket.migration, engine.now()
    if migration is None or migration.blueprint is None or migration.begun_at is None:
        message = "a search for who took a role that was never made"
        raise AssertionError(message)
    start = migration.begun_at - _MARGIN
    questions = [
        (region, Attribute.RESOURCE_NAME, migration.blueprint.role_arn)
        for region in engine.cloud.regions(ticket.account_id).readable
    ]
    return _search(engine, ticket, questions, (start, now), is_adoption)


def _named(name: str, start: datetime, end: datetime) -> TrailQuery:
    return TrailQuery(attribute=Attribute.RESOURCE_NAME, value=name, start=start, end=end)


def _questions(ticket: Ticket, regions: Sequence[Region]) -> Iterator[tuple[Region, Attribute, str]]:
    """Yield what the final sweep asks: the key and the user's sessions everywhere, reactions where IAM's events land."""
    if GLOBAL_REGION in regions:
        for name in _names(ticket):
            yield GLOBAL_REGION, Attribute.RESOURCE_NAME, name
    for region in regions:
        for key in ticket.watched_keys:
            yield region, Attribute.ACCESS_KEY_ID, key
        yield region, Attribute.USERNAME, ticket.username


def _names(ticket: Ticket) -> tuple[str, ...]:
    """Return what events that are about the ticket's subject name."""
    return (*ticket.watched_keys, ticket.username)


def _callers(ticket: Ticket) -> tuple[tuple[Attribute, str], ...]:
    """Return whose calls mean something: those of the ticket's key, or of its user, whatever signs them."""
    if ticket.access_key_id is not None:
        return ((Attribute.ACCESS_KEY_ID, ticket.access_key_id),)
    return ((Attribute.USERNAME, ticket.username),)


def _pages(
    engine: Engine, account_id: AccountId, region: Region, query: TrailQuery
) -> Iterator[tuple[TrailEvent, ...]]:
    token: str | None = None
    while True:
        page = engine.cloud.look_up(account_id, region, query, token)
        yield page.events
        if page.token is None:
            return
        if page.token == token:
            message = f"CloudTrail in {region} repeats a page token; its answer cannot be relied on"
            raise TemporaryError(message)
        token = page.token


def _decides(event: TrailEvent, ticket: Ticket, engine: Engine) -> bool:
    judge = from_event if ticket.access_key_id is not None else user_signals.from_event
    signal = judge(event, ticket, engine.policy.timing.propagation)
    return signal is not None and signal.kind in DECISIVE


def _kind(event: TrailEvent) -> "_Kind":
    return (event.source, event.name, event.region, event.source_ip, event.user_agent, event.error_code)


_Kind = tuple[str, str, str, str | None, str | None, str | None]


def _activities(events: Sequence[TrailEvent]) -> tuple[Activity, ...]:
    """Return the events as counted kinds of calls, the most frequent first."""
    counts = Counter(_kind(event) for event in events)
    times: dict[_Kind, list[datetime]] = {}
    for event in events:
        times.setdefault(_kind(event), []).append(event.at)
    return tuple(
        Activity(
            source=source,
            name=name,
            region=region,
            source_ip=source_ip,
            user_agent=user_agent,
            error_code=error_code,
            count=count,
            first_at=min(times[source, name, region, source_ip, user_agent, error_code]),
            last_at=max(times[source, name, region, source_ip, user_agent, error_code]),
        )
        for (
            source,
            name,
            region,
            source_ip,
            user_agent,
            error_code,
        ), count in counts.most_common()
    )
