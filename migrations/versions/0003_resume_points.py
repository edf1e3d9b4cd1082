"""Work on long footage goes on from where it was interrupted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "resume_point",
        sa.Column("footage_id", KEY, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_resume_point_footage_id_footage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("footage_id", name=op.f("pk_resume_point")),
    )


def downgrade() -> None:
    """Back to the revision before: footage that was interrupted is begun anew."""
    op.drop_table("resume_point")
