"""Finds every run a parcel was ever on; each scan asks for it."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("lines_parcel", "lines", ["parcel_id"])
