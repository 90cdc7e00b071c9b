"""The first tables.

Written out by hand: a migration must not change when the models do.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATES = (
    "'open', 'notified', 'issued', 'awaiting_adoption', 'discovering', 'planned', 'awaiting_approval', "
    "'provisioned', 'awaiting_cutover', 'brownout', 'deactivated', 'monitoring', 'enforced', 'attached', "
    "'quarantined', 'deleting', 'on_hold', 'exempt', 'blocked', 'deleted', 'restored', 'remediated', 'rolled_back', "
    "'resolved', 'cancelled'"
)
_ENDS = "'deleted', 'restored', 'remediated', 'rolled_back', 'resolved', 'cancelled'"
_RESOLUTIONS = (
    "'deleted', 'rolled_back', 'cancelled', 'rejected', 'key_gone', 'key_inactive', 'user_gone', 'user_active', "
    "'superseded', 'restored', 'key_young', 'owner_reactivated', 'mfa_enabled', 'no_console', 'policy_removed', "
    "'root_secured', 'kept', 'target_gone'"
)


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _time() -> sa.types.TypeEngine[object]:
    return sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Create everything."""
    _accounts_and_tickets()
    _ticket_indexes()
    _journal()
    _intents()
    _outbox()
    _decisions_of_people()
    _scans_and_findings()
    _operation()


