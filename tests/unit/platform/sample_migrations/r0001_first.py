"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("person", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("kana", sa.String(80)))
