"""What Security Hub is told of tickets, and when: pure decisions over what it was told last.

A finding of Security Hub's is about one subject and one rule, whichever ticket deals with it just now, so that it keeps its id
when a key comes again. Facts: Security Hub user guide ("BatchImportFindings for finding providers", "Setting the workflow
status"), its API reference (Workflow, BatchUpdateFindings), and the partner guide ("Guidelines for using BatchImportFindings").
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iamflow.domain import asff
from iamflow.domain.asff import Place
from iamflow.domain.encoding import for_log
from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import Ticket

REFRESH = timedelta(days=60)
"""When an open finding is sent again though nothing changed: Security Hub removes one 90 days after its last update."""

STEP = timedelta(milliseconds=1)
"""Security Hub compares ``UpdatedAt`` in milliseconds."""

NOTE_MOST = 512
"""The most characters of a note (API reference, NoteUpdate)."""


class WorkflowStatus(StrEnum):
    """How far people are with a finding, in Security Hub's words."""

    NEW = "NEW"
    NOTIFIED = "NOTIFIED"
    RESOLVED = "RESOLVED"
    SUPPRESSED = "SUPPRESSED"


_RESET = frozenset({WorkflowStatus.NOTIFIED, WorkflowStatus.RESOLVED})
"""What Security Hub sets back to NEW by itself when an archived finding becomes active again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What Security Hub was told of one finding. All times aware UTC."""

    finding_id: str
    ticket_id: TicketId
    """The ticket that speaks for the finding: the newest about its subject and rule."""
    account_id: AccountId
    created_at: datetime
    """When the first ticket about it was opened."""
    updated_at: datetime
    """The ``UpdatedAt`` of what is told next, later than every one before, whatever the clock does; stored before it is sent."""
    turn: int
    """Counts the claims; whoever writes under an older one has been overtaken."""
    claimed_until: datetime | None = None
    """Until when somebody is telling of it; None where nobody is."""
    digest: str | None = None
    """Of the document that was accepted last; None before the first, and where everything is to be told again."""
    active: bool | None = None
    """Whether that document was active; None before the first."""
    workflow: WorkflowStatus | None = None
    """The workflow status as it was set last; None where it never was."""
    note: str | None = None
    accepted_at: datetime | None = None
    attempts: int = 0
    """How often in a row it failed."""
    error: str | None = None
    due_at: datetime | None = None
    """When it is looked at again by itself: a retry, or a refresh."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubStanding:
    """Where people are with a finding."""

    status: WorkflowStatus
    note: str | None = None
    """None where there is nothing to add."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What is to be told of one finding now: the document, where it changed, and the standing, where that did."""

    told: Told
    document: Mapping[str, object]
    digest: str
    active: bool
    standing: HubStanding
    imports: bool
    """Whether the document has to be sent."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell."""
        return self.imports or unsaid(self.told, self.standing)

    @property
    def lifts(self) -> bool:
        """Whether the standing goes first: Security Hub does not update a suppressed finding."""
        suppressed = WorkflowStatus.SUPPRESSED
        return self.told.workflow is suppressed and self.standing.status is not suppressed


def telling(ticket: Ticket, told: Told, place: Place) -> Telling:
    """Return what Security Hub has to be told of a ticket, given what it was told last."""
    document = asff.document(ticket, told, place)
    digest = asff.digest(document)
    active = not ticket.ended
    stale = told.accepted_at is not None and active and told.updated_at - told.accepted_at >= REFRESH
    return Telling(
        told=told,
        document=document,
        digest=digest,
        active=active,
        standing=standing_of(ticket),
        imports=told.digest != digest or stale,
    )


def next_update(now: datetime, last: datetime | None) -> datetime:
    """Return the next ``UpdatedAt``, in whole milliseconds: now, or just after the last one where the clock was put back."""
    current = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return current if last is None or current > last else last + STEP


