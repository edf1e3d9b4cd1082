"""Files that could not be opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from surveil.store.columns import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "unopened_file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("noticed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unopened_file")),
        sa.UniqueConstraint("path", name=op.f("uq_unopened_file_path")),
    )


def downgrade() -> None:
    """Back to the revision before: the next ingest notices them again, and tells only in its report."""
    op.drop_table("unopened_file")
