"""What findings come from: reports, and what the store keeps of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from iamflow.domain.facts import Finding, Sighting
from iamflow.domain.ids import AccountId, KeyId, SubjectId, UserName
from iamflow.domain.lead import Lead, LeadState, StoredLead
from iamflow.domain.rules import ReportedUser
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.engine.ports.work import Applied, Change


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanInfo:
    """One report or live scan: where it came from, when it was made (UTC), and what its content hashes to."""

    source: str
    as_of: datetime
    sha256: str
    started_at: datetime


class ReportedKey(Protocol):
    """A row of a report. Most rows are of no concern, so that all that one says is put together only when it is asked for."""

    key_id: KeyId
    created_at: datetime
    account_id: AccountId
    username: UserName
    console: bool
    mfa: bool

    def finding(self) -> Finding:
        """Return all that the row says of the key."""
        ...

    def password_last_used(self) -> datetime | None:
        """Return when the user last signed in to the console; None for never and for not known alike."""
        ...

    def last_used(self) -> datetime | None:
        """Return when the key was last used; None for never and for not known alike."""
        ...


class Report(Protocol):
    """A validated file of findings: reading it again cannot fail on its content."""

    info: ScanInfo
    rows: int
    users_by_keys: bool
    """Whether users are to be put together from the rows about their keys; else ``users`` tells of them."""

    def keys(self) -> Iterator[ReportedKey]:
        """Yield every key in the file, in its order."""
        ...

    def users(self) -> Iterator[ReportedUser]:
        """Yield every user that the file tells of whole, in its order; none where they are put together from their keys."""
        ...

    def leads(self) -> Iterator[Lead]:
        """Yield what may be a finding and is not told enough of, in the file's order."""
        ...

    def roots(self) -> Iterator[Finding]:
        """Yield every root user in the file, in its order."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenUser:
    """The latest call by one user that a report names."""

    account_id: AccountId
    username: str
    sighting: Sighting


@runtime_checkable
class FileReport(Report, Protocol):
    """A report that lay in a file, and may say less than a scan does."""

    @property
    def remarks(self) -> Sequence[str]:
        """What the file cannot say, or of it was left alone, each in one sentence for the person who imports it."""
        ...

    def sightings(self) -> Iterator[SeenUser]:
        """Yield when users were last seen to make a call. That is a fact on tickets that stand, and never a finding."""
        ...


class IntakeStore(Protocol):
    """Findings and the tickets that they open, in chunks; a scan becomes visible when it is published."""

    def begin_scan(self, info: ScanInfo) -> int:
        """Open a staged scan and return its number."""
        ...

    def stage_findings(self, scan_id: int, findings: Sequence[tuple[str, Finding]]) -> None:
        """Add a chunk of (rule, finding) to a staged scan, and say that its import is alive, if with an empty one.

        Raises ``ChangedError`` where the import stood still for so long that another one has given the scan up.
        """
        ...

    def publish_scan(self, scan_id: int, at: datetime) -> None:
        """Make the scan's findings the current ones of its subjects, where they are newer than what is known.

        This is quick, however many there are. Raises ``ChangedError`` as ``stage_findings`` does.
        """
        ...

    def clear_superseded(self, scan_id: int, *, after: SubjectId | None, limit: int) -> SubjectId | None:
        """Remove what newer findings have replaced, of the next ``limit`` subjects of a published scan after the given one.

        Returns the last of these subjects, None when there was none left.
        """
        ...

    def clear_unpublished(self, limit: int) -> int:
        """Remove up to ``limit`` findings that imports which ended before their time left staged; return how many."""
        ...

    def listed(self, subjects: Sequence[SubjectId]) -> frozenset[tuple[SubjectId, str]]:
        """Return which of these subjects some published scan holds a finding about, each with the rule."""
        ...

    def open_tickets(self, subjects: Sequence[SubjectId]) -> Mapping[SubjectId, Ticket]:
        """Return the open tickets about these subjects."""
        ...

    def recently_closed(self, subjects: Sequence[SubjectId], since: datetime) -> Mapping[SubjectId, Ticket]:
        """Return, of tickets about these subjects closed since then as rolled back, rejected or cancelled, the latest each."""
        ...

    def ever_rolled_back(self, subjects: Sequence[SubjectId]) -> frozenset[SubjectId]:
        """Return which of these subjects were rolled back by iamflow at any time."""
        ...

    def open_new(self, tickets: Sequence[NewTicket], actor: str) -> Sequence[Ticket]:
        """Open tickets, each with its first event; one whose subject has an open ticket by now is left out."""
        ...

    def commit(self, changes: Sequence[Change]) -> Applied:
        """As ``TicketStore.commit``: facts on existing tickets."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadResult:
    """What came of one look at AWS for a lead."""

    lead: StoredLead
    state: LeadState
    reason: str
    """Why it waits on, or how it ended, in one sentence."""
    due_at: datetime | None = None
    """When AWS is read again; None where the lead has ended."""


class LeadStore(Protocol):
    """Leads: what may be a finding, and waits until AWS is read."""

    def note_leads(self, leads: Sequence[Lead], at: datetime, reason: str) -> int:
        """Write leads down, due now, and return how many there are. One lead is one row, however often it is told.

        A lead that waits or has ended is asked anew, unless what is known of it is from a newer report.
        """
        ...

    def take_leads(self, now: datetime, until: datetime, limit: int) -> Sequence[StoredLead]:
        """Take up to ``limit`` leads that are due, those that have waited longest, and return them.

        Nobody else is given them before ``until``; what has not been settled by then is due again.
        """
        ...

    def waiting_leads(self, *, rule: str | None = None, account: str | None = None) -> Sequence[StoredLead]:
        """Return every lead that waits; ``account`` is an id or a name."""
        ...

    def settle_leads(self, results: Sequence[LeadResult], at: datetime) -> None:
        """Write what came of leads; one that was noted anew meanwhile keeps waiting."""
        ...

    def forget_leads(self, before: datetime, limit: int) -> int:
        """Remove up to ``limit`` leads that ended before then; return how many."""
        ...
