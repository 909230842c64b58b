"""Pickup points that processes of before 0003 took while it was being rolled out: to be released after it.

A point that nobody keeps yet is kept as its sellers stated it, the first of them owning it; and where an owner went on
later than its point says, the point follows. What was moved meanwhile for several sellers, an operator states again.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

STATED = """
    WITH stated AS (
        SELECT s.id AS seller_id, dated, dated->'pickup_point' AS point,
            dated->'pickup_point'->>'pickup_point_id' AS point_id, (dated->>'from_time')::timestamptz AS since
        FROM sellers s, jsonb_array_elements(s.pickup_points) AS dated
    )"""

MISSING = f"""{STATED}, turns AS (
        SELECT *, lag(point) OVER (PARTITION BY point_id ORDER BY since, seller_id) AS before FROM stated
    )
    INSERT INTO pickup_points (id, version, trace, owner_id, places)
    SELECT point_id, 1, '', (array_agg(seller_id ORDER BY since, seller_id))[1],
        jsonb_agg(dated ORDER BY since, seller_id) FILTER (WHERE before IS DISTINCT FROM point)
    FROM turns GROUP BY 1 ON CONFLICT (id) DO NOTHING"""

MOVED = f"""{STATED}, later AS (
        SELECT p.id, jsonb_agg(dated ORDER BY since) AS places
        FROM pickup_points p JOIN stated ON point_id = p.id AND seller_id = p.owner_id
        WHERE since > (p.places->-1->>'from_time')::timestamptz AND point <> p.places->-1->'pickup_point' GROUP BY 1
    )
    UPDATE pickup_points p SET version = version + 1, places = p.places || later.places
    FROM later WHERE p.id = later.id"""


def upgrade() -> None:
    op.execute(MISSING)
    op.execute(MOVED)
