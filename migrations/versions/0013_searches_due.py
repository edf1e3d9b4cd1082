"""Footage on which the watched searches are still to be run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from surveil.store.columns import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "search_due",
        sa.Column("footage_id", KEY, nullable=False),
        sa.Column("owner", sa.String(200)),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_search_due_footage_id_footage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("footage_id", name=op.f("pk_search_due")),
    )


def downgrade() -> None:
    """Back to the revision before: what was still to be run is forgotten."""
    op.drop_table("search_due")
