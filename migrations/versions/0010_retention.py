"""How long cameras keep who was seen; where watched searches tell their hits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("camera", sa.Column("keep_days", sa.Float(), nullable=True))
    op.add_column("saved_search", sa.Column("webhook", sa.Text(), nullable=True))
    op.add_column("saved_search", sa.Column("webhook_secret", sa.String(length=100), nullable=True))


def downgrade() -> None:
    """Back to the revision before: nothing expires, and nothing is told."""
    op.drop_column("saved_search", "webhook_secret")
    op.drop_column("saved_search", "webhook")
    op.drop_column("camera", "keep_days")
