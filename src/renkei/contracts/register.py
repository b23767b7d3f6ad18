"""The seam of the register of bodies (機関): what every party may know about every other."""

from __future__ import annotations

from enum import StrEnum

import msgspec

PATH_REGISTER = "/register"


class BodyState(StrEnum):
    """Whether a body takes part in the exchange."""

    ACTIVE = "active"
    STOPPED = "stopped"  # no published impact assessment, or stopped by the commission (番号法 28条6項, 34条)


class SectionEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section (部署) that asks in the name of a body, as the person may read it in the access list."""

    section: str
    name_ja: str
    name_en: str


class BodyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One body of the register."""

    body_id: str
    institution_code: str
    name_ja: str
    name_en: str
    kinds: frozenset[str]
    """Legal capacities (kinds of requester and provider in the order's table)."""
    authority: str
    """Where its gateway is reached: host, or host:port."""
    certificate: str
    """Certificate of its gateway, DER, base64url; carries the public sealing key."""
    log_key: str
    """Verifier key of its transparency log (C2SP signed note vkey)."""
    state: BodyState = BodyState.ACTIVE
    sections: tuple[SectionEntry, ...] = ()


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole register as published by the core; a higher version replaces a lower one."""

    version: int
    issued_ms: int
    core_log_key: str
    """Verifier key of the core's transparency log (C2SP signed note vkey)."""
    bodies: list[BodyEntry]
