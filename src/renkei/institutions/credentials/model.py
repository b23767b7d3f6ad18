"""Kinds of credentials: what each says, who may say it, and under which law. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal, NamedTuple

import msgspec

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.institutions.credentials.errors import CredentialContentInvalid, CredentialKindUnknown, IssuerNotCompetent


class HealthInsurance(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """資格: what a hospital's counter establishes with the card (健康保険法3条13項, 電子資格確認)."""

    insurer_number: str
    symbol: str = ""
    """記号; municipal and 後期高齢者 insurance may have none."""
    number: str
    branch: str
    """枝番, two digits: which member of the household."""
    name: str
    birthdate: date
    qualified_since: date
    copayment_percent: Literal[0, 10, 20, 30]
    """一部負担金の割合."""


class NationalLicence(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """国家資格: an entry in the register of a licensed profession, e.g. 保健師助産師看護師法10条."""

    licence: str
    """As the law names it, e.g. 看護師."""
    registration_number: str
    registered_on: date
    name: str
    birthdate: date
    conditions: str = ""


class SealRegistration(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """印鑑登録: the card stands for the registration card (municipal ordinance, 印鑑登録証明事務処理要領)."""

    municipality: str
    registration_number: str
    registered_on: date


class StaffCard(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """職員証: the holder belongs to the body."""

    body: str
    staff_id: str
    section: str
    name: str


Content = HealthInsurance | NationalLicence | SealRegistration | StaffCard


class Kind(NamedTuple):
    """A kind of credential."""

    vct: str
    ja: str
    en: str
    content: type[Content]
    basis: str
    """On which law it rests."""
    competent: frozenset[str]
    """Legal capacities (law/lexicon/kinds.toml) of the bodies that may issue it; empty for any body about its own."""
    shown_always: frozenset[str]
    """Claims that every presentation shows; all others are the holder's choice."""
    life: timedelta


_URN = "urn:renkei:credential:"
KINDS: dict[str, Kind] = {
    kind.vct: kind
    for kind in (
        Kind(
            _URN + "health-insurance", "健康保険の資格", "Health insurance eligibility", HealthInsurance,
            "健康保険法3条13項",
            frozenset(
                (
                    "health_insurance_association", "health_insurance_society", "municipality_mayor",
                    "late_elderly_union", "national_health_insurance_society", "national_mutual", "local_mutual",
                    "private_school_mutual",
                )
            ),
            frozenset(("insurer_number",)), timedelta(days=90),
        ),
        Kind(
            _URN + "national-licence", "国家資格", "National licence", NationalLicence,
            "保健師助産師看護師法10条（看護師の場合）", frozenset(("mhlw_minister",)), frozenset(("licence",)),
            timedelta(days=365),
        ),
        Kind(
            _URN + "seal-registration", "印鑑登録", "Seal registration", SealRegistration,
            "市区町村の条例（印鑑登録証明事務処理要領）", frozenset(("municipality_mayor",)),
            frozenset(("municipality",)), timedelta(days=5 * 365),
        ),
        Kind(
            _URN + "staff", "職員証", "Staff card", StaffCard, "各機関の規程", frozenset(), frozenset(("body",)),
            timedelta(days=365),
        ),
    )
}  # fmt: skip


class Issued(NamedTuple):
    """A credential handed out, as its issuer remembers it: without its content."""

    credential_id: str
    vct: str
    list_number: int
    list_index: int
    issued_ms: int
    until_ms: int
    revoked_ms: int | None


def kind_of(vct: str) -> Kind:
    """The kind by its type identifier.

    Raises:
        CredentialKindUnknown: there is none.
    """
    try:
        return KINDS[vct]
    except KeyError:
        raise CredentialKindUnknown() from None


def check_competent(kind: Kind, capacities: frozenset[str]) -> None:
    """The body may issue this kind.

    Raises:
        IssuerNotCompetent: it may not, naming the basis.
    """
    if kind.competent and not kind.competent & capacities:
        raise IssuerNotCompetent(basis=kind.basis)


def check_content(kind: Kind, content: Content) -> dict[str, object]:
    """Claims of the credential.

    Raises:
        CredentialContentInvalid: the content is of another kind, or a text is empty or far too long.
    """
    if type(content) is not kind.content:
        raise CredentialContentInvalid(field=kind.content.__name__)
    claims: dict[str, object] = msgspec.to_builtins(content)
    for name, value in claims.items():
        optional = name in ("symbol", "conditions")
        if (isinstance(value, str) and not (optional or value.strip())) or len(str(value)) > 200:
            raise CredentialContentInvalid(field=name)
    return {name: value for name, value in claims.items() if value != ""}


def valid_until(kind: Kind, now: datetime, ends: datetime | None) -> datetime:
    """When it ends: after the life of its kind, or earlier where what it says ends earlier."""
    until = now + kind.life
    return min(until, ends) if ends else until


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialIssued(AuditEvent):
    """A credential was issued."""

    name: ClassVar[str] = "credentials.issued"
    credential: str
    kind: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialWithdrawn(AuditEvent):
    """A credential was revoked."""

    name: ClassVar[str] = "credentials.revoked"
    credential: str
    reason: str
    user: str
