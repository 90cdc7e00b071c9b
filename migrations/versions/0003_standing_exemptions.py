"""Standing exemptions: by account, user, key or tag, with who granted and who ended each."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _time() -> sa.types.TypeEngine[object]:
    return sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "standing_exemptions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("account", sa.Text),
        sa.Column("username", sa.Text),
        sa.Column("access_key_id", sa.Text),
        sa.Column("tag_name", sa.Text),
        sa.Column("tag_pattern", sa.Text),
        sa.Column("workflow", sa.String(64)),
        sa.Column("until", _time(), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("added_at", _time(), nullable=False),
        sa.Column("ended_at", _time()),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_standing_exemptions"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_standing_exemptions_ended")),
        sa.CheckConstraint("(tag_name IS NULL) = (tag_pattern IS NULL)", name=op.f("ck_standing_exemptions_tag")),
        sa.CheckConstraint(
            "account IS NOT NULL OR username IS NOT NULL OR access_key_id IS NOT NULL OR tag_name IS NOT NULL",
            name=op.f("ck_standing_exemptions_somebody"),
        ),
    )
    op.create_index(
        "ix_standing_exemptions_running",
        "standing_exemptions",
        ["until"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("standing_exemptions")
