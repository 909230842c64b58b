"""Finds what a wave looks back on: parcels by when they became ready, the runs of a day, tenders turned down."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("parcels_ready", "parcels", ["area_hub_id", "ready_time"])
    op.create_index("batches_leave", "batches", ["leave_date"])
    op.create_index(
        "tenders_turned_down",
        "tenders",
        ["answer_deadline_time"],
        postgresql_where=sa.text("state IN ('declined', 'expired')"),
    )
