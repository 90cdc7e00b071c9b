"""Reading the store, for people; the journal; and what is kept no longer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from iamflow.domain.decision import Case
from iamflow.domain.effect import Intent, Outcome
from iamflow.domain.facts import Finding
from iamflow.domain.ids import TicketId
from iamflow.domain.journal import Event
from iamflow.domain.retention import Removal, Removed
from iamflow.domain.ticket import Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketFilter:
    """Which tickets to list. Empty means any."""

    states: frozenset[str] = frozenset()
    workflow: str | None = None
    account: str | None = None
    """An account id, or an account's present name."""
    user: str | None = None
    owner: str | None = None
    include_ended: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFinding:
    """A current finding, as ``finding list`` shows it."""

    rule: str
    finding: Finding
    as_of: datetime
    source: str
    ticket_id: TicketId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredIntent:
    """An intent with what became of it."""

    intent: Intent
    outcome: Outcome | None = None


class QueryStore(Protocol):
    """Reading, for people. Rows are materialised before they are returned."""

    def ticket(self, ref: str) -> Ticket:
        """Return a ticket by number or whole key id (then the open one, else the latest). Raises ``NotFoundError``."""
        ...

    def case(self, ticket_id: TicketId) -> Case:
        """Return a ticket with its context, without claiming it."""
        ...

    def tickets(self, which: TicketFilter, *, limit: int, after: TicketId | None = None) -> Sequence[Ticket]:
        """Return tickets by number, ascending, after the given one (keyset paging)."""
        ...

    def history(self, ticket_id: TicketId) -> Sequence[Event]:
        """Return a ticket's events in order."""
        ...

    def intents(self, ticket_id: TicketId | None = None) -> Sequence[StoredIntent]:
        """Return intents in order, of one ticket or of all."""
        ...

    def findings(self, *, rule: str | None = None, account: str | None = None) -> Sequence[StoredFinding]:
        """Return the current findings."""
        ...

    def findings_about(self, name: str) -> Sequence[StoredFinding]:
        """Return what the newest reports say of users of this name, or of this whole key id, whether it is a finding or not."""
        ...

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many tickets there are by (workflow, state)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalFault:
    """Something in the journal that does not add up."""

    where: str
    sentence: str


class JournalStore(Protocol):
    """The journal as a whole."""

    def verify(self, against: Mapping[str, object] | None = None) -> Sequence[JournalFault]:
        """Check every chain and checkpoint, and, if given, an exported head. No faults means intact."""
        ...

    def head(self) -> Mapping[str, object]:
        """Return the exportable head: every writer's last checkpoint and the number of events, with a keyed hash."""
        ...

    def export(self) -> Iterator[Event]:
        """Yield every event, ticket by ticket in order."""
        ...


class RetentionStore(Protocol):
    """Removing what need not be kept any longer."""

    def removable(self, removal: Removal) -> Removed:
        """Return how much there is to remove now."""
        ...

    def remove(self, removal: Removal, *, limit: int) -> Removed:
        """Remove it from up to ``limit`` tickets, in one transaction with an event on each that says what is gone.

        Only of tickets that ended early enough and with which nothing is left to do: no confirmation, letter, intent or
        lease is open. The tickets themselves stay.
        """
        ...
