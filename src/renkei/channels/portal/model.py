"""What the portal makes of the core's answer: entries with the words of the law, and whether each is proved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import msgspec

from renkei.base.audit import AuditEvent
from renkei.contracts.records import AccessEntry, AccessProof, RecordLeaf
from renkei.contracts.sheets import unb64
from renkei.crypto.errors import LogDamaged
from renkei.crypto.merkle import leaf_hash, verify_inclusion
from renkei.crypto.notes import VerifierKey, verify_checkpoint
from renkei.crypto.tlog import commit


class Shown(NamedTuple):
    """One entry of the access list, proved to stand in the core's log."""

    entry: AccessEntry
    leaf_index: int
    """Place of the entry in the core's log."""
    size: int
    """Length of the log at the checkpoint that proves it."""


def prove(entries: Iterable[AccessEntry], *, core_log: VerifierKey) -> list[Shown]:
    """Check each entry against the core's signed checkpoint; an entry that is not proved is not shown as if it were.

    Raises:
        LogDamaged: an entry has no proof, or its proof does not hold.
        ProofInvalid, NoteMalformed, SignatureInvalid: likewise, naming the step.
    """
    return [_prove(entry, core_log) for entry in entries]


def _prove(entry: AccessEntry, core_log: VerifierKey) -> Shown:
    proof = entry.proof
    if proof is None:
        raise LogDamaged(step="proof")
    checkpoint = verify_checkpoint(proof.checkpoint.encode(), core_log).checkpoint
    if checkpoint.size != proof.size:
        raise LogDamaged(step="checkpoint")
    committed = commit(unb64(proof.salt), proof.leaf.encode())
    path = [unb64(node) for node in proof.path]
    verify_inclusion(leaf_hash(committed), proof.index, proof.size, path, checkpoint.root)
    _check_says_the_same(entry, proof)
    return Shown(entry, proof.index, proof.size)


def _check_says_the_same(entry: AccessEntry, proof: AccessProof) -> None:
    """The proved record and the entry on the screen must say the same."""
    leaf = msgspec.json.decode(proof.leaf, type=RecordLeaf)
    shown = (
        entry.number, entry.requester, entry.provider, entry.section, entry.affairs, entry.information, entry.row,
        entry.asked_ms, str(entry.outcome or ""), entry.given_ms,
    )  # fmt: skip
    proved = (
        leaf.number, leaf.requester, leaf.provider, leaf.section, leaf.affairs, leaf.information, leaf.row,
        leaf.asked_ms, leaf.outcome, leaf.given_ms,
    )  # fmt: skip
    if shown != proved:
        raise LogDamaged(step="record")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(AuditEvent):
    """An account was opened."""

    name: ClassVar[str] = "portal.account_opened"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessListShown(AuditEvent):
    """A person's access list was fetched, proved and shown."""

    name: ClassVar[str] = "portal.access_list_shown"
    account: str
    entries: int
    actor: str = ""
    """Who looked in the person's place (pairwise subject); empty where the person did."""
