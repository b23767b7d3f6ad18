"""Information items (特定個人情報の項目): our own dated schemas of what a copy says.

The official data standard layout (データ標準レイアウト) is given out on application only, so these are ours (see
DIVERGENCES.md): the fields that a clerk needs for the affairs of the order, amounts in whole yen, days in ISO 8601,
codes as slugs. A body names its schema and version; a reader keeps every version that was ever in force.

Names and addresses appear only where the item is about them (住民票, 戸籍), and never a personal number.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

import msgspec

from renkei.contracts.errors import CopyBodyInvalid, InformationUnsupported, MessageMalformed
from renkei.contracts.sheets import decode

Sex = Literal["male", "female", "not_known"]


BODY_BYTES_MAX = 8 << 10
"""Of one copy: an answer to a full presentation must fit one message, else it could never arrive."""


class InformationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every body; `schema` tells item and version."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ResidentRecord(InformationBody, frozen=True, tag_field="schema", tag="resident_record/2026-04"):
    """住民票関係情報 (住民基本台帳法 7条4号: household and its head; with the facts that entitle)."""

    name: str
    kana: str
    address: str
    birth: date
    sex: Sex
    resident_since: date
    moved_from: str
    """Body code of the former municipality; empty if never moved."""
    household: str
    """The municipality's own number of the household."""
    relation: str
    """Relation to the head (世帯主との続柄), as entered."""
    household_size: int
    left_on: date | None = None


class LocalTaxYear(_Row, frozen=True):
    """One fiscal year of resident tax (市町村民税)."""

    fiscal_year: int
    income_year: int
    salary_income_yen: int
    pension_income_yen: int
    business_income_yen: int
    total_income_yen: int
    dependants: int
    income_levy_yen: int
    per_capita_levy_yen: int
    exempt: bool


class LocalTax(InformationBody, frozen=True, tag_field="schema", tag="local_tax/2026-04"):
    """地方税関係情報: newest fiscal year first."""

    years: list[LocalTaxYear]


class FamilyEvent(_Row, frozen=True):
    """An entry of the family register (戸籍) without the names of others."""

    kind: Literal["birth", "marriage", "divorce", "death", "adoption", "naturalisation"]
    on: date


class FamilyRegister(InformationBody, frozen=True, tag_field="schema", tag="family_register/2026-04"):
    """戸籍関係情報: relations needed for benefits."""

    domicile: str
    spouse: bool
    children: int
    events: list[FamilyEvent]


class PensionPayment(_Row, frozen=True):
    """A pension that is or was paid."""

    kind: Literal["old_age_basic", "old_age_employees", "disability_basic", "disability_employees", "survivors"]
    from_month: str
    to_month: str
    yearly_yen: int


class PensionBenefit(InformationBody, frozen=True, tag_field="schema", tag="pension_benefit/2026-04"):
    """年金給付関係情報: contributions and benefits."""

    contribution_months: int
    employees_months: int
    exempt_months: int
    insured_kind: Literal["first", "second", "third", "none"]
    payments: list[PensionPayment]


class InsurancePayment(_Row, frozen=True):
    """Benefits of one month."""

    month: str
    kind: Literal["medical", "high_cost", "injury", "childbirth", "funeral"]
    paid_yen: int


class MedicalInsuranceBenefit(
    InformationBody, frozen=True, tag_field="schema", tag="medical_insurance_benefit/2026-04"
):
    """医療保険給付関係情報: insurance and the benefits paid."""

    insurer_kind: Literal["national", "association", "society", "mutual_aid", "late_elderly"]
    insured_since: date
    dependant: bool
    insured_until: date | None = None
    payments: list[InsurancePayment] = []


class DisabilityCertificate(_Row, frozen=True):
    """One certificate (手帳)."""

    kind: Literal["physical", "mental", "intellectual"]
    grade: str
    issued_on: date
    review_on: date | None = None


class Disability(InformationBody, frozen=True, tag_field="schema", tag="disability/2026-04"):
    """障害者関係情報."""

    certificates: list[DisabilityCertificate]


class PublicAssistance(InformationBody, frozen=True, tag_field="schema", tag="public_assistance/2026-04"):
    """生活保護関係情報."""

    started_on: date
    kinds: list[Literal["living", "education", "housing", "medical", "care", "maternity", "occupation", "funeral"]]
    monthly_yen: int
    ended_on: date | None = None


class ChildAllowanceMonth(_Row, frozen=True):
    """One payment period of child allowance (児童手当)."""

    from_month: str
    to_month: str
    children: int
    paid_yen: int


class ChildAllowance(InformationBody, frozen=True, tag_field="schema", tag="child_allowance/2026-04"):
    """児童手当関係情報: payments, newest first; the month to which the former body has paid."""

    recipient: bool
    paid_until_month: str
    payments: list[ChildAllowanceMonth]


class Schema(NamedTuple):
    """A schema in force from a day; the newest one of an item is used for new copies."""

    information: str
    version: str
    valid_from: date
    body: type[InformationBody]


_SINCE = date(2026, 4, 1)

_BODIES: dict[str, type[InformationBody]] = {
    "resident_record": ResidentRecord,
    "local_tax": LocalTax,
    "family_register": FamilyRegister,
    "pension_benefit": PensionBenefit,
    "medical_insurance_benefit": MedicalInsuranceBenefit,
    "disability": Disability,
    "public_assistance": PublicAssistance,
    "child_allowance": ChildAllowance,
}

SCHEMAS: tuple[Schema, ...] = tuple(
    Schema(information, f"{information}/2026-04", _SINCE, body) for information, body in _BODIES.items()
)

_decoders = {schema.information: msgspec.json.Decoder(schema.body) for schema in SCHEMAS}


def check_body(information: str, body: bytes) -> None:
    """Check a copy's body against the schema of its item.

    Raises:
        InformationUnsupported: no schema for the item.
        CopyBodyInvalid: the body does not follow it, or is too long; names the place, never the value.
    """
    if len(body) > BODY_BYTES_MAX:
        raise CopyBodyInvalid(information=information[:64], where=f"{BODY_BYTES_MAX} bytes at most")
    decoder = _decoders.get(information)
    if decoder is None:
        raise InformationUnsupported(information=information[:64])
    try:
        decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        try:
            decode(body, decoder.type)
        except MessageMalformed as error:
            raise CopyBodyInvalid(information=information, where=error.public["where"]) from error


def read_body(information: str, body: bytes) -> InformationBody:
    """The decoded body of an answer.

    Raises:
        InformationUnsupported, CopyBodyInvalid: as `check_body`.
    """
    check_body(information, body)
    found: InformationBody = _decoders[information].decode(body)
    return found
