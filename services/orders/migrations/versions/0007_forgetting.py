"""Contacts are found by phone, to erase a person, and by age, to forget them in time; each is as old as its order."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

FILL = "UPDATE contacts SET place_time = o.place_time FROM orders o WHERE o.contact_id = contacts.id"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("place_time", sa.DateTime(timezone=True)))
    op.execute(FILL)
    op.create_index("contacts_phone", "contacts", ["phone"], postgresql_where=sa.text("phone <> ''"))
    op.create_index("contacts_kept", "contacts", ["place_time"], postgresql_where=sa.text("erase_time IS NULL"))
