"""Sessions of staff at the consoles that this site serves. Nothing else is kept here."""

from __future__ import annotations

from sqlalchemy import MetaData

from renkei.platform.web.rp_sessions import define_rp_session_table

metadata = MetaData()

console_session = define_rp_session_table(metadata, "console_session")
pension_session = define_rp_session_table(metadata, "pension_session")
