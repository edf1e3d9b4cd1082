"""Accounts, who is signed in, API tokens, the link of the first start; and the audit, which is only appended to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from surveil.store.columns import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("start_link", "api_token", "sign_in_try", "sign_in", "role_grant", "account", "audit_head", "audit_record")

SQLITE = (
    "CREATE TRIGGER audit_record_keeps BEFORE UPDATE ON audit_record"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END",
    "CREATE TRIGGER audit_record_stays BEFORE DELETE ON audit_record"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END",
    "CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head"
    " WHEN NEW.id <> OLD.id OR NEW.count NOT IN (OLD.count, OLD.count + 1)"
    " OR (NEW.count = OLD.count AND NEW.hash <> OLD.hash)"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END",
    "CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END",
)
POSTGRES = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the audit is only appended to'; END $$",
    "CREATE TRIGGER audit_record_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head FOR EACH ROW"
    " WHEN (NEW.id <> OLD.id OR NEW.count NOT IN (OLD.count, OLD.count + 1)"
    " OR (NEW.count = OLD.count AND NEW.hash <> OLD.hash)) EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    """To this revision."""
    _accounts()
    _audit()


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("folded", sa.String(length=600), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("folded", name=op.f("uq_account_folded")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "role_grant",
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_role_grant")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id_account"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sign_in_secret_hash")),
    )
    op.create_index(op.f("ix_sign_in_account_id"), "sign_in", ["account_id"])
    op.create_table(
        "sign_in_try",
        sa.Column("id", KEY, nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("tried_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_try")),
    )
    op.create_index(op.f("ix_sign_in_try_subject_hash"), "sign_in_try", ["subject_hash"])
    op.create_index(op.f("ix_sign_in_try_tried_at"), "sign_in_try", ["tried_at"])
    op.create_table(
        "api_token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"])
    op.create_table(
        "start_link",
        sa.Column("id", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_start_link")),
    )


def _audit() -> None:
    op.create_table(
        "audit_record",
        sa.Column("number", KEY, nullable=False, autoincrement=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_record")),
    )
    op.create_index(op.f("ix_audit_record_actor"), "audit_record", ["actor"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", KEY, nullable=False, autoincrement=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.bulk_insert(head, [{"id": 1, "count": 0, "hash": "0" * 64}])
    for trigger in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(trigger)


def downgrade() -> None:
    """Back to the revision before: the accounts and the audit are lost."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse()")
