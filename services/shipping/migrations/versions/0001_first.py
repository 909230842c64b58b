"""Parcels, batches with lines and tenders, closures, pickup points, scans, waves; and the chassis' own tables."""

import sqlalchemy as sa
from alembic import op
from chassis.tables import create_tables_0001
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_tables_0001(op)
    _parcels()
    _batches()
    _lines()
    _tenders()
    _closures()
    _pickup_points()
    _scans()
    _waves()
    _decisions()


def _aggregate() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
    ]


def _parcels() -> None:
    op.create_table(
        "parcels",
        *_aggregate(),
        sa.Column("facts", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("pickup_point_id", sa.Text, nullable=False),
        sa.Column("area_hub_id", sa.Text, nullable=False),
        sa.Column("origin_commune_code", sa.Text, nullable=False),
        sa.Column("origin_hamlet", sa.Text, nullable=False),
        sa.Column("shipment", JSONB, nullable=False),
        sa.Column("promise", JSONB),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_time", sa.DateTime(timezone=True)),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("partner_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("return_wanted", sa.Boolean, nullable=False),
        sa.Column("history", JSONB, nullable=False),
    )
    is_open, is_waiting = sa.text("state IN ('created', 'ready')"), sa.text("state = 'waiting'")
    op.create_index("parcels_open", "parcels", ["area_hub_id"], postgresql_where=is_open)
    op.create_index("parcels_waiting", "parcels", ["create_time"], postgresql_where=is_waiting)


def _batches() -> None:
    op.create_table(
        "batches",
        *_aggregate(),
        sa.Column("facts", sa.BigInteger, nullable=False),
        sa.Column("feed", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("wave_id", sa.Text, nullable=False),
        sa.Column("area_hub_id", sa.Text, nullable=False),
        sa.Column("hub_id", sa.Text, nullable=False),
        sa.Column("road_id", sa.Text, nullable=False),
        sa.Column("ways", JSONB, nullable=False),
        sa.Column("commune_codes", JSONB, nullable=False),
        sa.Column("partner_id", sa.Text, nullable=False),
        sa.Column("partners_left", JSONB, nullable=False),
        sa.Column("tender_id", sa.Text, nullable=False),
        sa.Column("vehicle_kind", sa.Text, nullable=False),
        sa.Column("stops", JSONB, nullable=False),
        sa.Column("leave_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leave_date", sa.Text, nullable=False),
        sa.Column("manifest_hash", sa.Text, nullable=False),
        sa.Column("closure_id", sa.Text, nullable=False),
        sa.Column("parcels_planned", sa.BigInteger, nullable=False),
        sa.Column("parcels_picked", sa.BigInteger, nullable=False),
        sa.Column("parcels_missed", sa.BigInteger, nullable=False),
        sa.Column("weight_g", sa.BigInteger, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("history", JSONB, nullable=False),
    )
    is_live = sa.text("state NOT IN ('failed', 'handed_over', 'withdrawn')")
    op.create_index("batches_live", "batches", ["area_hub_id"], postgresql_where=is_live)
    op.create_index("batches_newest", "batches", ["create_time", "id"])


def _lines() -> None:
    op.create_table(
        "lines",
        *_aggregate(),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("parcel_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("report_time", sa.DateTime(timezone=True)),
    )
    op.create_index("lines_one_live_batch", "lines", ["parcel_id"], unique=True, postgresql_where=sa.text("live"))
    op.create_index("lines_batch", "lines", ["batch_id"])


def _tenders() -> None:
    op.create_table(
        "tenders",
        *_aggregate(),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("partner_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("answer_deadline_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    is_offered = sa.text("state = 'offered'")
    op.create_index("tenders_offered", "tenders", ["answer_deadline_time"], postgresql_where=is_offered)
    op.create_index("tenders_batch", "tenders", ["batch_id"])


def _closures() -> None:
    op.create_table(
        "closures",
        *_aggregate(),
        sa.Column("road_id", sa.Text, nullable=False),
        sa.Column("commune_code", sa.Text, nullable=False),
        sa.Column("from_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("declared_by", sa.Text, nullable=False),
    )
    op.create_index("closures_to", "closures", ["to_time"])


def _pickup_points() -> None:
    op.create_table("pickup_points", *_aggregate(), sa.Column("gates", JSONB, nullable=False))


def _scans() -> None:
    op.create_table(
        "scans",
        *_aggregate(),
        sa.Column("partner_id", sa.Text, nullable=False),
        sa.Column("scan_id", sa.Text, nullable=False),
        sa.Column("parcel_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("scan_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("receive_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    op.create_index("scans_parcel", "scans", ["parcel_id"])


def _waves() -> None:
    op.create_table(
        "waves",
        *_aggregate(),
        sa.Column("area_hub_id", sa.Text, nullable=False),
        sa.Column("decide_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pushed", sa.Boolean, nullable=False),
        sa.Column("batch_ids", JSONB, nullable=False),
        sa.Column("parcels_planned", sa.BigInteger, nullable=False),
        sa.Column("parcels_held", sa.BigInteger, nullable=False),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        *_aggregate(),
        sa.Column("wave_id", sa.Text, nullable=False),
        sa.Column("parcel_id", sa.Text, nullable=False),
        sa.Column("local_date", sa.Text, nullable=False),
        sa.Column("decide_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rides", sa.Boolean, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("waits_for_wave_id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("marginal_cost_vnd", sa.BigInteger, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
    )
    op.create_index("decisions_parcel", "decisions", ["parcel_id", "decide_time"])
