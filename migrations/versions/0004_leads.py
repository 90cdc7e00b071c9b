"""Leads: what may be a finding, and waits until AWS is read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES = "'waiting', 'confirmed', 'unfounded', 'refused'"


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _time() -> sa.types.TypeEngine[object]:
    return sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "leads", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.create_table(
        "leads",
        sa.Column("id", _id(), nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("account_id", sa.String(12), nullable=False),
        sa.Column("account_name", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("access_key_id", sa.Text),
        sa.Column("key_created_at", _time()),
        sa.Column("as_of", _time(), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", _time()),
        sa.Column("ended_at", _time()),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_leads_state")),
        sa.CheckConstraint("(due_at IS NULL) = (ended_at IS NOT NULL)", name=op.f("ck_leads_due")),
        sa.UniqueConstraint("identity", name="uq_leads_identity"),
    )
    _partial("ix_leads_due", ["due_at", "id"], "due_at IS NOT NULL")
    _partial("ix_leads_ended", ["ended_at"], "ended_at IS NOT NULL")


def downgrade() -> None:
    op.drop_table("leads")
