"""A birth year for each, and an index on it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("birth_year", sa.Integer, nullable=False, server_default="1900"))
        table.create_index("person_birth_year", ["birth_year"])
