"""Contacts written by processes that know no place_time: they are as old as their order, new ones as their row."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

FILL = """
    UPDATE contacts SET place_time = o.place_time FROM orders o
    WHERE o.contact_id = contacts.id AND contacts.place_time IS NULL"""


def upgrade() -> None:
    op.alter_column("contacts", "place_time", server_default=sa.text("now()"))
    op.execute(FILL)
