"""Common ground of the tables."""

from __future__ import annotations

from sqlalchemy import MetaData

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

audit_table = define_audit_table(metadata)
