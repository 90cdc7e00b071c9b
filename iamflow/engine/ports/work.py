"""Tickets under way: what a step changes, and what the engine needs of the store to advance them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from iamflow.domain.decision import Case
from iamflow.domain.effect import Effect, EffectKind, Intent, Outcome
from iamflow.domain.guards import Freeze
from iamflow.domain.ids import AccountId, IntentId, TicketId
from iamflow.domain.journal import NewEvent
from iamflow.domain.notice import Notice
from iamflow.domain.ticket import Approval, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Everything that one step changes about one ticket; a batch of these is one transaction.

    ``before`` fences the write: it is applied only if the stored version is still that one, and, where ``before`` has a
    lease, if that lease's token is still the stored one. ``after`` is the new row: the store adds one to the version.
    ``after.lease`` None gives the lease up. The store keeps a stored ``wanted`` that ``before`` did not know of, and then
    makes the ticket due at once.
    """

    before: Ticket
    after: Ticket
    events: tuple[NewEvent, ...] = ()
    opens: Effect | None = None
    settles: tuple[IntentId, Outcome] | None = None
    notices: tuple[Notice, ...] = ()
    approval: Approval | None = None
    uses_approvals: bool = False
    """Mark the ticket's unused approvals as used (at the time of the last event)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What a batch did: the tickets as stored now, the intents that it opened, and the changes that came too late."""

    tickets: Mapping[TicketId, Ticket]
    intents: Mapping[TicketId, Intent] = field(default_factory=dict)
    stale: tuple[TicketId, ...] = ()
    """Fenced off: the version or the lease was no longer the one of ``before``; nothing of that change was written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is read in one query immediately before a mutating call (DESIGN 8.7)."""

    version: int
    lease_token: str | None
    lease_until: datetime | None
    freeze: Freeze
    enforced_since: datetime | None


class TicketStore(Protocol):
    """Tickets under way."""

    def claim(
        self,
        *,
        holder: str,
        now: datetime,
        limit: int,
        lease: timedelta,
        only: TicketId | None = None,
    ) -> Sequence[Case]:
        """Lease up to ``limit`` tickets that are due (``due_at <= now``), oldest due first, and return them with their context.

        Tickets under another's unexpired lease are passed over. ``only`` claims that one ticket, due or not.
        """
        ...

    def commit(self, changes: Sequence[Change]) -> Applied:
        """Write a batch in one transaction: rows, intents, events, approvals, outbox rows and one checkpoint.

        Opening an intent while one is open on the ticket is refused as stale. Raises ``TemporaryError`` when the database
        is busy or gone.
        """
        ...

    def standing(self, ticket_id: TicketId) -> Standing:
        """Return what must be known right before a call. Raises ``NotFoundError``; an unreadable freeze counts as on."""
        ...

    def release(self, holder: str) -> int:
        """Give up every lease of this holder (a drain), and return how many there were."""
        ...

    def take_over(self, holder: str) -> int:
        """End the leases of every other holder. Only for a store that has proved them dead (the SQLite engine lock)."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next ticket falls due, or None."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Forward steps of one kind taken in one account within a time."""

    count: int
    oldest: datetime | None


class PaceStore(Protocol):
    """What the caps and the circuit breaker count."""

    def usage(self, accounts: Iterable[AccountId], since: datetime) -> Mapping[tuple[AccountId, EffectKind], Usage]:
        """Return the intents opened since then by account and kind: those that were done, and those still open."""
        ...

    def totals(self, since: datetime) -> Mapping[EffectKind, int]:
        """Return the intents that were done since then, by kind, over all accounts."""
        ...
