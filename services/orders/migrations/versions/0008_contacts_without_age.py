"""Contacts that processes of before 0007 wrote while it was being rolled out, to be released after it: see its FILL."""

from alembic import op

revision = "0008"
down_revision = "0007"

FILL = """
    UPDATE contacts SET place_time = o.place_time FROM orders o
    WHERE o.contact_id = contacts.id AND contacts.place_time IS NULL"""


def upgrade() -> None:
    op.execute(FILL)
