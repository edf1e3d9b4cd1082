"""Who looked when at what a saved search finds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "saved_search_look",
        sa.Column("search_id", KEY, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("sighting", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["search_id"], ["saved_search.id"], name=op.f("fk_saved_search_look_search_id_saved_search"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("search_id", "actor", name=op.f("pk_saved_search_look")),
    )  # fmt: skip


def downgrade() -> None:
    """Back to the revision before: everything is new to everybody again."""
    op.drop_table("saved_search_look")
