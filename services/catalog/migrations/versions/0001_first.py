"""Sellers, products, stock, sessions, holds and restocks; inbox, outbox and the chassis' other tables."""

import sqlalchemy as sa
from alembic import op
from chassis.tables import create_tables_0001
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_tables_0001(op)
    _sellers()
    _products()
    _stocks()
    _livestream_sessions()
    _stock_holds()
    _restocks()


def _aggregate() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
    ]


def _sellers() -> None:
    op.create_table(
        "sellers",
        *_aggregate(),
        sa.Column("public_block", JSONB, nullable=False),
        sa.Column("commune_code", sa.Text, nullable=False),
        sa.Column("commune_as_of_date", sa.Text, nullable=False),
        sa.Column("hamlet", sa.Text, nullable=False),
        sa.Column("pickup_points", JSONB, nullable=False),
        sa.Column("suspend_time", sa.DateTime(timezone=True)),
        sa.Column("suspend_reason", sa.Text, nullable=False),
    )
    op.create_index("sellers_commune", "sellers", ["commune_code"])


def _products() -> None:
    op.create_table(
        "products",
        *_aggregate(),
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("description", JSONB, nullable=False),
        sa.Column("prices", JSONB, nullable=False),
        sa.Column("publish_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdraw_time", sa.DateTime(timezone=True)),
    )
    op.create_index("products_seller", "products", ["seller_id", "id"])


def _stocks() -> None:
    op.create_table(
        "stocks",
        *_aggregate(),
        sa.Column("on_hand_quantity", sa.BigInteger, nullable=False),
        sa.Column("held_quantity", sa.BigInteger, nullable=False),
        sa.Column("sold_quantity", sa.BigInteger, nullable=False),
        sa.Column("stock_version", sa.BigInteger, nullable=False),
        sa.Column("offers", JSONB, nullable=False),
        sa.CheckConstraint(
            "held_quantity BETWEEN 0 AND on_hand_quantity AND sold_quantity >= 0", name="stocks_are_never_negative"
        ),
        postgresql_with={"fillfactor": "50"},
    )


def _livestream_sessions() -> None:
    op.create_table(
        "livestream_sessions",
        *_aggregate(),
        sa.Column("host_id", sa.Text, nullable=False),
        sa.Column("host_verification", JSONB, nullable=False),
        sa.Column("seller_ids", JSONB, nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offer_count", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True)),
        sa.Column("end_reason", sa.Text, nullable=False),
        sa.Column("authority_reference", sa.Text, nullable=False),
    )


def _stock_holds() -> None:
    op.create_table(
        "stock_holds",
        *_aggregate(),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lines", JSONB, nullable=False),
        sa.Column("settled", JSONB, nullable=False),
        sa.Column("expire_time", sa.DateTime(timezone=True)),
    )
    is_held = sa.text("state = 'HELD'")
    op.create_index("stock_holds_expiring", "stock_holds", ["expire_time"], postgresql_where=is_held)


def _restocks() -> None:
    op.create_table(
        "restocks",
        *_aggregate(),
        sa.Column("moves", JSONB, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )
    op.create_index("restocks_owed", "restocks", ["id"], postgresql_where=sa.text("NOT done"))
