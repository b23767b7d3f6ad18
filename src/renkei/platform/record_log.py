"""Salted log entries for records: a record and its log entry are written in one transaction or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import Connection

from renkei.crypto.tlog import SALT_BYTES, commit_many
from renkei.platform.logstore import LogStore


def log_records(conn: Connection, log: LogStore, leaves: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Append a commitment to each leaf; returns (salt, index in the log) of each.

    Erasing a salt after the record's retention leaves the tree verifiable and the entry meaningless.
    """
    if not leaves:
        return []
    pool = os.urandom(SALT_BYTES * len(leaves))
    salts = [pool[start : start + SALT_BYTES] for start in range(0, len(pool), SALT_BYTES)]
    first = log.append(conn, commit_many(salts, leaves))
    return list(zip(salts, range(first, first + len(leaves)), strict=True))
