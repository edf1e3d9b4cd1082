"""Processes that watch folders, so that whoever asks can see them alive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from surveil.store.columns import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "daemon",
        sa.Column("id", KEY, nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("folders", sa.JSON(), nullable=False),
        sa.Column("away", sa.JSON(), nullable=False),
        sa.Column("growing", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("alive_until", UTCDateTime(), nullable=False),
        sa.Column("last_scan", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daemon")),
        sa.UniqueConstraint("owner", name=op.f("uq_daemon_owner")),
    )


def downgrade() -> None:
    """Back to the revision before: daemons that run are not seen any more."""
    op.drop_table("daemon")
