"""What the engine needs of the world, as narrow Protocols that the adapters fulfil.

Every method of a store is one transaction, so that no transaction can be open across a call to AWS.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.asff import Place
from iamflow.domain.decision import Case
from iamflow.domain.effect import Effect, EffectKind, Intent, Outcome, Receipt
from iamflow.domain.evidence import TrailEvent, TrailQuery
from iamflow.domain.exemption import Exemption, NewExemption
from iamflow.domain.facts import Finding, KeyState, LastUse, RegionSet, Sighting, UserReading
from iamflow.domain.guardrail import Member
from iamflow.domain.guardrail_people import AccountPeople
from iamflow.domain.guards import Freeze
from iamflow.domain.hub import HubStanding, Told
from iamflow.domain.ids import AccountId, ExemptionId, IntentId, KeyId, Region, SubjectId, TicketId, UserName
from iamflow.domain.journal import Event, NewEvent
from iamflow.domain.lead import Lead, LeadState, StoredLead
from iamflow.domain.migration import Grants, Workloads
from iamflow.domain.notice import Notice
from iamflow.domain.people import Identity
from iamflow.domain.retention import Removal, Removed
from iamflow.domain.rights import Rights
from iamflow.domain.root import AccountReading
from iamflow.domain.rules import ReportedUser
from iamflow.domain.subject import UserSubject
from iamflow.domain.ticket import Approval, NewTicket, Ticket

# --- changes, as data -----------------------------------------------------------------------------------------------


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


# --- the store ------------------------------------------------------------------------------------------------------


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


class ControlStore(Protocol):
    """The kill switch, the enforced accounts, the daemons."""

    def freeze(self) -> Freeze:
        """Return whether everything is frozen; raises ``TemporaryError`` where that cannot be read."""
        ...

    def set_freeze(self, *, on: bool, reason: str | None, by: str, at: datetime) -> None:
        """Throw or release the kill switch, with a record of who and why."""
        ...

    def note_enforcement(self, accounts: Mapping[AccountId, bool], at: datetime) -> Sequence[AccountId]:
        """Record in which accounts iamflow may act from now on. Return those whose answer changed.

        Where it begins, ``enforced_since`` is set and the account's waiting tickets become due; where it ends, it is cleared.
        """
        ...

    def accounts(self) -> Mapping[AccountId, str]:
        """Return the accounts that have open tickets, with their names."""
        ...

    def beat(self, instance: str, *, host: str, pid: int, at: datetime, stopped: bool = False) -> None:
        """Record that this daemon is alive, or that it has stopped."""
        ...

    def instances(self) -> Sequence["Instance"]:
        """Return the daemons that have ever reported, newest heartbeat first."""
        ...

    def claim_run(self, job: str, slot: str, instance: str, at: datetime) -> bool:
        """Return whether this instance is the one to run the job in this slot (unique)."""
        ...


class ExemptionStore(Protocol):
    """Standing exemptions, each granted and ended on the record."""

    def add_exemption(self, new: NewExemption) -> Exemption:
        """Grant an exemption, with a record in the journal; the open tickets that it names become due."""
        ...

    def end_exemption(self, exemption_id: ExemptionId, *, by: Identity, at: datetime) -> Exemption:
        """End one before its time, with a record; the tickets that it holds become due.

        Raises ``NotFoundError``, and ``RefusedError`` for one that is over.
        """
        ...

    def exemptions(self, *, running_at: datetime | None = None) -> Sequence[Exemption]:
        """Return exemptions by number: those that run at a time (UTC), or all that there ever were."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """A daemon, as it last reported."""

    id: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    stopped_at: datetime | None = None


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


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanInfo:
    """One report or live scan: where it came from, when it was made (UTC), and what its content hashes to."""

    source: str
    as_of: datetime
    sha256: str
    started_at: datetime


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


class Store(
    TicketStore,
    PaceStore,
    ControlStore,
    ExemptionStore,
    OutboxStore,
    IntakeStore,
    LeadStore,
    QueryStore,
    JournalStore,
    RetentionStore,
    HubStore,
    Protocol,
):
    """All of it, as one adapter offers it. Use cases ask for the narrow part that they need."""

    def close(self) -> None:
        """Close every connection."""
        ...


# --- AWS ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailPage:
    """One page of events, newest first; ``token`` None ends it."""

    events: tuple[TrailEvent, ...]
    token: str | None = None


class Step(Protocol):
    """The mutating session of one ticket step: its own role session, narrowed to the one user."""

    def read(self) -> UserReading:
        """Read the subject freshly, through this very session."""
        ...

    def apply(self, effect: Effect) -> Receipt:
        """Make the one call, without any retry.

        Raises ``UncertainError`` when no answer came, ``TemporaryError`` when AWS certainly did not do it and may later,
        ``BlockedError`` or ``PermanentError`` when it refused.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialReport:
    """An account's credential report as AWS handed it out, which ``domain.credential_report`` reads."""

    text: str
    generated_at: datetime
    """When AWS made it (UTC): up to four hours before it was fetched."""


