"""Tables of the identity provider, one file an area."""

from __future__ import annotations

from renkei.institutions.identity.store import (
    accounts,
    asks,
    clients,
    consents,
    devices,
    protocol,
    proxies,
    sessions,
    signing,
    staff,
)
from renkei.institutions.identity.store.base import audit_table, metadata

__all__ = [
    "accounts",
    "asks",
    "audit_table",
    "clients",
    "consents",
    "devices",
    "metadata",
    "protocol",
    "proxies",
    "sessions",
    "signing",
    "staff",
]
