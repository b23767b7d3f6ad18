"""Certificates of the card

The card holds two certificates: one to sign in with, which names nobody, and one to sign documents with, which holds
name, sex, day of birth and address. The authority issues both, and tells how long they last.
"""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from tests.card_authority import ITEMS, NOW, application, authorities, generation, in_loop, opened, person, read

from renkei.base.time import from_ms, jst_date
from renkei.crypto.person_certificates import CertificateItems, Use, read_person_certificate
from renkei.crypto.person_errors import GenerationUnknown
from renkei.institutions.card.errors import CardExpired, SignatureCertificateRefused
from renkei.institutions.card.model.issuing import Unavailable, last_day, unavailable

BIRTH = date(1980, 2, 3)


@in_loop
async def test_signing_in_names_nobody() -> None:
    """The authentication certificate (公的個人認証法22条) holds an opaque id; the four items stand only in the
    signature certificate (3条), which is therefore shown only where the holder agrees."""
    authority, _ = await opened()
    issued = await authority.issue(application(), user="clerk-1")
    assert issued.authentication is not None
    assert issued.signature is not None
    trusted = authority.authorities()
    opaque = read_person_certificate(issued.authentication.der, authorities=trusted, at=NOW)
    named = read_person_certificate(issued.signature.der, authorities=trusted, at=NOW)
    assert opaque.items is None
    assert ITEMS.name.encode() not in issued.authentication.der
    assert named.items == ITEMS


def test_substitute_characters_are_marked() -> None:
    """Where the register's own character cannot be written, another stands for it and a flag says so: a form filled in
    from the certificate must not claim that this is how the name is registered."""
    items = read(person(generation(Use.SIGNATURE)), generation(Use.SIGNATURE)).items
    assert items is not None
    assert (items.name, items.name_substitutes) == ("見本　太郎", "01000")


def test_until_the_fifth_birthday() -> None:
    """A certificate ends with the fifth birthday after the day of issue (公的個人認証法5条)."""
    fifth = last_day(BIRTH, issued=date(2026, 11, 23), birthdays=5, card_expires=date(2040, 1, 1))
    assert fifth == date(2031, 2, 3)
    on_the_day = last_day(BIRTH, issued=date(2026, 2, 3), birthdays=5, card_expires=date(2040, 1, 1))
    assert on_the_day == date(2031, 2, 3)
    the_day_before = last_day(BIRTH, issued=date(2026, 2, 2), birthdays=5, card_expires=date(2040, 1, 1))
    assert the_day_before == date(2030, 2, 3)


def test_a_birthday_on_the_twenty_ninth_of_february() -> None:
    """In a year without that day the term ends with the last day of the month (民法143条2項)."""
    ends = last_day(date(2000, 2, 29), issued=date(2026, 11, 23), birthdays=5, card_expires=date(2040, 1, 1))
    assert ends == date(2031, 2, 28)


def test_no_longer_than_the_card_and_the_leave_to_stay() -> None:
    """The certificate ends with the card, and a foreign resident's with the leave to stay, where that is sooner."""
    issued = date(2026, 11, 23)
    with_card = last_day(BIRTH, issued=issued, birthdays=5, card_expires=date(2028, 2, 3))
    assert with_card == date(2028, 2, 3)
    with_leave = last_day(
        BIRTH, issued=issued, birthdays=5, card_expires=date(2028, 2, 3), residence_until=date(2027, 3, 31)
    )
    assert with_leave == date(2027, 3, 31)
    with pytest.raises(CardExpired):
        last_day(BIRTH, issued=issued, birthdays=5, card_expires=issued)


def test_the_last_day_counts_whole_in_japan() -> None:
    """The certificate is good to the last second of its last day in Japan, not of the day in UTC."""
    authority, _ = asyncio.run(opened())
    issued = asyncio.run(authority.issue(application(), user="clerk-1"))
    assert issued.signature is not None
    until = from_ms(issued.signature.not_after_ms)
    assert jst_date(until) == date(2031, 2, 3)
    assert until.isoformat() == "2031-02-03T14:59:59+00:00"


def test_none_to_sign_with_under_fifteen() -> None:
    """No signature certificate is issued to a child under 15, as no seal is registered for one; the child has the
    authentication certificate. The day before the fifteenth birthday the answer is still no."""
    child = date(2011, 11, 23)
    assert unavailable(child, adult_ward=False, on=date(2026, 11, 22)) is Unavailable.UNDER_AGE
    assert unavailable(child, adult_ward=False, on=date(2026, 11, 23)) is None
    authority, _ = asyncio.run(opened())
    items = CertificateItems.of(name="見本", sex="female", birth=date(2015, 5, 3), address="見本市見本町1")
    with pytest.raises(SignatureCertificateRefused):
        asyncio.run(authority.issue(application(items=items), user="clerk-1"))
    issued = asyncio.run(authority.issue(application(items=items, signature_key=None), user="clerk-1"))
    assert issued.authentication is not None


def test_none_to_sign_with_for_adult_wards() -> None:
    """To an adult ward (成年被後見人) none is issued as a rule; the counter lifts this where the representative comes
    along."""
    assert unavailable(BIRTH, adult_ward=True, on=date(2026, 11, 23)) is Unavailable.WARD
    assert unavailable(BIRTH, adult_ward=False, on=date(2026, 11, 23)) is None


def test_every_generation_bears_one_name() -> None:
    """When the authority's key is renewed its name stays, so a verifier finds the issuer by whose key made the
    signature, among the generations that it trusts; a generation that it does not trust proves nothing."""
    old, new = generation(Use.SIGNATURE, 1), generation(Use.SIGNATURE, 2)
    assert old.authority.subject == new.authority.subject
    assert read(person(old), old, new).issuer_id != read(person(new), old, new).issuer_id
    with pytest.raises(GenerationUnknown):
        read_person_certificate(person(new), authorities=authorities(old), at=NOW)
