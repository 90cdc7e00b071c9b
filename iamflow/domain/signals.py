"""What something seen after a deactivation means (DESIGN 8.4).

CloudTrail does not record calls that fail authentication, and a call with an Inactive key is one (DOMAIN section 1). What
can be seen: calls that still got through, sessions minted earlier, and people reacting. The user's other keys, console
sessions and iamflow's own calls, known by their request ids, mean nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from iamflow.domain.evidence import Signal, SignalKind, TrailEvent
from iamflow.domain.facts import UserReading
from iamflow.domain.ticket import Ticket

_SESSION_PREFIX = "ASIA"

DECISIVE = frozenset({SignalKind.KEY_USED, SignalKind.USER_ACTED})
"""Signals that roll back by themselves."""

HOLDING = frozenset(
    {
        SignalKind.SESSION_ALIVE,
        SignalKind.NEW_KEY,
        SignalKind.STRAGGLER,
        SignalKind.TOGGLED,
        SignalKind.SIGNED_IN,
        SignalKind.CHANGED,
    }
)
"""Signals that stop the clock until a person has looked."""


def from_event(event: TrailEvent, ticket: Ticket, propagation: timedelta) -> Signal | None:
    """Return what one CloudTrail event means for the ticket, or None when it means nothing."""
    since = ticket.progress.deactivated_at
    if since is None or event.at <= since:
        return None
    if event.request_id is not None and event.request_id in ticket.progress.own_requests:
        return None
    if event.access_key_id == ticket.access_key_id:
        return _unless_seen(_key_call(event, late=event.at > since + propagation), ticket)
    if event.name in {"UpdateAccessKey", "CreateAccessKey"}:
        return _unless_seen(_reaction(event, ticket), ticket)
    return _unless_seen(_session(event, ticket), ticket)


def _unless_seen(signal: Signal | None, ticket: Ticket) -> Signal | None:
    """Drop what a person has seen and let pass. What rolls back by itself cannot be let pass."""
    if signal is not None and signal.kind not in DECISIVE and signal.mark in ticket.progress.acknowledged:
        return None
    return signal


def from_reading(reading: UserReading, ticket: Ticket, propagation: timedelta) -> tuple[Signal, ...]:
    """Return what a reading of the user and the key means: a last use that moved on, a new key."""
    since = ticket.progress.deactivated_at
    if since is None:
        return ()
    signals: list[Signal | None] = [
        Signal(
            kind=SignalKind.NEW_KEY,
            sentence=f"a new access key was made for the user on {key.created_at:%Y-%m-%d %H:%M} UTC",
            at=key.created_at,
            mark=f"new-key:{key.key_id}",
        )
        for key in reading.keys
        if key.created_at > since
    ]
    last_use = reading.last_use
    if last_use is not None and last_use.at is not None and last_use.at > since:
        late = last_use.at > since + propagation
        signals.append(_moved_on(last_use.at, reading, SignalKind.KEY_USED if late else SignalKind.STRAGGLER))
    return tuple(signal for signal in signals if _unless_seen(signal, ticket) is not None and signal is not None)


def from_events(events: Iterable[TrailEvent], ticket: Ticket, propagation: timedelta) -> tuple[Signal, ...]:
    """Return the signals in a list of events, oldest first, each event counted once."""
    unique = {event.event_id: event for event in events}
    found = (from_event(event, ticket, propagation) for event in unique.values())
    return tuple(
        sorted(
            (signal for signal in found if signal is not None),
            key=lambda signal: signal.at,
        )
    )


def from_brownout(
    events: Iterable[TrailEvent], reading: UserReading, ticket: Ticket, propagation: timedelta
) -> tuple[Signal, ...]:
    """Return what shows that the key is in use during or after a brown-out: each of it rolls back.

    A call that was refused shows that something depends on the key, and one that was let through (GetCallerIdentity and
    GetSessionToken always are) that it has the key. Calls that went through before the deny can have reached all of AWS say
    no more than the last use does, which has a guard of its own.
    """
    brownout = ticket.progress.brownout
    if brownout is None:
        return ()
    reached = brownout.attached_at + propagation if brownout.attached_at is not None else None
    unique = {event.event_id: event for event in events if event.access_key_id == ticket.access_key_id}
    signals = [
        _browned_out_call(event)
        for event in sorted(unique.values(), key=lambda event: event.at)
        if event.at >= brownout.since and (_denied(event) or (reached is not None and event.at > reached))
    ]
    used = reading.last_use.at if reading.last_use is not None else None
    if not signals and used is not None and reached is not None and used > reached:
        signals.append(_moved_on(used, reading, SignalKind.KEY_USED))
    return tuple(signals)


def _denied(event: TrailEvent) -> bool:
    code = (event.error_code or "").lower()
    return "denied" in code or "unauthorized" in code


def _browned_out_call(event: TrailEvent) -> Signal:
    who = f" by {event.user_agent} from {event.source_ip}" if event.user_agent and event.source_ip else ""
    ended = f"refused with {event.error_code}" if event.error_code else "let through"
    return Signal(
        kind=SignalKind.KEY_USED,
        sentence=f"the key called {event.source} {event.name} in {event.region}{who} after the brown-out began ({ended})",
        at=event.at,
        event=event,
        mark=event.event_id,
    )


def _moved_on(used: datetime, reading: UserReading, kind: SignalKind) -> Signal:
    last_use = reading.last_use
    parts = (last_use.service, last_use.region) if last_use is not None else ()
    where = " ".join(part for part in parts if part) or "service unknown"
    return Signal(
        kind=kind,
        sentence=f"GetAccessKeyLastUsed moved on to {used:%Y-%m-%d %H:%M:%S} UTC ({where})",
        at=used,
        mark=f"last-use:{used.isoformat()}",
    )


def _key_call(event: TrailEvent, *, late: bool) -> Signal:
    ended = f"refused with {event.error_code}" if event.error_code else "let through"
    return Signal(
        kind=SignalKind.KEY_USED if late else SignalKind.STRAGGLER,
        sentence=f"the key called {event.source} {event.name} in {event.region} after its deactivation ({ended})",
        at=event.at,
        event=event,
        mark=event.event_id,
    )


def _reaction(event: TrailEvent, ticket: Ticket) -> Signal | None:
    if event.error_code is not None:
        return None
    who = event.principal or event.username or "somebody"
    if event.name == "CreateAccessKey" and event.target_user == ticket.username:
        kind, sentence = SignalKind.NEW_KEY, f"{who} made a new access key for the user"
        return Signal(kind=kind, sentence=sentence, at=event.at, event=event, mark=f"new-key:{event.target_key_id}")
    if event.target_key_id == ticket.access_key_id and event.new_status == "Active":
        kind, sentence = SignalKind.TOGGLED, f"{who} set the key to Active"
        return Signal(kind=kind, sentence=sentence, at=event.at, event=event, mark=event.event_id)
    return None


def _session(event: TrailEvent, ticket: Ticket) -> Signal | None:
    """Judge a call made with temporary credentials. A role session may bear the user's name; its principal tells."""
    is_users = event.principal is None or ":user/" in event.principal
    if event.console or event.username != ticket.username or not is_users:
        return None
    if event.access_key_id is None or not event.access_key_id.startswith(_SESSION_PREFIX):
        return None
    minted = ticket.baseline is not None and event.access_key_id in ticket.baseline.minted
    origin = "minted from this key" if minted else "that may have been minted from this key"
    return Signal(
        kind=SignalKind.SESSION_ALIVE,
        sentence=f"a session {origin} still works: {event.source} {event.name} in {event.region}",
        at=event.at,
        event=event,
        mark=f"session:{event.access_key_id}",
    )
