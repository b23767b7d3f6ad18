"""Entries of the registry, and what may be permitted under them. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

import msgspec

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.base.time import Instant, Period, add_years, jst_date
from renkei.institutions.card.chip.permits import AREA_BYTES_MAX, CHALLENGE_BYTES, Act, Basis, Entry, Permit, ReadRule
from renkei.institutions.card.own_use.errors import (
    OwnUseBasisMissing,
    OwnUseChallengeWrong,
    OwnUseNotInForce,
    OwnUseNotYours,
    OwnUsePeriodTooLong,
    OwnUseTooLarge,
)  # fmt: skip

YEARS_MAX = 10
"""No longer than a card lasts."""
MUNICIPALITY = "m-"


class DataClass(StrEnum):
    """What is kept, so that a holder can be told. The personal number is none of them: it has its own place."""

    LIBRARY = "library"
    SEAL_REGISTRATION = "seal_registration"
    EVACUATION = "evacuation"
    RESIDENT_SERVICE = "resident_service"
    STAFF_ID = "staff_id"
    MEMBERSHIP = "membership"
    TRANSIT = "transit"


class OwnUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is applied for: who keeps what on people's cards, by what right, until when."""

    body_id: str
    basis: Basis
    citation: str
    """The ordinance, its number and article; or the permit's number and date."""
    purpose_ja: str
    purpose_en: str
    data_class: DataClass
    read: ReadRule
    bytes_max: int
    first_day: date
    last_day: date


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """An entry."""

    number: int
    application: OwnUse
    withdrawn: Instant | None = None

    def for_card(self) -> Entry:
        """As it stands on a card."""
        given = self.application
        return Entry(
            number=self.number, body_id=given.body_id, basis=given.basis, citation=given.citation,
            data_class=given.data_class.value, read=given.read, bytes_max=given.bytes_max,
            last_day=given.last_day.isoformat(),
        )  # fmt: skip


class Wanted(MaskedStruct, frozen=True, kw_only=True):
    """A permit as a terminal asks for it. The content itself never comes here."""

    number: int
    body_id: str
    """Who asks; whoever calls has found out that it is so."""
    act: Act
    challenge: bytes
    digest: bytes
    size: int


def check_own_use(application: OwnUse) -> None:
    """Raises:
    OwnUseBasisMissing: a municipality without an ordinance, another body without a permit.
    OwnUsePeriodTooLong, OwnUseTooLarge: as named.

    Source: 番号法18条1号, 2号.
    """
    municipal = application.body_id.startswith(MUNICIPALITY)
    if municipal is not (application.basis is Basis.ORDINANCE) or not application.citation.strip():
        raise OwnUseBasisMissing()
    period = Period.through(application.first_day, application.last_day)
    if application.last_day >= add_years(period.valid_from, YEARS_MAX):
        raise OwnUsePeriodTooLong(years=YEARS_MAX)
    if not 0 < application.bytes_max <= AREA_BYTES_MAX:
        raise OwnUseTooLarge(limit=AREA_BYTES_MAX)


def permit_for(entry: Registered, wanted: Wanted, *, now: Instant) -> Permit:
    """The permit, where there may be one.

    Raises:
        OwnUseNotYours, OwnUseNotInForce, OwnUseTooLarge, OwnUseChallengeWrong: as named.
    """
    given = entry.application
    if given.body_id != wanted.body_id:
        raise OwnUseNotYours()
    in_force = entry.withdrawn is None and jst_date(now) in Period.through(given.first_day, given.last_day)
    if wanted.act is not Act.REMOVE and not in_force:
        raise OwnUseNotInForce()
    if wanted.size > given.bytes_max:
        raise OwnUseTooLarge(limit=given.bytes_max)
    if len(wanted.challenge) < CHALLENGE_BYTES:
        raise OwnUseChallengeWrong()
    return Permit(entry=entry.for_card(), act=wanted.act, challenge=wanted.challenge, digest=wanted.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnUseRegistered(AuditEvent):
    """A body may keep something in an own-use area from now on."""

    name: ClassVar[str] = "card.own_use.registered"
    number: int
    body_id: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnUseWithdrawn(AuditEvent):
    """An entry was withdrawn: nothing more is written or read under it."""

    name: ClassVar[str] = "card.own_use.withdrawn"
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnUsePermitted(AuditEvent):
    """A card was permitted to let something be written, read or removed; which card is not known here."""

    name: ClassVar[str] = "card.own_use.permitted"
    number: int
    act: str
    size: int
