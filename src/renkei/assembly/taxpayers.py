"""What the demonstration's bank and filing service are given about invented people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from renkei.assembly.nation import Nation
from renkei.assembly.nation.model import Person
from renkei.channels.bank.model import SampleAccount
from renkei.channels.filing.model.figures import figures
from renkei.channels.filing.model.tax import SideIncome, Slip, compute
from renkei.contracts.identity import SignedIn

EMPLOYER = "見本商事株式会社"
SOCIAL_INSURANCE_PER_MILLE = 144
"""Share of pay that goes to social insurance; a round figure near the usual one."""
OPENING_YEN = 1_500_000


def people_of(nation: Nation) -> Mapping[str, Person]:
    """The personas by their resident record code, as the issuer of cards knows them."""
    return {persona.person.resident_record_code: persona.person for persona in nation.personas()}


def slips_of(person: Person | None, year: int) -> Sequence[Slip]:
    """The withholding slip of a year; none for who drew no salary in it.

    What was withheld is the year's tax on the salary alone, as the adjustment at the end of the year leaves it.
    """
    if person is None:
        return ()
    salary = next((tax.salary_yen for tax in person.taxes if tax.fiscal_year == year + 1), 0)
    if not salary:
        return ()
    insured = salary * SOCIAL_INSURANCE_PER_MILLE // 1000
    bare = Slip(payer=EMPLOYER, pay_yen=salary, withheld_yen=0, social_insurance_yen=insured)
    withheld = compute([bare], SideIncome(), figures(year)).total_tax_yen
    return (Slip(payer=EMPLOYER, pay_yen=salary, withheld_yen=withheld, social_insurance_yen=insured),)


def account_of(person: SignedIn) -> SampleAccount:
    """An account at a bank that does not exist, for whoever comes for the first time."""
    digits = f"{sum(person.sub.encode()) * 9_973 % 10_000_000:07d}"
    return SampleAccount(number=f"見本支店 {digits}", opening_yen=OPENING_YEN)
