"""What something seen after a deactivation means (DESIGN 8.4).

CloudTrail does not record calls that fail authentication, and a call with an Inactive key is one (DOMAIN section 1). What
can be seen: calls that still got through, sessions minted earlier, and people reacting. The user's other keys, console
sessions and iamflow's own calls, known by their request ids, mean nothing.
"""

from collections.abc import Iterable
from datetime import timedelta

from iamflow.domain.evidence import Signal, SignalKind, TrailEvent
from iamflow.domain.facts import KeyReading
from iamflow.domain.ticket import Ticket

_SESSION_PREFIX = "ASIA"

DECISIVE = frozenset({SignalKind.KEY_USED})
"""Signals that roll back by themselves."""

HOLDING = frozenset(
    {
        SignalKind.SESSION_ALIVE,
        SignalKind.NEW_KEY,
        SignalKind.STRAGGLER,
        SignalKind.TOGGLED,
    }
)
"""Signals that stop the clock until a person has looked."""


def from_event(
    event: TrailEvent, ticket: Ticket, propagation: timedelta
) -> Signal | None:
    """Return what one CloudTrail event means for the ticket, or None when it means nothing."""
    since = ticket.progress.deactivated_at
    if (
        since is None
        or event.at <= since
        or event.event_id in ticket.progress.acknowledged
    ):
        return None
    if (
        event.request_id is not None
        and event.request_id in ticket.progress.own_requests
    ):
        return None
    if event.access_key_id == ticket.access_key_id:
        return _key_call(event, late=event.at > since + propagation)
    if event.name in {"UpdateAccessKey", "CreateAccessKey"}:
        return _reaction(event, ticket)
    return _session(event, ticket)


def from_reading(
    reading: KeyReading, ticket: Ticket, propagation: timedelta
) -> tuple[Signal, ...]:
    """Return what a reading of the user and the key means: a last use that moved on, a new key."""
    since = ticket.progress.deactivated_at
    if since is None:
        return ()
    signals = [
        Signal(
            kind=SignalKind.NEW_KEY,
            sentence=f"a new access key was made for the user on {key.created_at:%Y-%m-%d %H:%M} UTC",
            at=key.created_at,
        )
        for key in reading.keys
        if key.created_at > since
        and new_key_mark(key.key_id) not in ticket.progress.acknowledged
    ]
    used = reading.last_use.at if reading.last_use is not None else None
    if (
        used is not None
        and used > since
        and last_use_mark(used.isoformat()) not in ticket.progress.acknowledged
    ):
        late = used > since + propagation
        where = " ".join(
            part
            for part in (
                reading.last_use and reading.last_use.service,
                reading.last_use and reading.last_use.region,
            )
            if part
        )
        signals.append(
            Signal(
                kind=SignalKind.KEY_USED if late else SignalKind.STRAGGLER,
                sentence=f"GetAccessKeyLastUsed moved on to {used:%Y-%m-%d %H:%M:%S} UTC ({where or 'service unknown'})",
                at=used,
            )
        )
    return tuple(signals)


def new_key_mark(key_id: str) -> str:
    """Return how a person's "seen" about a new key is recorded."""
    return f"new-key:{key_id}"


def last_use_mark(at: str) -> str:
    """Return how a person's "seen" about a last use is recorded."""
    return f"last-use:{at}"


def mark(signal: Signal, reading: KeyReading) -> tuple[str, ...]:
    """Return what to record once a person has seen this signal and let it pass."""
    if signal.event is not None:
        return (signal.event.event_id,)
    if signal.kind is SignalKind.NEW_KEY:
        return tuple(
            new_key_mark(key.key_id)
            for key in reading.keys
            if key.created_at == signal.at
        )
    return (last_use_mark(signal.at.isoformat()),)


def from_events(
    events: Iterable[TrailEvent], ticket: Ticket, propagation: timedelta
) -> tuple[Signal, ...]:
    """Return the signals in a list of events, oldest first, each event counted once."""
    unique = {event.event_id: event for event in events}
    found = (from_event(event, ticket, propagation) for event in unique.values())
    return tuple(
        sorted(
            (signal for signal in found if signal is not None),
            key=lambda signal: signal.at,
        )
    )


def _key_call(event: TrailEvent, *, late: bool) -> Signal:
    ended = f"refused with {event.error_code}" if event.error_code else "let through"
    return Signal(
        kind=SignalKind.KEY_USED if late else SignalKind.STRAGGLER,
        sentence=f"the key called {event.source} {event.name} in {event.region} after its deactivation ({ended})",
        at=event.at,
        event=event,
    )


def _reaction(event: TrailEvent, ticket: Ticket) -> Signal | None:
    if event.error_code is not None:
        return None
    who = event.principal or event.username or "somebody"
    if event.name == "CreateAccessKey" and event.target_user == ticket.username:
        return Signal(
            kind=SignalKind.NEW_KEY,
            sentence=f"{who} made a new access key for the user",
            at=event.at,
            event=event,
        )
    if event.target_key_id == ticket.access_key_id and event.new_status == "Active":
        return Signal(
            kind=SignalKind.TOGGLED,
            sentence=f"{who} set the key to Active",
            at=event.at,
            event=event,
        )
    return None


def _session(event: TrailEvent, ticket: Ticket) -> Signal | None:
    """Judge a call made with temporary credentials. A role session may bear the user's name; its principal tells."""
    is_users = event.principal is None or ":user/" in event.principal
    if event.console or event.username != ticket.username or not is_users:
        return None
    if event.access_key_id is None or not event.access_key_id.startswith(
        _SESSION_PREFIX
    ):
        return None
    minted = (
        ticket.baseline is not None and event.access_key_id in ticket.baseline.minted
    )
    origin = (
        "minted from this key" if minted else "that may have been minted from this key"
    )
    return Signal(
        kind=SignalKind.SESSION_ALIVE,
        sentence=f"a session {origin} still works: {event.source} {event.name} in {event.region}",
        at=event.at,
        event=event,
    )
