"""The tables, as the newest migration leaves them, with the invariants that the database itself upholds.

A test asserts that these and ``migrations/`` agree, so that a change here always comes with a migration.
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.domain.hub import WorkflowStatus
from iamflow.domain.lead import LeadState
from iamflow.domain.states import ENDS, Confirmation, Resolution, State, Wanted
from iamflow.store.types import ExternalText, UtcTime

REVISION = "0004"
"""The migration that this program needs; a test holds it to the newest one in ``migrations/``."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=NAMES)

ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts rows by itself only for a column that is declared INTEGER."""


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _partial(name: str, *columns: Column[object], where: ColumnElement[bool], unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("name", ExternalText, nullable=False),
    Column("enforced_since", UtcTime),
)

_ENDED = ", ".join(f"'{state.value}'" for state in State if state in ENDS)

TICKETS = Table(
    "tickets",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("workflow", String(64), nullable=False),
    Column("workflow_version", Integer, nullable=False),
    Column("account_id", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("account_name", ExternalText, nullable=False),
    Column("subject", ExternalText, nullable=False),
    Column("username", ExternalText, nullable=False),
    Column("user_id", ExternalText),
    Column("access_key_id", ExternalText),
    Column("owner_address", ExternalText),
    Column("owner", Text),
    Column("requester", Text, nullable=False),
    Column("state", String(32), nullable=False),
    Column("state_since", UtcTime, nullable=False),
    Column("came_from", String(32)),
    Column("due_at", UtcTime),
    Column("deadline", UtcTime),
    Column("version", Integer, nullable=False),
    Column("lease_holder", String(128)),
    Column("lease_token", String(64)),
    Column("lease_until", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("blocked_code", String(64)),
    Column("blocked_reason", ExternalText),
    Column("plan_digest", String(64)),
    Column("facts", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("baseline", Text),
    Column("snapshot", Text),
    Column("migration", Text),
    Column("wanted", String(32)),
    Column("wanted_by", Text),
    Column("parent_id", ID, ForeignKey("tickets.id")),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("resolution", String(32)),
    Column("confirmation", String(32)),
    Column("evidence_removed_at", UtcTime),
    Column("events_removed_at", UtcTime),
    # The end of the ticket's hash chain, kept here so that a commit need not look for it among the events.
    Column("head_seq", Integer, nullable=False),
    Column("head_hash", String(64), nullable=False),
    # The version of which Security Hub was told, or that it need not be told of: what has changed since is found by an index.
    Column("hub_version", Integer, nullable=False, server_default="0"),
    _one_of("state", State),
    _one_of("came_from", State),
    _one_of("wanted", Wanted),
    _one_of("resolution", Resolution),
    _one_of("confirmation", Confirmation),
    CheckConstraint(f"(closed_at IS NOT NULL) = (state IN ({_ENDED}))", name="closed"),
    CheckConstraint(
        "(lease_token IS NULL) = (lease_until IS NULL) AND (lease_token IS NULL) = (lease_holder IS NULL)", name="lease"
    ),
)
_T = TICKETS.c
_OPEN = _T.closed_at.is_(None)
_partial("uq_tickets_open_subject", _T.subject, where=_OPEN, unique=True)
_partial("uq_tickets_open_key", _T.access_key_id, where=_OPEN, unique=True)
_partial("ix_tickets_due", _T.due_at, _T.id, where=_T.due_at.is_not(None))
_partial("ix_tickets_leased", _T.lease_holder, where=_T.lease_holder.is_not(None))
_partial("ix_tickets_open_account", _T.account_id, _T.id, where=_OPEN)
_partial("ix_tickets_evidence", _T.closed_at, _T.id, where=_T.closed_at.is_not(None) & _T.evidence_removed_at.is_(None))
_partial("ix_tickets_events", _T.closed_at, _T.id, where=_T.closed_at.is_not(None) & _T.events_removed_at.is_(None))
_partial("ix_tickets_untold", _T.account_id, _T.id, where=_T.version > _T.hub_version)
Index("ix_tickets_key", _T.access_key_id, _T.id)
Index("ix_tickets_subject", _T.subject, _T.id)
Index("ix_tickets_state", _T.state, _T.id)
Index("ix_tickets_account", _T.account_id, _T.id)
Index("ix_tickets_username", _T.username, _T.id)
Index("ix_tickets_owner", _T.owner_address, _T.id)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("writer", String(128), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("heads", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("ticket_id", ID, ForeignKey("tickets.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", ExternalText, nullable=False),
    # No CHECK on the kind: the chain covers it, and an older program must be able to show a newer one's events.
    Column("kind", String(32), nullable=False),
    Column("from_state", String(32)),
    Column("to_state", String(32)),
    Column("detail", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("writer", String(128), nullable=False),
    Column("checkpoint", Integer, nullable=False),
    CheckConstraint("seq >= 1", name="seq"),
)

INTENTS = Table(
    "intents",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("ticket_id", ID, ForeignKey("tickets.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("effect", String(32), nullable=False),
    Column("account_id", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("username", ExternalText, nullable=False),
    Column("access_key_id", ExternalText),
    Column("targets", ExternalText, nullable=False),
    Column("document", ExternalText),
    Column("idempotency_key", String(128), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("outcome", String(32)),
    Column("settled_at", UtcTime),
    Column("request_id", ExternalText),
    Column("detail", ExternalText),
    _one_of("effect", EffectKind),
    _one_of("outcome", OutcomeKind),
    CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name="settled"),
    UniqueConstraint("ticket_id", "step"),
    UniqueConstraint("idempotency_key"),
)
_partial("uq_intents_open", INTENTS.c.ticket_id, where=INTENTS.c.outcome.is_(None), unique=True)
Index("ix_intents_usage", INTENTS.c.account_id, INTENTS.c.effect, INTENTS.c.opened_at)
Index("ix_intents_settled", INTENTS.c.settled_at)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("ticket_id", ID, ForeignKey("tickets.id"), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("dedupe_key", String(128), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("notice", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("available_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("accepted_at", UtcTime),
    Column("promised_at", UtcTime),
    Column("failed_at", UtcTime),
    Column("error", ExternalText),
    UniqueConstraint("dedupe_key", "channel"),
    # A letter is waiting, accepted or given up; never two of them.
    CheckConstraint(
        "(CASE WHEN available_at IS NULL THEN 0 ELSE 1 END) + (CASE WHEN accepted_at IS NULL THEN 0 ELSE 1 END)"
        " + (CASE WHEN failed_at IS NULL THEN 0 ELSE 1 END) = 1",
        name="one_state",
    ),
)
_partial("ix_outbox_due", OUTBOX.c.available_at, OUTBOX.c.id, where=OUTBOX.c.available_at.is_not(None))
_partial("ix_outbox_waiting", OUTBOX.c.created_at, where=OUTBOX.c.available_at.is_not(None))
Index("ix_outbox_ticket", OUTBOX.c.ticket_id)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("ticket_id", ID, ForeignKey("tickets.id"), nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("approved_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("comment", ExternalText),
    Column("used_at", UtcTime),
)
Index("ix_approvals_ticket", APPROVALS.c.ticket_id)

EXEMPTIONS = Table(
    "exemptions",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("ticket_id", ID, ForeignKey("tickets.id"), nullable=False),
    Column("account_id", String(12), ForeignKey("accounts.id"), nullable=False),
    Column("access_key_id", ExternalText),
    Column("granted_by", ExternalText, nullable=False),
    Column("granted_at", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("reason", ExternalText),
    Column("ended_at", UtcTime),
)
_partial("uq_exemptions_running", EXEMPTIONS.c.ticket_id, where=EXEMPTIONS.c.ended_at.is_(None), unique=True)

STANDING_EXEMPTIONS = Table(
    "standing_exemptions",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("account", ExternalText),
    Column("username", ExternalText),
    Column("access_key_id", ExternalText),
    Column("tag_name", ExternalText),
    Column("tag_pattern", ExternalText),
    Column("workflow", String(64)),
    Column("until", UtcTime, nullable=False),
    Column("reason", ExternalText, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("ended_by", Text),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    CheckConstraint("(tag_name IS NULL) = (tag_pattern IS NULL)", name="tag"),
    CheckConstraint(
        "account IS NOT NULL OR username IS NOT NULL OR access_key_id IS NOT NULL OR tag_name IS NOT NULL",
        name="somebody",
    ),
)
_partial("ix_standing_exemptions_running", STANDING_EXEMPTIONS.c.until, where=STANDING_EXEMPTIONS.c.ended_at.is_(None))

SCANS = Table(
    "scans",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("source", ExternalText, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    # Until then an import that shows nothing of itself counts as alive; NULL once the scan is published or given up.
    Column("staged_until", UtcTime),
    Column("published_at", UtcTime),
    CheckConstraint("staged_until IS NULL OR published_at IS NULL", name="staged"),
)

# Which finding of a subject is shown follows from its scans alone (``store.scans``), so that publishing is one row.
FINDINGS = Table(
    "findings",
    METADATA,
    Column("scan_id", ID, ForeignKey("scans.id"), primary_key=True, autoincrement=False),
    Column("subject", ExternalText, primary_key=True),
    Column("rule", String(64), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("account_name", ExternalText, nullable=False),
    Column("username", ExternalText, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("finding", Text, nullable=False),
)
Index("ix_findings_subject", FINDINGS.c.subject, FINDINGS.c.rule)

# What Security Hub was told of each finding. A finding is a subject and a rule; the newest ticket about it speaks for it.
HUB_FINDINGS = Table(
    "hub_findings",
    METADATA,
    Column("finding", String(512), primary_key=True),
    Column("ticket_id", ID, ForeignKey("tickets.id"), nullable=False),
    Column("account_id", String(12), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # Stored before it is sent, so that the next one is later even where no answer came and the clock was put back.
    Column("updated_at", UtcTime, nullable=False),
    Column("turn", Integer, nullable=False),
    # Until then nobody else tells of it: what is told by two at once could arrive in either order.
    Column("claimed_until", UtcTime),
    Column("digest", String(64)),
    Column("active", Boolean),
    Column("workflow", String(16)),
    Column("note", ExternalText),
    Column("accepted_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("error", ExternalText),
    Column("due_at", UtcTime),
    _one_of("workflow", WorkflowStatus),
)
_H = HUB_FINDINGS.c
_partial("ix_hub_findings_due", _H.due_at, _H.finding, where=_H.due_at.is_not(None))
_partial("ix_hub_findings_failed", _H.attempts, _H.finding, where=_H.error.is_not(None))
Index("ix_hub_findings_ticket", _H.ticket_id)
# One row a lead, however often reports repeat it. Its rule is text: an older program must be able to keep a newer one's.
LEADS = Table(
    "leads",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("identity", ExternalText, nullable=False),
    Column("account_id", String(12), nullable=False),
    Column("account_name", ExternalText, nullable=False),
    Column("username", ExternalText, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("access_key_id", ExternalText),
    Column("key_created_at", UtcTime),
    Column("as_of", UtcTime, nullable=False),
    Column("source", ExternalText, nullable=False),
    Column("row", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("reason", ExternalText, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", UtcTime),
    Column("ended_at", UtcTime),
    _one_of("state", LeadState),
    CheckConstraint("(due_at IS NULL) = (ended_at IS NOT NULL)", name="due"),
    UniqueConstraint("identity"),
)
_partial("ix_leads_due", LEADS.c.due_at, LEADS.c.id, where=LEADS.c.due_at.is_not(None))
_partial("ix_leads_ended", LEADS.c.ended_at, where=LEADS.c.ended_at.is_not(None))

METRIC_SNAPSHOTS = Table(
    "metric_snapshots",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("metrics", Text, nullable=False),
)
Index("ix_metric_snapshots_at", METRIC_SNAPSHOTS.c.at)

SCHEDULED_RUNS = Table(
    "scheduled_runs",
    METADATA,
    Column("job", String(64), primary_key=True),
    Column("slot", String(64), primary_key=True),
    Column("instance", String(128), nullable=False),
    Column("at", UtcTime, nullable=False),
)

INSTANCES = Table(
    "instances",
    METADATA,
    Column("id", String(128), primary_key=True),
    Column("host", ExternalText, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
    Column("stopped_at", UtcTime),
)

FREEZE = Table(
    "freeze",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("is_on", Boolean, nullable=False),
    Column("reason", ExternalText),
    Column("set_by", ExternalText),
    Column("set_at", UtcTime),
    CheckConstraint("id = 1", name="one_row"),
)

BINDING = Table(
    "binding",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sandbox", Boolean, nullable=False),
    Column("partition", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("key_fingerprint", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
