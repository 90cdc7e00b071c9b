"""What something seen after the quarantine of a user means: any use gives everything back, a sign-in or a change holds.

Unlike calls with an Inactive key, calls that the quarantine's deny refuses are in CloudTrail: they get as far as
authorization. Somebody who signs in to the console has not used anything yet, and strangers try, too.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from iamflow.domain.belongings import beyond
from iamflow.domain.brownout import Deny
from iamflow.domain.evidence import Signal, SignalKind, TrailEvent
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.quarantine import deny_in, policy_name
from iamflow.domain.signals import DECISIVE
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket

_SIGN_IN = "ConsoleLogin"


def from_event(event: TrailEvent, ticket: Ticket, propagation: timedelta) -> Signal | None:
    """Return what one CloudTrail event means for the ticket of a user, or None when it means nothing."""
    since = ticket.progress.deactivated_at
    if since is None or event.at <= since:
        return None
    if event.request_id is not None and event.request_id in ticket.progress.own_requests:
        return None
    signal = (
        _by_user(event, late=event.at > since + propagation) if is_users(event, ticket) else _reaction(event, ticket)
    )
    return signal if signal is not None and not _let_pass(signal, ticket) else None


def from_events(events: Iterable[TrailEvent], ticket: Ticket, propagation: timedelta) -> tuple[Signal, ...]:
    """Return the signals in a list of events, oldest first, each event counted once."""
    unique = {event.event_id: event for event in events}
    found = (from_event(event, ticket, propagation) for event in unique.values())
    return tuple(sorted((signal for signal in found if signal is not None), key=lambda signal: signal.at))


def from_reading(reading: UserReading, ticket: Ticket, propagation: timedelta) -> tuple[Signal, ...]:
    """Return what a reading of the user means: a last use that moved on, a sign-in, something new, something switched on."""
    since = ticket.progress.deactivated_at
    if since is None or reading.user_id is None:
        return ()
    signals = [*_uses(reading, since, propagation), *_sign_in(reading, since), *_changes(reading, ticket)]
    return tuple(signal for signal in signals if not _let_pass(signal, ticket))


def _let_pass(signal: Signal, ticket: Ticket) -> bool:
    """Whether a person has seen this and let it pass. What gives everything back cannot be let pass."""
    return signal.kind not in DECISIVE and signal.mark in ticket.progress.acknowledged


def is_users(event: TrailEvent, ticket: Ticket) -> bool:
    """Whether the user made the call. A role session may bear the user's name; its principal tells."""
    if event.access_key_id in ticket.watched_keys:
        return True
    return event.username == ticket.username and (event.principal is None or ":user/" in event.principal)


def is_activity(event: TrailEvent, ticket: Ticket) -> bool:
    """Whether the event shows that the user does something. A sign-in that failed is anybody's, and shows nothing."""
    failed = event.error_code is not None or event.error_message is not None
    return is_users(event, ticket) and not (event.name == _SIGN_IN and failed)


def _by_user(event: TrailEvent, *, late: bool) -> Signal:
    who = f" by {event.user_agent} from {event.source_ip}" if event.user_agent and event.source_ip else ""
    ended = f"refused with {event.error_code}" if event.error_code else "let through"
    if event.name == _SIGN_IN:
        sentence = f"somebody signed in to the console as the user{who} ({ended})"
        return Signal(kind=SignalKind.SIGNED_IN, sentence=sentence, at=event.at, event=event, mark=_minute(event.at))
    return Signal(
        kind=SignalKind.USER_ACTED if late else SignalKind.STRAGGLER,
        sentence=f"the user called {event.source} {event.name} in {event.region}{who} after the quarantine began ({ended})",
        at=event.at,
        event=event,
        mark=event.event_id,
    )


def _reaction(event: TrailEvent, ticket: Ticket) -> Signal | None:
    if event.error_code is not None:
        return None
    who = event.principal or event.username or "somebody"
    if event.name == "CreateAccessKey" and event.target_user == ticket.username:
        sentence, mark = f"{who} made a new access key for the user", f"new:access key {event.target_key_id}"
        return Signal(kind=SignalKind.CHANGED, sentence=sentence, at=event.at, event=event, mark=mark)
    if event.target_key_id in ticket.watched_keys and event.new_status == KeyStatus.ACTIVE.value:
        sentence, mark = f"{who} set the key {event.target_key_id} to Active", f"active:{event.target_key_id}"
        return Signal(kind=SignalKind.CHANGED, sentence=sentence, at=event.at, event=event, mark=mark)
    return None


def _uses(reading: UserReading, since: datetime, propagation: timedelta) -> list[Signal]:
    return [
        Signal(
            kind=SignalKind.USER_ACTED if use.at > since + propagation else SignalKind.STRAGGLER,
            sentence=f"the last use of key {key} moved on to {use.at:%Y-%m-%d %H:%M:%S} UTC ({use.service or 'service unknown'})",
            at=use.at,
            mark=f"last-use:{key}:{use.at.isoformat()}",
        )
        for key, use in (reading.uses or {}).items()
        if use.at is not None and use.at > since
    ]


def _sign_in(reading: UserReading, since: datetime) -> list[Signal]:
    at = reading.password_last_used
    if at is None or at <= since:
        return []
    sentence = f"somebody signed in to the console as the user on {at:%Y-%m-%d %H:%M} UTC"
    return [Signal(kind=SignalKind.SIGNED_IN, sentence=sentence, at=at, mark=_minute(at))]


def _minute(at: datetime) -> str:
    """Mark a sign-in the same, whether IAM or CloudTrail tells of it."""
    return f"sign-in:{at:%Y-%m-%dT%H:%M}"


def _changes(reading: UserReading, ticket: Ticket) -> list[Signal]:
    """Return what others changed: things that were added, and, once the quarantine was whole, what was taken from it."""
    added: tuple[str, ...] = ()
    if ticket.snapshot is not None and reading.belongings is not None:
        added = beyond(reading.belongings, ticket.snapshot, ours=policy_name(ticket.id))
    changes = [(f"the user was given something: {what}", f"new:{what}") for what in added]
    if deny_in(reading, ticket.id) is not Deny.OURS:
        changes.append(("the quarantine's deny was changed or removed, not by iamflow", "deny-changed"))
    if ticket.state is not State.QUARANTINED and ticket.came_from is not State.QUARANTINED:
        on = [
            key.key_id for key in reading.keys if key.status is KeyStatus.ACTIVE and key.key_id in ticket.watched_keys
        ]
        changes += [(f"somebody set the key {key} to Active", f"active:{key}") for key in on]
    return [Signal(kind=SignalKind.CHANGED, sentence=said, at=reading.read_at, mark=mark) for said, mark in changes]