def _accounts_and_tickets() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("enforced_since", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", _id(), nullable=False),
        sa.Column("workflow", sa.String(64), nullable=False),
        sa.Column("workflow_version", sa.Integer, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("account_name", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("access_key_id", sa.Text),
        sa.Column("owner_address", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", _time(), nullable=False),
        sa.Column("came_from", sa.String(32)),
        sa.Column("due_at", _time()),
        sa.Column("deadline", _time()),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("lease_holder", sa.String(128)),
        sa.Column("lease_token", sa.String(64)),
        sa.Column("lease_until", _time()),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("blocked_code", sa.String(64)),
        sa.Column("blocked_reason", sa.Text),
        sa.Column("plan_digest", sa.String(64)),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("baseline", sa.Text),
        sa.Column("snapshot", sa.Text),
        sa.Column("migration", sa.Text),
        sa.Column("wanted", sa.String(32)),
        sa.Column("wanted_by", sa.Text),
        sa.Column("parent_id", _id()),
        sa.Column("opened_at", _time(), nullable=False),
        sa.Column("closed_at", _time()),
        sa.Column("resolution", sa.String(32)),
        sa.Column("confirmation", sa.String(32)),
        sa.Column("evidence_removed_at", _time()),
        sa.Column("events_removed_at", _time()),
        sa.Column("head_seq", sa.Integer, nullable=False),
        sa.Column("head_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_tickets_state")),
        sa.CheckConstraint(f"came_from IN ({_STATES})", name=op.f("ck_tickets_came_from")),
        sa.CheckConstraint("wanted IN ('rollback')", name=op.f("ck_tickets_wanted")),
        sa.CheckConstraint(f"resolution IN ({_RESOLUTIONS})", name=op.f("ck_tickets_resolution")),
        sa.CheckConstraint("confirmation IN ('pending', 'confirmed', 'missing')", name=op.f("ck_tickets_confirmation")),
        sa.CheckConstraint(f"(closed_at IS NOT NULL) = (state IN ({_ENDS}))", name=op.f("ck_tickets_closed")),
        sa.CheckConstraint(
            "(lease_token IS NULL) = (lease_until IS NULL) AND (lease_token IS NULL) = (lease_holder IS NULL)",
            name=op.f("ck_tickets_lease"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_tickets_account_id_accounts"),
        sa.ForeignKeyConstraint(["parent_id"], ["tickets.id"], name="fk_tickets_parent_id_tickets"),
    )


def _ticket_indexes() -> None:
    still_open = "closed_at IS NULL"
    _partial("uq_tickets_open_subject", "tickets", ["subject"], still_open, unique=True)
    _partial("uq_tickets_open_key", "tickets", ["access_key_id"], still_open, unique=True)
    _partial("ix_tickets_due", "tickets", ["due_at", "id"], "due_at IS NOT NULL")
    _partial("ix_tickets_leased", "tickets", ["lease_holder"], "lease_holder IS NOT NULL")
    _partial("ix_tickets_open_account", "tickets", ["account_id", "id"], still_open)
    for kept in ("evidence", "events"):
        due = f"closed_at IS NOT NULL AND {kept}_removed_at IS NULL"
        _partial(f"ix_tickets_{kept}", "tickets", ["closed_at", "id"], due)
    op.create_index("ix_tickets_key", "tickets", ["access_key_id", "id"])
    op.create_index("ix_tickets_subject", "tickets", ["subject", "id"])
    op.create_index("ix_tickets_state", "tickets", ["state", "id"])
    op.create_index("ix_tickets_account", "tickets", ["account_id", "id"])
    op.create_index("ix_tickets_username", "tickets", ["username", "id"])
    op.create_index("ix_tickets_owner", "tickets", ["owner_address", "id"])


def _journal() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("writer", sa.String(128), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _time(), nullable=False),
        sa.Column("heads", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("writer", "seq", name="pk_checkpoints"),
    )
    op.create_table(
        "events",
        sa.Column("ticket_id", _id(), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _time(), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("from_state", sa.String(32)),
        sa.Column("to_state", sa.String(32)),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("writer", sa.String(128), nullable=False),
        sa.Column("checkpoint", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "seq", name="pk_events"),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_events_seq")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_events_ticket_id_tickets"),
    )


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", _id(), nullable=False),
        sa.Column("ticket_id", _id(), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("effect", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("access_key_id", sa.Text),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("idempotency_key", sa.String(128), nullable=False),
        sa.Column("opened_at", _time(), nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("settled_at", _time()),
        sa.Column("request_id", sa.Text),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
        sa.CheckConstraint(
            "effect IN ('attach_brownout', 'lift_brownout', 'deactivate_key', 'reactivate_key', 'delete_key', "
            "'put_mfa_policy', 'delete_mfa_policy', 'create_mfa_policy', 'attach_mfa_policy', 'detach_mfa_policy', "
            "'attach_quarantine', 'deactivate_keys', 'disable_services', 'remove_login', 'reactivate_keys', "
            "'enable_services', 'lift_quarantine', 'delete_login', 'delete_keys', 'delete_services', "
            "'delete_ssh_keys', 'delete_certificates', 'deactivate_mfa', 'delete_virtual_mfa', 'leave_groups', "
            "'detach_policies', 'delete_policies', 'delete_quarantine', 'delete_user', 'restore_user', "
            "'restore_groups', 'restore_attached', 'restore_policies', 'restore_ssh_keys', 'prove_sink', "
            "'issue_key', 'free_slot', 'withdraw_key', 'create_provider', 'create_role', 'put_role_policy', "
            "'attach_role_policy', 'create_profile', 'fill_profile', 'associate_profile', 'publish_version', "
            "'update_function', 'register_task', 'update_service', 'restore_service', 'deregister_task', "
            "'restore_function', 'delete_version', 'disassociate_profile', 'empty_profile', 'delete_profile', "
            "'detach_role_policy', 'delete_role_policy', 'delete_role', 'delete_provider', 'create_scp', "
            "'attach_scp', 'detach_scp', 'delete_scp')",
            name=op.f("ck_intents_effect"),
        ),
        sa.CheckConstraint(
            "outcome IN ('done', 'not_done', 'refused', 'not_attempted')", name=op.f("ck_intents_outcome")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name=op.f("ck_intents_settled")),
        sa.UniqueConstraint("ticket_id", "step", name="uq_intents_ticket_id_step"),
        sa.UniqueConstraint("idempotency_key", name="uq_intents_idempotency_key"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_intents_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_intents_account_id_accounts"),
    )
    _partial("uq_intents_open", "intents", ["ticket_id"], "outcome IS NULL", unique=True)
    op.create_index("ix_intents_usage", "intents", ["account_id", "effect", "opened_at"])
    op.create_index("ix_intents_settled", "intents", ["settled_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _id(), nullable=False),
        sa.Column("ticket_id", _id(), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("dedupe_key", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("available_at", _time()),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("accepted_at", _time()),
        sa.Column("promised_at", _time()),
        sa.Column("failed_at", _time()),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("dedupe_key", "channel", name="uq_outbox_dedupe_key_channel"),
        sa.CheckConstraint(
            "(CASE WHEN available_at IS NULL THEN 0 ELSE 1 END) + (CASE WHEN accepted_at IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN failed_at IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_outbox_one_state"),
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_outbox_ticket_id_tickets"),
    )
    _partial("ix_outbox_due", "outbox", ["available_at", "id"], "available_at IS NOT NULL")
    _partial("ix_outbox_waiting", "outbox", ["created_at"], "available_at IS NOT NULL")
    op.create_index("ix_outbox_ticket", "outbox", ["ticket_id"])


def _decisions_of_people() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", _id(), nullable=False),
        sa.Column("ticket_id", _id(), nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("approved_at", _time(), nullable=False),
        sa.Column("expires_at", _time(), nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("used_at", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_approvals_ticket_id_tickets"),
    )
    op.create_index("ix_approvals_ticket", "approvals", ["ticket_id"])
    op.create_table(
        "exemptions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("ticket_id", _id(), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("access_key_id", sa.Text),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", _time(), nullable=False),
        sa.Column("until", _time()),
        sa.Column("reason", sa.Text),
        sa.Column("ended_at", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_exemptions"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_exemptions_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_exemptions_account_id_accounts"),
    )
    _partial("uq_exemptions_running", "exemptions", ["ticket_id"], "ended_at IS NULL", unique=True)


def _scans_and_findings() -> None:
    op.create_table(
        "scans",
        sa.Column("id", _id(), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("as_of", _time(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("started_at", _time(), nullable=False),
        sa.Column("staged_until", _time()),
        sa.Column("published_at", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_scans"),
        sa.CheckConstraint("staged_until IS NULL OR published_at IS NULL", name=op.f("ck_scans_staged")),
    )
    op.create_table(
        "findings",
        sa.Column("scan_id", _id(), nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("account_name", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("as_of", _time(), nullable=False),
        sa.Column("holds", sa.Boolean, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", "subject", "rule", name="pk_findings"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_findings_scan_id_scans"),
    )
    op.create_index("ix_findings_subject", "findings", ["subject", "rule"])


def _operation() -> None:
    op.create_table(
        "metric_snapshots",
        sa.Column("id", _id(), nullable=False),
        sa.Column("at", _time(), nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_snapshots"),
    )
    op.create_index("ix_metric_snapshots_at", "metric_snapshots", ["at"])
    op.create_table(
        "scheduled_runs",
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("slot", sa.String(64), nullable=False),
        sa.Column("instance", sa.String(128), nullable=False),
        sa.Column("at", _time(), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot", name="pk_scheduled_runs"),
    )
    op.create_table(
        "instances",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", _time(), nullable=False),
        sa.Column("beat_at", _time(), nullable=False),
        sa.Column("stopped_at", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_instances"),
    )
    freeze = op.create_table(
        "freeze",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("set_by", sa.Text),
        sa.Column("set_at", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_freeze"),
        sa.CheckConstraint("id = 1", name=op.f("ck_freeze_one_row")),
    )
    # The row must be there: a kill switch that cannot be read counts as thrown.
    op.bulk_insert(freeze, [{"id": 1, "is_on": False}])
    op.create_table(
        "binding",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sandbox", sa.Boolean, nullable=False),
        sa.Column("partition", sa.String(32), nullable=False),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("key_fingerprint", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_binding"),
        sa.CheckConstraint("id = 1", name=op.f("ck_binding_one_row")),
    )


def downgrade() -> None:
    """Remove everything."""
    for table in (
        "binding",
        "freeze",
        "instances",
        "scheduled_runs",
        "metric_snapshots",
        "findings",
        "scans",
        "exemptions",
        "approvals",
        "outbox",
        "intents",
        "events",
        "checkpoints",
        "tickets",
        "accounts",
    ):
        op.drop_table(table)
