"""Between rows and the domain's values."""

import json
from typing import Any

from sqlalchemy import Row

from iamflow.domain.effect import Effect, EffectKind, Intent, Outcome, OutcomeKind
from iamflow.domain.ids import AccountId, IntentId, KeyId, TicketId, UserName
from iamflow.domain.states import Confirmation, Resolution, State, Wanted
from iamflow.domain.ticket import Approval, Lease, NewTicket, Ticket
from iamflow.engine.ports import StoredIntent
from iamflow.store import documents
from iamflow.store.bulk import Plain
from iamflow.store.chain import Head
from iamflow.store.types import clean, utc_text

AnyRow = Row[*tuple[Any, ...]]
"""A row of any columns."""


def ticket_of(row: AnyRow) -> Ticket:
    """Return the ticket of a row of ``tickets``. Raises ``SchemaError`` for a document that cannot be read."""
    where = f"ticket {row.id}"
    return Ticket(
        id=TicketId(row.id),
        workflow=row.workflow,
        workflow_version=row.workflow_version,
        account_id=AccountId(row.account_id),
        account_name=row.account_name,
        username=UserName(row.username),
        user_id=row.user_id,
        access_key_id=KeyId(row.access_key_id) if row.access_key_id is not None else None,
        owner=documents.OWNER.read_optional(row.owner, where),
        requester=documents.IDENTITY.read(row.requester, where),
        state=State(row.state),
        state_since=row.state_since,
        came_from=State(row.came_from) if row.came_from is not None else None,
        due_at=row.due_at,
        deadline=row.deadline,
        version=row.version,
        lease=_lease_of(row),
        attempts=row.attempts,
        blocked_code=row.blocked_code,
        blocked_reason=row.blocked_reason,
        plan_digest=row.plan_digest,
        facts=documents.FACTS.read(row.facts, where),
        progress=documents.PROGRESS.read(row.progress, where),
        baseline=documents.BASELINE.read_optional(row.baseline, where),
        snapshot=documents.BELONGINGS.read_optional(row.snapshot, where),
        migration=documents.MIGRATION.read_optional(row.migration, where),
        wanted=Wanted(row.wanted) if row.wanted is not None else None,
        wanted_by=documents.WORD.read_optional(row.wanted_by, where),
        parent_id=TicketId(row.parent_id) if row.parent_id is not None else None,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        resolution=Resolution(row.resolution) if row.resolution is not None else None,
        confirmation=Confirmation(row.confirmation) if row.confirmation is not None else None,
        evidence_removed_at=row.evidence_removed_at,
        events_removed_at=row.events_removed_at,
    )


def _lease_of(row: AnyRow) -> Lease | None:
    if row.lease_token is None:
        return None
    return Lease(holder=row.lease_holder, token=row.lease_token, until=row.lease_until)


NEW_COLUMNS = (
    "id",
    "workflow",
    "workflow_version",
    "account_id",
    "account_name",
    "subject",
    "username",
    "access_key_id",
    "requester",
    "state",
    "state_since",
    "due_at",
    "version",
    "attempts",
    "facts",
    "progress",
    "parent_id",
    "snapshot",
    "migration",
    "opened_at",
    "head_seq",
    "head_hash",
)
"""The columns that ``new_row`` fills."""


def new_row(ticket_id: TicketId, new: NewTicket, head: Head) -> tuple[Plain, ...]:
    """Return the row of a ticket that is being opened, whose chain has that head."""
    key = clean(new.access_key_id) if new.access_key_id is not None else None
    opened_at = utc_text(new.opened_at)
    return (
        ticket_id,
        new.workflow,
        new.workflow_version,
        new.account_id,
        clean(new.account_name),
        clean(new.subject),
        clean(new.username),
        key,
        documents.IDENTITY.write(new.requester),
        State.OPEN.value,
        opened_at,
        utc_text(new.due_at),
        1,
        0,
        documents.FACTS.write(new.facts),
        documents.PROGRESS.write(new.progress),
        new.parent_id,
        documents.BELONGINGS.write_optional(new.snapshot),
        documents.MIGRATION.write_optional(new.migration),
        opened_at,
        head.seq,
        head.hash,
    )


def changed_values(ticket: Ticket) -> dict[str, object]:
    """Return the columns that a change may touch. What is large and taken once, baseline and snapshot, is written apart."""
    lease = ticket.lease
    return {
        "user_id": ticket.user_id,
        "owner_address": ticket.owner.address if ticket.owner is not None else None,
        "owner": documents.OWNER.write_optional(ticket.owner),
        "state": ticket.state.value,
        "state_since": ticket.state_since,
        "came_from": ticket.came_from.value if ticket.came_from is not None else None,
        "due_at": ticket.due_at,
        "deadline": ticket.deadline,
        "version": ticket.version,
        "lease_holder": lease.holder if lease is not None else None,
        "lease_token": lease.token if lease is not None else None,
        "lease_until": lease.until if lease is not None else None,
        "attempts": ticket.attempts,
        "blocked_code": ticket.blocked_code,
        "blocked_reason": ticket.blocked_reason,
        "plan_digest": ticket.plan_digest,
        "facts": documents.FACTS.write(ticket.facts),
        "progress": documents.PROGRESS.write(ticket.progress),
        "parent_id": ticket.parent_id,
        "wanted": ticket.wanted.value if ticket.wanted is not None else None,
        "wanted_by": documents.WORD.write_optional(ticket.wanted_by),
        "closed_at": ticket.closed_at,
        "resolution": ticket.resolution.value if ticket.resolution is not None else None,
        "confirmation": ticket.confirmation.value if ticket.confirmation is not None else None,
    }


def text_of_targets(targets: tuple[str, ...]) -> str:
    """Return an effect's targets as the journal and the row of its intent hold them."""
    return json.dumps([clean(target) for target in targets], ensure_ascii=False)


def intent_of(row: AnyRow) -> Intent:
    """Return the intent of a row of ``intents``."""
    return Intent(
        id=IntentId(row.id),
        ticket_id=TicketId(row.ticket_id),
        step=row.step,
        effect=Effect(
            kind=EffectKind(row.effect),
            account_id=AccountId(row.account_id),
            username=UserName(row.username),
            key_id=KeyId(row.access_key_id) if row.access_key_id is not None else None,
            targets=tuple(json.loads(row.targets)),
            document=row.document,
        ),
        idempotency_key=row.idempotency_key,
        opened_at=row.opened_at,
    )


def stored_intent_of(row: AnyRow) -> StoredIntent:
    """Return the intent of a row with what became of it."""
    outcome = None
    if row.outcome is not None:
        outcome = Outcome(
            kind=OutcomeKind(row.outcome), at=row.settled_at, request_id=row.request_id, detail=row.detail
        )
    return StoredIntent(intent=intent_of(row), outcome=outcome)


def approval_of(row: AnyRow) -> Approval:
    """Return the approval of a row of ``approvals``."""
    return Approval(
        ticket_id=TicketId(row.ticket_id),
        by=documents.IDENTITY.read(row.approved_by, f"an approval of ticket {row.ticket_id}"),
        digest=row.digest,
        at=row.approved_at,
        expires_at=row.expires_at,
        comment=row.comment,
        used_at=row.used_at,
    )
