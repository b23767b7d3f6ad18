"""The bodies (機関) of a country: its municipalities and their prefectures, and the national ones that everybody needs.

Institution codes: the municipal shape is real; the Digital Agency's is the one seen in public; every other code begins
with 99 and is invented, since the list is not public.
"""

from __future__ import annotations

from collections.abc import Iterable

from renkei.assembly.nation.model import BodyPlan, Municipality
from renkei.base.identifiers import BodyCode, municipal_institution_code, parse_institution_code
from renkei.law.data import read_csv

HIROSHIMA, NAGASAKI = "341002", "422011"

JHIA = "jhia"
SOCIETY = "hs-sample"

_DIGITAL_AGENCY_CODE = "1419900000002200"
_PREFECTURES_EN = {"Tokyo": "Tokyo Metropolis", "Hokkaido": "Hokkaido"}

# body id, Japanese name, English name, capacities.
_NATIONAL: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("mhlw", "厚生労働大臣", "Minister of Health, Labour and Welfare", ("mhlw_minister",)),
    ("jps", "日本年金機構", "Japan Pension Service", ("jps",)),
    ("moj", "法務大臣", "Minister of Justice", ("moj_minister",)),
    ("digital", "内閣総理大臣（デジタル庁）", "Prime Minister (Digital Agency)", ("prime_minister",)),
    ("nta", "国税庁長官", "Commissioner of the National Tax Agency", ("nta_commissioner",)),
    (JHIA, "全国健康保険協会", "Japan Health Insurance Association", ("health_insurance_association",)),
    (SOCIETY, "見本産業健康保険組合", "Sample Industry Health Insurance Society", ("health_insurance_society",)),
    ("jasso", "独立行政法人日本学生支援機構", "Japan Student Services Organization", ("jasso",)),
)


def late_elderly_union_id(prefecture_code: str) -> str:
    """Body id of the union for medical care for late-stage elderly people: one in each prefecture."""
    return f"lu-{prefecture_code}"


def municipal_kinds(municipality: Municipality) -> frozenset[str]:
    """The capacities in which a municipality asks and answers.

    Only designated cities and special wards are taken to have a health centre (地域保健法5条): which other cities a
    cabinet order names is not in the data, nor which towns run a welfare office.
    """
    kinds = {"municipality_mayor"}
    if municipality.kind in {"city", "special_ward"}:
        kinds.add("city_mayor")
    if municipality.designated or municipality.kind == "special_ward":
        kinds.add("health_centre_city_mayor")
    if municipality.code == HIROSHIMA:
        kinds.add("hiroshima_mayor")
    if municipality.code == NAGASAKI:
        kinds.add("nagasaki_mayor")
    return frozenset(kinds)


def _municipal(municipality: Municipality) -> BodyPlan:
    return BodyPlan(
        body_id=municipality.body_id,
        institution_code=municipal_institution_code(BodyCode(municipality.code)),
        name_ja=f"{municipality.prefecture}{municipality.name}",
        name_en=municipality.name_en,
        kinds=municipal_kinds(municipality),
        body_code=municipality.code,
    )


def plan(municipalities: Iterable[Municipality]) -> tuple[BodyPlan, ...]:
    """Every body of the country: national ones, prefectures with their unions, municipalities; each by its id once."""
    chosen = tuple(municipalities)
    present = {municipality.prefecture_code for municipality in chosen}
    bodies = [
        BodyPlan(
            body_id=body_id,
            institution_code=parse_institution_code(
                _DIGITAL_AGENCY_CODE if body_id == "digital" else f"9901{number:012d}"
            ),
            name_ja=name_ja,
            name_en=name_en,
            kinds=frozenset(kinds),
        )
        for number, (body_id, name_ja, name_en, kinds) in enumerate(_NATIONAL, start=1)
    ]
    for row in read_csv("bodies", "prefectures.csv"):
        code = row["code"]
        if code not in present:
            continue
        bodies.append(
            BodyPlan(
                body_id=f"p-{code}",
                institution_code=parse_institution_code(f"9902{code}000000"),
                name_ja=row["name"],
                name_en=_PREFECTURES_EN.get(row["en"], f"{row['en']} Prefecture"),
                kinds=frozenset({"prefecture_governor"}),
                body_code=code,
            )
        )
        bodies.append(
            BodyPlan(
                body_id=late_elderly_union_id(code),
                institution_code=parse_institution_code(f"9903{code}000000"),
                name_ja=f"{row['name']}後期高齢者医療広域連合",
                name_en=f"{row['en']} Union for Medical Care for Late-Stage Elderly People",
                kinds=frozenset({"late_elderly_union"}),
            )
        )
    return tuple(bodies) + tuple(_municipal(municipality) for municipality in chosen)
