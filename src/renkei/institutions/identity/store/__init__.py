"""Tables of the identity provider, one file an area."""

from __future__ import annotations

from renkei.institutions.identity.store.base import audit_table, metadata

__all__ = ["audit_table", "metadata"]
