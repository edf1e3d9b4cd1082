"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from surveil.store import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PROBABILITIES = (
    "age_young",
    "age_teenager",
    "age_adult",
    "age_old",
    "backpack",
    "bag",
    "handbag",
    "lower_type_pants",
    "lower_length_short",
    "sleeve_short",
    "hair_long",
    "hat",
    "gender_female",
    "upper_colour_black",
    "upper_colour_white",
    "upper_colour_red",
    "upper_colour_purple",
    "upper_colour_yellow",
    "upper_colour_gray",
    "upper_colour_blue",
    "upper_colour_green",
    "upper_colour_multicolour",
    "lower_colour_black",
    "lower_colour_white",
    "lower_colour_pink",
    "lower_colour_purple",
    "lower_colour_yellow",
    "lower_colour_gray",
    "lower_colour_blue",
    "lower_colour_green",
    "lower_colour_brown",
    "lower_colour_multicolour",
)


def upgrade() -> None:
    """To this revision."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "camera",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("clock_offset", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
        sa.UniqueConstraint("name", name=op.f("uq_camera_name")),
    )
    op.create_table(
        "clustering",
        sa.Column("id", KEY, nullable=False),
        sa.Column("made_at", columns.UTCDateTime(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clustering")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("made_at", columns.UTCDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identity",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("sha256", name=op.f("uq_model_sha256")),
    )
    op.create_index(
        "uq_model_in_use",
        "model",
        ["in_use"],
        unique=True,
        sqlite_where=sa.text("in_use"),
        postgresql_where=sa.text("in_use"),
    )

    op.create_table(
        "footage",
        sa.Column("id", KEY, nullable=False),
        sa.Column("camera_id", KEY, nullable=False),
        sa.Column("camera_from", sa.String(length=20), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("started_at", columns.UTCDateTime(), nullable=False),
        sa.Column("started_from", sa.String(length=20), nullable=False),
        sa.Column("duration", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("frames", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("work_seconds", sa.Float(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_footage_camera_id_camera")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_footage")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_footage_content_hash")),
    )
    op.create_index(op.f("ix_footage_camera_id"), "footage", ["camera_id"], unique=False)
    op.create_index(op.f("ix_footage_state"), "footage", ["state"], unique=False)

    op.create_table(
        "sighting",
        sa.Column("id", KEY, nullable=False),
        sa.Column("footage_id", KEY, nullable=False),
        sa.Column("camera_id", KEY, nullable=False),
        sa.Column("identity_id", KEY, nullable=True),
        sa.Column("first_seen", columns.UTCDateTime(), nullable=False),
        sa.Column("last_seen", columns.UTCDateTime(), nullable=False),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in PROBABILITIES),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_sighting_camera_id_camera")),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_sighting_footage_id_footage"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_sighting_identity_id_identity"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sighting_camera_time", "sighting", ["camera_id", "first_seen"], unique=False)
    op.create_index(op.f("ix_sighting_first_seen"), "sighting", ["first_seen"], unique=False)
    op.create_index(op.f("ix_sighting_footage_id"), "sighting", ["footage_id"], unique=False)
    op.create_index(op.f("ix_sighting_identity_id"), "sighting", ["identity_id"], unique=False)

    op.create_table(
        "crop",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sighting_id", KEY, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("taken_at", columns.UTCDateTime(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("media_key", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_crop_sighting_id_sighting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crop")),
    )
    op.create_index(op.f("ix_crop_sighting_id"), "crop", ["sighting_id"], unique=False)

    op.create_table(
        "embedding",
        sa.Column("sighting_id", KEY, nullable=False),
        sa.Column("model_id", KEY, nullable=False),
        sa.Column("vector", columns.HalfVector(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_embedding_model_id_model"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_embedding_sighting_id_sighting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sighting_id", "model_id", name=op.f("pk_embedding")),
    )
    op.create_table(
        "membership",
        sa.Column("clustering_id", KEY, nullable=False),
        sa.Column("sighting_id", KEY, nullable=False),
        sa.Column("identity_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["clustering_id"],
            ["clustering.id"],
            name=op.f("fk_membership_clustering_id_clustering"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_membership_identity_id_identity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_membership_sighting_id_sighting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("clustering_id", "sighting_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_sighting_id"), "membership", ["sighting_id"], unique=False)
    op.create_index(op.f("ix_membership_identity_id"), "membership", ["identity_id"], unique=False)


def downgrade() -> None:
    """Back to an empty database; the extension stays, others may use it."""
    for table in ("membership", "embedding", "crop", "sighting", "footage", "model", "identity", "decision"):
        op.drop_table(table)
    op.drop_table("clustering")
    op.drop_table("camera")
