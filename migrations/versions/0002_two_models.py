"""Descriptions by (sighting, model); files and warnings of footage as records; who made a decision."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
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
COLUMNS = ", ".join(PROBABILITIES)
IN_USE = "(SELECT id FROM model ORDER BY in_use DESC, id LIMIT 1)"
"""The model in use; a damaged database may have lost track of it."""


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "description",
        sa.Column("sighting_id", KEY, nullable=False),
        sa.Column("model_id", KEY, nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in PROBABILITIES),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_description_model_id_model"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_description_sighting_id_sighting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sighting_id", "model_id", name=op.f("pk_description")),
    )
    op.execute(
        f"INSERT INTO description (sighting_id, model_id, {COLUMNS}) SELECT id, {IN_USE}, {COLUMNS} FROM sighting"
    )
    for name in PROBABILITIES:
        op.create_index(f"ix_description_{name}", "description", ["model_id", name, "sighting_id"])
    with _rebuilt("sighting") as sighting:
        for name in PROBABILITIES:
            sighting.drop_column(name)
    op.create_index(op.f("ix_sighting_last_seen"), "sighting", ["last_seen"])
    for column in (
        sa.Column("size", sa.BigInteger()),
        sa.Column("mtime_ns", sa.BigInteger()),
        sa.Column("watermark", sa.Float()),
    ):
        op.add_column("footage", column)
    _change_warnings(lambda text: {"kind": "other", "start": None, "end": None, "detail": {"text": text}})
    with _rebuilt("decision") as decision:
        decision.add_column(sa.Column("actor", sa.String(length=200), nullable=False, server_default="unknown"))
        decision.add_column(sa.Column("undoes", KEY))
        decision.create_foreign_key(op.f("fk_decision_undoes_decision"), "decision", ["undoes"], ["id"])
    with _rebuilt("decision") as decision:
        decision.alter_column("actor", server_default=None)
    op.create_table(
        "scanned_file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("footage_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["footage_id"], ["footage.id"], name=op.f("fk_scanned_file_footage_id_footage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scanned_file")),
        sa.UniqueConstraint("path", name=op.f("uq_scanned_file_path")),
    )
    op.create_index(op.f("ix_scanned_file_footage_id"), "scanned_file", ["footage_id"], unique=False)


def downgrade() -> None:
    """Back to the revision before: of several models' descriptions, that of the one in use stays."""
    op.drop_table("scanned_file")
    with _rebuilt("decision") as decision:
        decision.drop_constraint(op.f("fk_decision_undoes_decision"), type_="foreignkey")
        decision.drop_column("undoes")
        decision.drop_column("actor")
    _change_warnings(_in_words)
    with op.batch_alter_table("footage") as footage:
        for name in ("size", "mtime_ns", "watermark"):
            footage.drop_column(name)
    op.drop_index(op.f("ix_sighting_last_seen"), "sighting")
    with _rebuilt("sighting") as sighting:
        for name in PROBABILITIES:
            sighting.add_column(sa.Column(name, sa.Float()))
    values = ", ".join(f"{name} = said.{name}" for name in PROBABILITIES)
    op.execute(
        f"UPDATE sighting SET {values} FROM description AS said "
        f"WHERE said.sighting_id = sighting.id AND said.model_id = {IN_USE}"
    )
    with _rebuilt("sighting") as sighting:
        for name in PROBABILITIES:
            sighting.alter_column(name, existing_type=sa.Float(), nullable=False)
    op.drop_table("description")


@contextmanager
def _rebuilt(table: str) -> Iterator[Any]:
    """A table to be altered. SQLite makes it anew, and then has to be told which numbers were given to rows before."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        with op.batch_alter_table(table) as batch:
            yield batch
        return
    name = {"name": table}
    highest = connection.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), name).scalar()
    with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if highest is not None:
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), name)
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), name | {"seq": highest}
        )


def _change_warnings(change: Callable[[Any], Any]) -> None:
    connection = op.get_bind()
    footage = sa.table("footage", sa.column("id", KEY), sa.column("warnings", sa.JSON()))
    for key, warnings in connection.execute(sa.select(footage.c.id, footage.c.warnings)).all():
        if warnings:
            changed = [change(warning) for warning in warnings]
            connection.execute(sa.update(footage).where(footage.c.id == key).values(warnings=changed))


def _in_words(warning: dict[str, Any]) -> str:
    """A record as text, for the release before, which stored warnings as such."""
    if warning["kind"] == "other":
        return str(warning["detail"]["text"])
    span = [f"{warning[name]:.2f} s" for name in ("start", "end") if warning[name] is not None]
    said = [str(warning["kind"]).replace("_", " "), " to ".join(span)]
    if warning["detail"]:
        said.append(json.dumps(warning["detail"]))
    return ": ".join(part for part in said if part)