def imported(told: Told, telling: Telling, now: datetime) -> Told:
    """Return what Security Hub knows once it has accepted the document."""
    reset = telling.active and told.active is False and told.workflow in _RESET
    workflow = WorkflowStatus.NEW if reset else told.workflow
    return replace(told, digest=telling.digest, active=telling.active, accepted_at=now, workflow=workflow)


def unsaid(told: Told, standing: HubStanding) -> bool:
    """Return whether Security Hub has another workflow status or note of the finding than it should."""
    status = told.workflow or WorkflowStatus.NEW
    return status is not standing.status or (standing.note is not None and standing.note != told.note)


def stood(told: Told, standing: HubStanding) -> Told:
    """Return what Security Hub knows once it has accepted a standing."""
    return replace(told, workflow=standing.status, note=standing.note or told.note)


def settled(told: Told) -> Told:
    """Return it with nothing left to tell, to be refreshed in time if it is active."""
    due_at = told.accepted_at + REFRESH if told.active and told.accepted_at is not None else None
    return replace(told, attempts=0, error=None, due_at=due_at)


def postponed(told: Told, error: str, retry_at: datetime) -> Told:
    """Return it with what went wrong, to be told again. Nothing is ever given up: it is told until it is accepted."""
    return replace(told, attempts=told.attempts + 1, error=for_log(error), due_at=retry_at)


# --- where people are ---------------------------------------------------------------------------------------------------

_UNTOUCHED = frozenset(
    {
        Resolution.ROLLED_BACK,
        Resolution.CANCELLED,
        Resolution.REJECTED,
        Resolution.OWNER_REACTIVATED,
        Resolution.SUPERSEDED,
    }
)
"""Ends after which the access that the finding is about may still be there: nothing was resolved, somebody decided otherwise."""

_WAITS: Mapping[State, str] = {
    State.ON_HOLD: "On hold, as a person decided.",
    State.BLOCKED: "Waits for a person: the ticket says why.",
    State.AWAITING_APPROVAL: "Waits for an approval.",
}


def standing_of(ticket: Ticket) -> HubStanding:
    """Return where people are with what a ticket is about.

    A note is one sentence for many findings wherever it can be: BatchUpdateFindings sets one note on a hundred findings at once.
    """
    if ticket.ended:
        return _end(ticket)
    if ticket.state is State.EXEMPT:
        return HubStanding(status=WorkflowStatus.SUPPRESSED, note=_exemption(ticket))
    told = ticket.progress.notified_at is not None
    status = WorkflowStatus.NOTIFIED if told else WorkflowStatus.NEW
    if ticket.state in _WAITS:
        return HubStanding(status=status, note=_note(_WAITS[ticket.state]))
    if not told:
        return HubStanding(status=status)
    if ticket.took_access:
        return HubStanding(
            status=status, note=_note("The owner was told. The access was taken away and is being watched.")
        )
    return HubStanding(status=status, note=_note("The owner was told, and has until the date in the notice."))


def _end(ticket: Ticket) -> HubStanding:
    why = ticket.resolution.value.replace("_", " ") if ticket.resolution is not None else ticket.state.value
    if ticket.resolution in _UNTOUCHED:
        note = _note(f"Ended as {why}: the access may still be there.")
        return HubStanding(status=WorkflowStatus.SUPPRESSED, note=note)
    return HubStanding(status=WorkflowStatus.RESOLVED, note=_note(f"Ended as {why}."))


def _exemption(ticket: Ticket) -> str:
    until = ticket.progress.exempt_until
    ends = f" until {until:%Y-%m-%d}" if until is not None else ""
    reason = ticket.progress.exempt_reason
    return _note(f"Exempt{ends}" + (f": {for_log(reason, limit=NOTE_MOST // 2)}" if reason else "."))


def _note(sentence: str) -> str:
    return for_log(f"iamflow: {sentence}", limit=NOTE_MOST)
