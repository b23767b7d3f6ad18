"""Checks of a party's records against its log, for the simulation and for the killing."""

from __future__ import annotations

from collections.abc import Iterable

from renkei.contracts.records import LoggedRecord
from renkei.crypto.merkle import leaf_hashes, tree_root
from renkei.crypto.tlog import commit_many
from renkei.platform.logstore import LogHead


def check_log(head: LogHead, logged: Iterable[LoggedRecord]) -> None:
    """Every entry of the log is a record's, every record's entry is in the log, and the root commits to all."""
    records = sorted(logged, key=lambda record: record.place)
    assert [record.place for record in records] == list(range(head.size))
    commitments = commit_many([record.salt for record in records], [record.leaf for record in records])
    assert tree_root(leaf_hashes(commitments)) == head.root
