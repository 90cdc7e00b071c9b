"""What Security Hub was told of tickets.

Tickets get the version that it was told of, and an index of those that changed since; findings as it knows them, a table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _time() -> sa.types.TypeEngine[object]:
    return sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Add the column with its index, and the table."""
    op.add_column("tickets", sa.Column("hub_version", sa.Integer, nullable=False, server_default="0"))
    _partial("ix_tickets_untold", "tickets", ["account_id", "id"], "version > hub_version")
    op.create_table(
        "hub_findings",
        sa.Column("finding", sa.String(512), nullable=False),
        sa.Column("ticket_id", _id(), nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("updated_at", _time(), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("claimed_until", _time()),
        sa.Column("digest", sa.String(64)),
        sa.Column("active", sa.Boolean),
        sa.Column("workflow", sa.String(16)),
        sa.Column("note", sa.Text),
        sa.Column("accepted_at", _time()),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("due_at", _time()),
        sa.PrimaryKeyConstraint("finding", name="pk_hub_findings"),
        sa.CheckConstraint(
            "workflow IN ('NEW', 'NOTIFIED', 'RESOLVED', 'SUPPRESSED')", name=op.f("ck_hub_findings_workflow")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_hub_findings_ticket_id_tickets"),
    )
    _partial("ix_hub_findings_due", "hub_findings", ["due_at", "finding"], "due_at IS NOT NULL")
    _partial("ix_hub_findings_failed", "hub_findings", ["attempts", "finding"], "error IS NOT NULL")
    op.create_index("ix_hub_findings_ticket", "hub_findings", ["ticket_id"])


def downgrade() -> None:
    """Forget what Security Hub was told."""
    op.drop_table("hub_findings")
    op.drop_index("ix_tickets_untold", "tickets")
    op.drop_column("tickets", "hub_version")
