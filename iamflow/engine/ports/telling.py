"""What goes out to people and to Security Hub: what waits in the store, and the ways there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from iamflow.domain.asff import Place
from iamflow.domain.hub import HubStanding, Told
from iamflow.domain.ids import AccountId
from iamflow.domain.notice import Notice
from iamflow.domain.ticket import Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A notice on its way through one channel."""

    id: int
    channel: str
    notice: Notice
    attempts: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What became of one letter. ``accepted_at`` None with ``retry_at`` None is a failure for good."""

    letter: Letter
    at: datetime
    accepted_at: datetime | None = None
    promised_at: datetime | None = None
    error: str | None = None
    retry_at: datetime | None = None


class OutboxStore(Protocol):
    """Notices waiting to go out."""

    def due_letters(self, now: datetime, limit: int) -> Sequence[Letter]:
        """Return letters whose time has come, oldest first."""
        ...

    def record_sent(self, results: Sequence[Sent]) -> None:
        """Write what became of letters, with an event on each ticket.

        Acceptance or final failure of a first notice makes its ticket due at once.
        """
        ...

    def outbox_age(self, now: datetime) -> timedelta | None:
        """Return how long the oldest unsent letter has waited, or None when there is none."""
        ...


class Channel(Protocol):
    """A way to reach people."""

    name: str

    def send(self, notice: Notice, promised_at: datetime | None) -> None:
        """Render and hand over one notice. Returning means accepted.

        Raises ``TemporaryError`` where it may be accepted later and ``PermanentError`` where it never will be.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """Tickets that Security Hub may have to be told of, each with what it was told last."""

    pairs: tuple[tuple[Ticket, Told], ...] = ()
    looked_at: int = 0
    """How many tickets were looked at, those that it never has to be told of included. None is left when this is 0."""


class HubStore(Protocol):
    """What Security Hub was told of which tickets. None of this is journalled: it changes nothing in IAM."""

    def ticketed_accounts(self) -> Sequence[AccountId]:
        """Return every account that a ticket was ever about."""
        ...

    def claim_untold(self, accounts: Sequence[AccountId], *, now: datetime, limit: int, lease: timedelta) -> Untold:
        """Claim up to ``limit`` tickets of these accounts that changed since they were told of, or whose time has come again.

        A claim is a later turn with an ``updated_at`` of its own. Nobody else gets it until it is recorded; one that never is
        falls due again after ``lease``.
        """
        ...

    def record_told(self, told: Sequence[Told]) -> None:
        """Write what became of claims; one whose turn has passed to another changes nothing."""
        ...

    def hasten_untold(self, now: datetime) -> None:
        """Let everything that failed fall due now."""
        ...

    def tell_again(self) -> None:
        """Let every open ticket, and every finding that was told of, be told of again, changed or not."""
        ...

    def untold_errors(self, limit: int) -> Sequence[Told]:
        """Return up to ``limit`` of the findings that Security Hub has not accepted, those that failed most often first."""
        ...


class SecurityHub(Protocol):
    """Security Hub, over many accounts, in one region. One call each; whoever calls tries again later."""

    place: Place

    def import_findings(self, account_id: AccountId, findings: Sequence[Mapping[str, object]]) -> Mapping[str, str]:
        """Create or update up to 100 findings of an account; return why, by id, of those that were refused.

        Raises ``TemporaryError`` for what may pass, ``BlockedError`` where the account has no Security Hub or does not allow it.
        """
        ...

    def update_findings(self, account_id: AccountId, ids: Sequence[str], standing: HubStanding) -> Mapping[str, str]:
        """Set workflow status and note of up to 100 findings; return why, by id, of those that were not processed.

        Raises as ``import_findings`` does.
        """
        ...
