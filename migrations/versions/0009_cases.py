"""Cases: sightings and stretches of footage that an investigation gathers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from surveil.store.columns import UTCDateTime

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "case_folder",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_folder")),
        sa.UniqueConstraint("name", name=op.f("uq_case_folder_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("footage_id", KEY, nullable=False),
        sa.Column("sighting_id", KEY, nullable=True),
        sa.Column("begin", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("added_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_item")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_folder.id"], name=op.f("fk_case_item_case_id_case_folder"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_case_item_footage_id_footage"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_case_item_sighting_id_sighting"), ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    for column in ("case_id", "footage_id", "sighting_id"):
        op.create_index(op.f(f"ix_case_item_{column}"), "case_item", [column])


def downgrade() -> None:
    """Back to the revision before: the cases are lost."""
    op.drop_table("case_item")
    op.drop_table("case_folder")
