"""Tables of the tax room. Times are milliseconds since the epoch, UTC; days are ISO 8601; amounts whole yen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

from renkei.platform.audit_store import define_audit_table

metadata = MetaData()

taxpayer = Table(
    "taxpayer",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("birth", String(10), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),  # time of the copy that is due
    Column("published_ms", BigInteger, nullable=False),  # time of the copy that the gateway took
)

assessment = Table(
    "assessment",
    metadata,
    Column("own_number", String(15), primary_key=True),
    Column("fiscal_year", Integer, primary_key=True),
    Column("revision", Integer, primary_key=True),  # 1 is the first assessment, each correction counts on
    Column("newest", Boolean, nullable=False),
    # what was declared
    Column("salary_yen", BigInteger, nullable=False),
    Column("pension_yen", BigInteger, nullable=False),
    Column("business_yen", BigInteger, nullable=False),
    Column("other_deductions_yen", BigInteger, nullable=False),
    Column("spouse_deducted", Boolean, nullable=False),
    Column("dependants", Integer, nullable=False),
    Column("difference_yen", BigInteger, nullable=False),
    Column("relief", String(12), nullable=False),
    # what was assessed
    Column("salary_income_yen", BigInteger, nullable=False),
    Column("pension_income_yen", BigInteger, nullable=False),
    Column("business_income_yen", BigInteger, nullable=False),
    Column("total_income_yen", BigInteger, nullable=False),
    Column("taxable_yen", BigInteger, nullable=False),
    Column("income_levy_municipal_yen", BigInteger, nullable=False),
    Column("income_levy_prefectural_yen", BigInteger, nullable=False),
    Column("per_capita_municipal_yen", BigInteger, nullable=False),
    Column("per_capita_prefectural_yen", BigInteger, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("reason", String(64), nullable=False),
    Index("assessment_newest", "own_number", "newest"),
)

audit_table = define_audit_table(metadata)
