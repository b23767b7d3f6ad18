"""Person certificates: read where they are good, refused with the right reason where they are not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.card_authority import (
    ITEMS,
    NOW,
    YEAR,
    authorities,
    certificate,
    forged,
    generation,
    key,
    name_of,
    person,
    read,
)

from renkei.base.errors import RenkeiError
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_certificates import (
    CERTIFICATE_BYTES_MAX,
    POLICY_OIDS,
    PersonAuthorities,
    Use,
    person_key_usage,
    read_person_certificate,
    verify_signature,
)
from renkei.crypto.person_errors import (
    AuthorityUnknown,
    CertificateExpired,
    CertificateMalformed,
    CertificateNotYetValid,
    GenerationUnknown,
    WrongProfile,
)
from renkei.crypto.person_items import CertificateItems, birth_text, decode_items, encode_items

AUTH, SIGN = Use.AUTHENTICATION, Use.SIGNATURE
SECOND = timedelta(seconds=1)


def test_both_kinds_are_read() -> None:
    opaque, named = certificate(AUTH), certificate(SIGN)
    assert (opaque.use, opaque.items, opaque.common_name) == (AUTH, None, "A1B2C3D4131121")
    assert named.items == ITEMS
    assert (named.serial, named.algorithm, named.issuer_id) == (4711, "RS256", generation(SIGN).issuer_id)
    assert (ITEMS.birth, ITEMS.birth_text, ITEMS.sex_word) == (date(1980, 2, 3), "319800203", "male")
    assert "見本" not in repr(named)
    assert "見本" not in repr(named.items)


def test_the_next_generation_of_cards() -> None:
    by = generation(SIGN, 2, "ES384")
    assert read(person(by), by).algorithm == "ES384"


@pytest.mark.parametrize(
    ("birth", "text"),
    [
        (date(1912, 7, 29), "119120729"), (date(1912, 7, 30), "219120730"), (date(1926, 12, 25), "319261225"),
        (date(1989, 1, 8), "419890108"), (date(2019, 5, 1), "520190501"), (None, "000000000"),
    ],
)  # fmt: skip
def test_a_birth_is_written_with_its_era(birth: date | None, text: str) -> None:
    assert birth_text(birth) == text
    assert CertificateItems.of(name="見本", sex="", birth=birth, address="見本市").birth == birth


def test_the_issuer_is_chosen_by_its_key_among_generations_of_one_name() -> None:
    first, second = generation(AUTH, 1), generation(AUTH, 2)
    assert first.authority.subject == second.authority.subject
    for by in (first, second):
        for order in ((first, second), (second, first)):
            assert read(person(by), *order).issuer_id == by.issuer_id


def test_a_generation_that_is_not_trusted() -> None:
    with pytest.raises(GenerationUnknown):
        read(person(generation(AUTH, 2)), generation(AUTH, 1))


def test_another_authority_of_the_same_name() -> None:
    with pytest.raises(GenerationUnknown):
        read(forged(key("foreign"), issuer=name_of(AUTH)))


def test_an_authority_read_off_a_card_is_nobody() -> None:
    """A card made by anyone brings its own authority under the right name: it is no anchor, so it proves nothing."""
    own = generation(AUTH, 77)
    der = person(own)
    assert read(der, own).serial == 4711
    with pytest.raises(GenerationUnknown):
        read(der)


def test_an_authority_of_another_name() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")])
    with pytest.raises(AuthorityUnknown) as caught:
        read(forged(key("foreign"), issuer=name))
    assert type(caught.value) is AuthorityUnknown


def test_a_key_identifier_decides_nothing() -> None:
    """The certificate points at the trusted generation, and another key signed it."""
    hint = x509.AuthorityKeyIdentifier(generation(AUTH).authority.key_identifier, None, None)
    with pytest.raises(GenerationUnknown):
        read(forged(key("foreign"), issuer=name_of(AUTH), extra=((hint, False),)))


def test_the_period_includes_both_ends() -> None:
    der, by = person(generation(AUTH)), generation(AUTH)
    for at in (NOW - YEAR, NOW + YEAR):
        assert read(der, by, at=at).serial == 4711
    with pytest.raises(CertificateNotYetValid):
        read(der, by, at=NOW - YEAR - SECOND)
    with pytest.raises(CertificateExpired):
        read(der, by, at=NOW + YEAR + SECOND)


def test_nobody_outlives_the_authority() -> None:
    by = generation(AUTH)
    der = person(by, not_before=NOW - 9 * YEAR, not_after=NOW + 20 * YEAR)
    with pytest.raises(CertificateNotYetValid):
        read(der, by, at=NOW - 4 * YEAR)
    with pytest.raises(CertificateExpired):
        read(der, by, at=NOW + 8 * YEAR)


POLICY = x509.CertificatePolicies([x509.PolicyInformation(POLICY_OIDS[SIGN], None)])
TWO_POLICIES = x509.CertificatePolicies([x509.PolicyInformation(oid, None) for oid in POLICY_OIDS.values()])
AUTHORITY_USAGE = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")


@pytest.mark.parametrize(
    ("without", "extra"),
    [
        (x509.KeyUsage, ()),
        (x509.CertificatePolicies, ()),
        (None, ((POLICY, True),)),
        (None, ((TWO_POLICIES, True),)),
        (None, ((person_key_usage(AUTH), False),)),
        (None, ((person_key_usage(SIGN), True),)),
        (None, ((AUTHORITY_USAGE, True),)),
        (None, ((x509.BasicConstraints(ca=True, path_length=None), True),)),
        (None, ((UNKNOWN, True),)),
        (None, ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), True),)),
    ],
)
def test_outside_the_profile(without: type[x509.ExtensionType] | None, extra: tuple) -> None:
    with pytest.raises(WrongProfile):
        read(forged(key("authentication-1"), issuer=name_of(AUTH), without=without, extra=extra))


def test_an_unknown_extension_that_is_not_critical_changes_nothing() -> None:
    assert read(forged(key("authentication-1"), issuer=name_of(AUTH), extra=((UNKNOWN, False),))).serial == 4711


def test_each_authority_issues_its_own_kind_only() -> None:
    """A certificate for sign-in signed by the authority for signatures is neither."""
    with pytest.raises(WrongProfile):
        read(forged(key("signature-1"), issuer=name_of(SIGN)))


def items_with(**changes: bytes | None) -> x509.SubjectAlternativeName:
    names = {str(name.type_id.dotted_string[-1]): name for name in encode_items(ITEMS)}
    for number, value in changes.items():
        oid = ObjectIdentifier(f"1.2.392.200149.8.5.5.{number[1:]}")
        names[number[1:]] = x509.OtherName(oid, value) if value is not None else None
    return x509.SubjectAlternativeName([name for name in names.values() if name is not None])


@pytest.mark.parametrize(
    "changes",
    [
        {"i1": None}, {"i6": None}, {"i7": b"\x0c\x01a"}, {"i1": b"\x16\x01a"}, {"i1": b"\x05\x00"},
        {"i1": b"\x0c\x00"}, {"i1": b"\x0c\x05a\nbcd"}, {"i2": b"\x0c\x0201"}, {"i2": b"\x0c\x0500002"},
        {"i3": b"\x0c\x0211"}, {"i3": b"\x0c\x01x"}, {"i4": b"\x0c\x09319800230"}, {"i4": b"\x0c\x09919800203"},
        {"i4": b"\x0c\x0819800203"}, {"i5": b"\x0c\x82\x08\x00" + b"a" * 2048},
    ],
)  # fmt: skip
def test_items_outside_the_profile(changes: dict[str, bytes | None]) -> None:
    extra = ((items_with(**changes), False),)
    with pytest.raises(WrongProfile):
        read(forged(key("signature-1"), issuer=name_of(SIGN), extra=extra, use=SIGN))


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=120),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=200),
    st.none() | st.dates(date(1870, 1, 1), date(2030, 1, 1)),
)
def test_items_survive_the_way_through_a_certificate(name: str, address: str, birth: date | None) -> None:
    items = CertificateItems.of(name=name, sex="female", birth=birth, address=address)
    assert decode_items(encode_items(items)) == items


def test_an_unknown_day_of_birth_stays_unknown() -> None:
    items = CertificateItems(
        name="見本", name_substitutes="00", sex="9", birth_text="319300000", address="見本市", address_substitutes="000"
    )
    assert decode_items(encode_items(items)).birth is None


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_damaged_certificates_are_refused_in_our_words(data: st.DataObject) -> None:
    """But for the count of unused bits behind the signature, which says nothing and changes nothing."""
    good = certificate(SIGN)
    der = bytearray(good.der)
    for at in data.draw(st.sets(st.integers(0, len(der) - 1), min_size=1, max_size=3)):
        der[at] ^= data.draw(st.integers(1, 255))
    try:
        found = read_person_certificate(bytes(der), authorities=authorities(), at=NOW)
    except RenkeiError:
        return
    assert replace(found, der=good.der) == good


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.integers(0, 1100).map(lambda cut: person(generation(SIGN))[:cut]))
def test_anything_else_is_no_certificate(der: bytes) -> None:
    with pytest.raises(CertificateMalformed):
        read(der)


def test_too_large_for_a_certificate() -> None:
    with pytest.raises(CertificateMalformed):
        read(person(generation(AUTH)) + b"\x00" * CERTIFICATE_BYTES_MAX)


def test_an_anchor_is_an_authority() -> None:
    with pytest.raises(WrongProfile):
        PersonAuthorities([person(generation(AUTH))])
    with pytest.raises(CertificateMalformed):
        PersonAuthorities([b"no certificate"])
    with pytest.raises(AuthorityUnknown):
        authorities().by_id("00" * 32)


def test_signatures_by_the_holder() -> None:
    holder, shown = key("person"), certificate(AUTH)
    signature = holder.sign(b"challenge")
    verify_signature(shown, algorithm="RS256", signature=signature, data=b"challenge")
    for changes in ({"data": b"other"}, {"algorithm": "ES384"}, {"algorithm": "none"}, {"signature": b""}):
        given_ = {"algorithm": "RS256", "signature": signature, "data": b"challenge", **changes}
        with pytest.raises(SignatureInvalid):
            verify_signature(shown, **given_)
    with pytest.raises(SignatureInvalid):
        verify_signature(shown, algorithm="RS256", signature=signature, digest=b"short")
    with pytest.raises(TypeError):
        verify_signature(shown, algorithm="RS256", signature=signature)


def test_a_signature_over_a_digest() -> None:
    by = generation(SIGN, 2, "ES384")
    shown, holder = read(person(by), by), key("person", "ES384")
    from hashlib import sha384

    verify_signature(shown, algorithm="ES384", signature=holder.sign(b"x"), digest=sha384(b"x").digest())
    with pytest.raises(SignatureInvalid):
        verify_signature(shown, algorithm="ES384", signature=holder.sign(b"x"), digest=sha384(b"y").digest())
