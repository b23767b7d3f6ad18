"""What a synthetic country consists of. All values are frozen and show no personal data in their `repr`.

Money is in whole yen. Persons refer to each other by index, unique in the nation and stable for its seed and size.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.base.identifiers import InstitutionCode

MALE = "male"
FEMALE = "female"


class Municipality(msgspec.Struct, frozen=True, gc=False):
    """A municipality as the exchange knows it: a designated city is one body, its wards are only places in it."""

    code: str
    """Local government code (全国地方公共団体コード)."""
    prefecture_code: str
    prefecture: str
    name: str
    name_en: str
    kind: str
    """city, special_ward, town or village."""
    wards: tuple[tuple[str, str], ...]
    """Code and name of each ward of a designated city that is in force; empty elsewhere."""
    designated: bool
    """A designated city (指定都市, 地方自治法252条の19)."""

    @property
    def body_id(self) -> str:
        """The body's id in the exchange."""
        return f"m-{self.code}"


class BodyPlan(msgspec.Struct, frozen=True):
    """A body (機関) that takes part in the country's exchange."""

    body_id: str
    institution_code: InstitutionCode
    name_ja: str
    name_en: str
    kinds: frozenset[str]
    """Legal capacities, as law/lexicon/kinds.toml names them."""
    body_code: str = ""
    """Local government code; empty for a body that is none."""


class Address(MaskedStruct, frozen=True, gc=False):
    """A place of residence: a real municipality, an invented town."""

    body_id: str
    area_code: str
    """Code as the resident record has it: the ward's in a designated city, though the city is the body to ask."""
    text: str


class Move(MaskedStruct, frozen=True, gc=False):
    """How the household came: on which day, and from where; `former` is None for people from abroad."""

    moved_on: date
    former: Address | None


class FamilyRegister(MaskedStruct, frozen=True, gc=False):
    """戸籍: where it is kept and whose name stands first."""

    body_id: str
    domicile: str
    """本籍."""
    first_name: str
    """筆頭者の氏名."""


class Relation(StrEnum):
    """続柄 in the resident record."""

    HEAD = "世帯主"
    WIFE = "妻"
    HUSBAND = "夫"
    CHILD = "子"
    FATHER = "父"
    MOTHER = "母"


class Work(StrEnum):
    """What a person mainly lives on."""

    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"
    RETIRED = "retired"
    HOME = "home"
    LEARNING = "learning"


class LocalTax(MaskedStruct, frozen=True, gc=False):
    """住民税 of one fiscal year, on the income of the calendar year before; assessed where one lived on 1 January."""

    fiscal_year: int
    body_id: str
    """Municipality that assessed (地方税法318条, 39条)."""
    salary_yen: int
    pension_yen: int
    business_yen: int
    total_income_yen: int
    """合計所得金額."""
    deductions_yen: int
    """所得控除額の合計."""
    taxable_yen: int
    """課税標準額."""
    income_levy_municipal_yen: int
    """市町村民税 所得割."""
    income_levy_prefectural_yen: int
    """道府県民税 所得割."""
    per_capita_municipal_yen: int
    """市町村民税 均等割."""
    per_capita_prefectural_yen: int
    """道府県民税 均等割."""
    spouse_deducted: bool
    dependants: int
    """扶養親族の数 (16歳未満を含む)."""


class PensionRecord(MaskedStruct, frozen=True, gc=False):
    """Insured months of the national pension by category, and the average of the standard remuneration."""

    basic_pension_number: str
    paid_months: int
    """第1号, paid."""
    exempt_months: int
    """第1号, exempt in full."""
    unpaid_months: int
    """第1号, neither paid nor exempt (未納)."""
    employed_months: int
    """第2号 (厚生年金), and employment after sixty."""
    spouse_months: int
    """第3号."""
    average_remuneration_yen: int
    """平均標準報酬額, a month."""


class PensionBenefit(MaskedStruct, frozen=True, gc=False):
    """An old-age pension in payment, a year."""

    since: date
    basic_yen: int
    """老齢基礎年金."""
    employees_yen: int
    """老齢厚生年金."""


class Insurance(MaskedStruct, frozen=True, gc=False):
    """Medical insurance; `dependant_of` is the index of the insured person where one is a dependant (被扶養者)."""

    insurer: str
    """Body id; the municipality for 国民健康保険."""
    number: str
    since: date
    dependant_of: int | None


class DisabilityBook(MaskedStruct, frozen=True, gc=False):
    """障害者手帳: kind (physical, intellectual, mental), grade, day of issue, prefecture or city that issued it."""

    kind: str
    grade: str
    issued_on: date
    issuer: str


class Account(MaskedStruct, frozen=True, gc=False):
    """公金受取口座: at a bank that does not exist."""

    bank_code: str
    branch_code: str
    number: str
    holder_kana: str
    registered_on: date


class PensionClaim(MaskedStruct, frozen=True, gc=False):
    """A person who attains 65 in the current fiscal year and is to claim a pension."""

    attains_65_on: date


class ChildAllowance(MaskedStruct, frozen=True, gc=False):
    """児童手当: who receives it and for which children."""

    recipient: int
    children: tuple[int, ...]
    monthly_yen: int
    since: date
    """First month paid by the present municipality, as its first day."""


class PublicAssistance(MaskedStruct, frozen=True, gc=False):
    """生活保護 of a household: since when, which kinds of aid, which office decided."""

    since: date
    kinds: tuple[str, ...]
    body_id: str


class Person(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """A resident who does not exist.

    `personal_number` is not here: `Nation.numbers.personal_number(index)` derives it for the room that assigns it.
    """

    index: int
    name: str
    kana: str
    birth: date
    sex: str
    relation: Relation
    work: Work
    resident_record_code: str
    resident_since: date
    """Day on which one became a resident of the municipality."""
    family_register: FamilyRegister
    father: int | None
    mother: int | None
    spouse: int | None
    children: tuple[int, ...]
    """Children in the household."""
    taxes: tuple[LocalTax, ...]
    """Newest first; empty for who is too young or was abroad on the days of assessment."""
    pension: PensionRecord | None
    benefit: PensionBenefit | None
    claim: PensionClaim | None
    insurance: Insurance | None
    """None for who receives public assistance (国民健康保険法6条9号)."""
    disability: DisabilityBook | None
    account: Account | None
    protected: bool
    """支援措置: nothing about this person is answered automatically."""
    code_pending: bool = False
    """No body has obtained a linkage code for this person yet."""
    copies_missing: bool = False
    """No copy about this person is registered anywhere."""


class Household(MaskedStruct, frozen=True, gc=False, kw_only=True):
    """People who live together; the head is the first member."""

    index: int
    municipality: Municipality
    address: Address
    move: Move | None
    """Within the last two years; None for who has lived here longer. Members born since then did not move."""
    members: tuple[Person, ...]
    child_allowance: ChildAllowance | None
    public_assistance: PublicAssistance | None

    @property
    def head(self) -> Person:
        """世帯主."""
        return self.members[0]


class Persona(msgspec.Struct, frozen=True):
    """A person whom every country has, for demonstrations and tests."""

    slug: str
    ja: str
    """What this person is there to show."""
    en: str
    household: Household
    person: Person
