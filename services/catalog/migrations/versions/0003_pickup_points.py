"""Pickup points of their own, as sellers stated them so far: later statements win, as couriers were told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

FILL = """
    WITH stated AS (
        SELECT s.id AS seller_id, dated, dated->'pickup_point' AS point, (dated->>'from_time')::timestamptz AS since
        FROM sellers s, jsonb_array_elements(s.pickup_points) AS dated
    ), turns AS (
        SELECT *, lag(point) OVER (PARTITION BY point->>'pickup_point_id' ORDER BY since, seller_id) AS before
        FROM stated
    )
    INSERT INTO pickup_points (id, version, trace, owner_id, places)
    SELECT point->>'pickup_point_id', 1, '', CASE WHEN count(DISTINCT seller_id) = 1 THEN min(seller_id) ELSE '' END,
        jsonb_agg(dated ORDER BY since, seller_id) FILTER (WHERE before IS DISTINCT FROM point)
    FROM turns GROUP BY 1"""


def upgrade() -> None:
    op.create_table(
        "pickup_points",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("places", JSONB, nullable=False),
    )
    op.execute(FILL)