class Survey(Protocol):
    """A look through one account, in a session of its own and within the account's budget of calls. Changes nothing."""

    def report(self) -> CredentialReport:
        """Have a credential report made, wait for it a little, and fetch it.

        Raises ``TemporaryError`` where it is not ready in time.
        """
        ...

    def keys(self, username: UserName) -> Sequence[KeyState] | None:
        """Return the access keys of a user; None for a user who is gone."""
        ...

    def last_use(self, username: UserName, key_id: KeyId) -> LastUse | None:
        """Return the last use of one key; None for a key that is gone."""
        ...

    def service_credentials(self, username: UserName) -> int | None:
        """Return how many credentials of single services work for a user; None for a user who is gone."""
        ...

    def account(self) -> AccountReading:
        """Return what GetAccountSummary tells of the root user."""
        ...


class Cloud(Protocol):
    """AWS, over many accounts. Reads share one cached session per account, and are retried within the call's time.

    Raises ``TemporaryError`` for what may pass, ``BlockedError`` (``code`` ``access``) with the remedy where a role cannot be
    assumed or a call is denied. Nothing that failed is ever returned as empty.
    """

    def read(self, subject: UserSubject) -> UserReading:
        """Read user, tags, keys, last use and attached quarantine policies of the subject now."""
        ...

    def read_account(self, account_id: AccountId) -> AccountReading:
        """Read what AWS tells of the account's root user now."""
        ...

    def organisation_accounts(self, units: Sequence[str] = (), *, tags: bool = False) -> Sequence[MemberAccount]:
        """List the accounts of the organisation, in whatever state, with which of these units they lie under and their tags.

        Raises ``BlockedError`` where this host may not list them, ``PermanentError`` where there is no organisation.
        """
        ...

    def survey(self, account_id: AccountId) -> AbstractContextManager[Survey]:
        """Open a session for a look through an account. Raises as every call does where it lets nobody in."""
        ...

    def put_object(self, bucket: str, name: str, file: Path) -> None:
        """Put a file into S3, with this host's own credentials."""
        ...

    def security_contact(self, account_id: AccountId) -> str | None:
        """Return the mail address that the account names for security matters (may be up to an hour old).

        None where it names none, and where that cannot be found out: it is never a reason for an error.
        """
        ...

    def members(self, account_id: AccountId, target: str) -> Sequence[Member]:
        """Read which member accounts lie under a target of the organisation that this account manages now."""
        ...

    def people(self, account_id: AccountId) -> AccountPeople:
        """Read every user of an account now, and its root user. Raises ``BlockedError`` where there are too many."""
        ...

    def rights(self, subject: UserSubject) -> Rights:
        """Return the policies that bear on what the user may do: his own, his groups', his permissions boundary."""
        ...

    def grants(self, subject: UserSubject, roles: Sequence[str]) -> Grants:
        """Return the policies that a role in the key's place needs: of the user, his groups, and these roles (ARNs)."""
        ...

    def usage(self, subject: UserSubject, addresses: Sequence[str], named: Sequence[str]) -> Workloads:
        """Return what uses the subject's key, in every region: what holds it, or has one of these addresses, or is named (ARNs).

        What may not be looked through is told in the answer; never is it left out.
        """
        ...

    def regions(self, account_id: AccountId) -> RegionSet:
        """Return the regions to be read: those enabled in the account, or those that the settings name."""
        ...

    def user_count(self, account_id: AccountId) -> int:
        """Return the number of IAM users from GetAccountSummary (may be up to an hour old)."""
        ...

    def key_quota(self, account_id: AccountId) -> int:
        """Return how many access keys a user of the account may have (may be up to an hour old)."""
        ...

    def look_up(
        self,
        account_id: AccountId,
        region: Region,
        query: TrailQuery,
        token: str | None = None,
    ) -> TrailPage:
        """Return one page of LookupEvents, within the account's and region's budget.

        Raises ``BlockedError`` with ``code`` ``region_denied`` where the region is denied for good.
        """
        ...

    def step(self, subject: UserSubject, ticket_id: TicketId, effect: EffectKind) -> AbstractContextManager[Step]:
        """Open the mutating session for one step of a ticket."""
        ...

    def caller(self) -> Identity:
        """Return the person that this host's own AWS credentials stand for; unknown for iamflow's role or an instance profile."""
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


# --- notices --------------------------------------------------------------------------------------------------------


class Channel(Protocol):
    """A way to reach people."""

    name: str

    def send(self, notice: Notice, promised_at: datetime | None) -> None:
        """Render and hand over one notice. Returning means accepted.

        Raises ``TemporaryError`` where it may be accepted later and ``PermanentError`` where it never will be.
        """
        ...


# --- findings -------------------------------------------------------------------------------------------------------


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


# --- the engine's own instruments -----------------------------------------------------------------------------------


class CrashPoints(Protocol):
    """Named places where a test may end the process; in production, reaching one does nothing."""

    def reach(self, name: str) -> None:
        """Say that this place has been reached."""
        ...
