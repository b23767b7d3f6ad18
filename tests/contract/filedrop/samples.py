"""Files for these tests: all people are synthetic."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import msgspec
from tests.network import JPS, NOW, PENSION_CLAIM, SAPPORO, SECTION, SPECS, address

from renkei.base.time import Instant
from renkei.contracts.information import LocalTax, LocalTaxYear
from renkei.institutions.gateway.files.codes import information_codes
from renkei.institutions.gateway.files.request_file import Ask, RequestFile, Setting, read_request_file, write_row

NAME = "P640R110_20261123120000.csv"
CODES = {spec.body_id: spec.institution_code for spec in SPECS}
SETTING = Setting(JPS, {code: body_id for body_id, code in CODES.items()}, NOW)
TAX = LocalTax(
    years=[
        LocalTaxYear(
            fiscal_year=2026, income_year=2025, salary_income_yen=3_456_789, pension_income_yen=0,
            business_income_yen=0, total_income_yen=2_345_678, dependants=1, income_levy_yen=123_400,
            per_capita_levy_yen=5_000, exempt=False,
        )
    ]
)  # fmt: skip
COPIES_HEADER = ("address_number", "information", "copied_at", "valid_from", "valid_to", "body")


def request_row(
    person: int, *, own: int = 0, information: str = "local_tax", provider: str = SAPPORO, asked: Instant = NOW
) -> str:
    """One line of a request file about a person, by address number or by own number."""
    ask = Ask(
        own_number=f"{own:015d}" if own else "", address_number="" if own else address(person), section=SECTION,
        user="clerk-1", requester_code=CODES[JPS], provider_code=CODES[provider], affairs=PENSION_CLAIM,
        information_code=information_codes()[information],
    )  # fmt: skip
    return write_row(ask, asked=asked)


def request_file(*rows: str, name: str = NAME) -> RequestFile:
    return read_request_file(name, "".join(rows).encode(), setting=SETTING)


def write_copies(path: Path, persons: Iterable[int], *, at: str = "2026-11-23T12:00:00+09:00", header=COPIES_HEADER):
    """A file of one tax copy per person."""
    body = msgspec.json.encode(TAX).decode()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows((address(person), "local_tax", at, "2026-04-01", "", body) for person in persons)
    return path
