"""Status of person certificates: every way in which a statement proves nothing, and what follows from a good one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography.x509.ocsp import OCSPResponseStatus
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.card_authority import (
    MINUTES,
    NOW,
    YEAR,
    answer,
    authorities,
    certificate,
    generation,
    key,
    person,
    question,
    read,
)

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.crypto.person_authority import (
    OcspRequestMalformed,
    PersonAuthority,
    Standing,
    read_ocsp_request,
    refuse_ocsp,
)
from renkei.crypto.person_certificates import Use
from renkei.crypto.person_errors import (
    CertificateContentChanged,
    CertificateHolderGone,
    CertificateKeyCompromised,
    CertificateRenewed,
    CertificateRevoked,
    CertificateSuspended,
    StatusInvalid,
    StatusRefused,
    StatusStale,
    StatusUnknown,
)
from renkei.crypto.revocation import Reason, StatusEvidence, StatusKind, check_good, ocsp_request, read_crl, read_ocsp

AUTH, SIGN = Use.AUTHENTICATION, Use.SIGNATURE
HOUR = timedelta(hours=1)
OURS = generation(AUTH)
SHOWN = certificate(AUTH)
TRUSTED = authorities()


def ask(**changes) -> tuple[bytes, bytes]:
    """A request, and a good answer to it."""
    request, asked = question(SHOWN, TRUSTED)
    return request, answer(OURS, asked, **changes)


def take(der: bytes, *, at: datetime | None = NOW, request: bytes | None = None, shown=SHOWN, trusted=TRUSTED):
    return read_ocsp(der, certificate=shown, authorities=trusted, at=at, request=request)


def test_a_good_answer() -> None:
    request, der = ask()
    found = take(der, request=request)
    assert (found.kind, found.reason, found.revoked_ms, found.source) == (StatusKind.GOOD, None, None, "ocsp")
    assert (found.this_update_ms, found.next_update_ms) == (to_ms(NOW), to_ms(NOW + MINUTES))
    assert found.der == der
    check_good(found, NOW)


@pytest.mark.parametrize(
    ("reason", "read_as", "error"),
    [
        (Reason.CONTENT_CHANGED, Reason.CONTENT_CHANGED, CertificateContentChanged),
        (Reason.RENEWED, Reason.RENEWED, CertificateRenewed),
        (Reason.KEY_COMPROMISE, Reason.KEY_COMPROMISE, CertificateKeyCompromised),
        (Reason.CESSATION, Reason.CESSATION, CertificateHolderGone),
        (Reason.DEATH, Reason.CESSATION, CertificateHolderGone),
        (Reason.APPLIED, Reason.UNSPECIFIED, CertificateRevoked),
        (Reason.UNSPECIFIED, Reason.UNSPECIFIED, CertificateRevoked),
        (Reason.RECORD_ERROR, Reason.RECORD_ERROR, CertificateRevoked),
        (Reason.AUTHORITY_COMPROMISE, Reason.AUTHORITY_COMPROMISE, CertificateRevoked),
        (Reason.SUSPENDED, Reason.SUSPENDED, CertificateSuspended),
    ],
)
@pytest.mark.parametrize("source", ["ocsp", "crl"])
def test_every_reason_in_both_statements(source: str, reason: Reason, read_as: Reason, error: type) -> None:
    standing = Standing(NOW - HOUR, reason)
    if source == "ocsp":
        found = take(ask(standing=standing)[1])
    else:
        crl = OURS.revocation_list([(SHOWN.serial, standing)], number=1, now=NOW, next_update=NOW + HOUR)
        found = read_crl(crl, certificate=SHOWN, authorities=TRUSTED, at=NOW)
    assert (found.reason, found.revoked_ms, found.source) == (read_as, to_ms(NOW - HOUR), source)
    with pytest.raises(error) as caught:
        check_good(found, NOW)
    if isinstance(caught.value, CertificateRevoked):
        assert caught.value.reason is read_as


@pytest.mark.parametrize(
    ("at", "error"),
    [
        (NOW - timedelta(seconds=1), None), (NOW, CertificateContentChanged), (NOW + HOUR, CertificateContentChanged),
        (NOW + 9 * YEAR, CertificateContentChanged),
    ],
)  # fmt: skip
def test_revoked_at_a_moment(at: datetime, error: type[RenkeiError] | None) -> None:
    """A signature made before the revocation stands; at that second and after it, it does not."""
    found = take(ask(standing=Standing(NOW, Reason.CONTENT_CHANGED), at=NOW + HOUR)[1], at=None)
    if error is None:
        check_good(found, at)
    else:
        with pytest.raises(error):
            check_good(found, at)


def test_a_good_statement_runs_out() -> None:
    found = take(ask()[1])
    check_good(found, NOW + MINUTES)
    with pytest.raises(StatusStale):
        check_good(found, NOW + MINUTES + timedelta(seconds=1))


@pytest.mark.parametrize("at", [NOW + timedelta(minutes=11), NOW - timedelta(minutes=6)])
def test_a_stale_answer_and_one_from_the_future(at: datetime) -> None:
    with pytest.raises(StatusStale):
        take(ask()[1], at=at)
    assert take(ask()[1], at=None).kind is StatusKind.GOOD


def test_an_answer_to_another_question() -> None:
    _, der = ask()
    request = ocsp_request(SHOWN, authorities=TRUSTED)
    with pytest.raises(StatusInvalid, match="nonce"):
        take(der, request=request)
    without, asked = question(SHOWN, TRUSTED, nonce=False)
    with pytest.raises(StatusInvalid, match="nonce"):
        take(answer(OURS, asked), request=request)
    assert take(answer(OURS, asked), request=without).kind is StatusKind.GOOD


def test_an_answer_about_another_certificate() -> None:
    other = read(person(OURS, serial=4712), OURS)
    with pytest.raises(StatusInvalid, match="certificate"):
        take(ask()[1], shown=other)


def test_an_answer_about_the_same_number_of_another_generation() -> None:
    """Serial numbers are counted by generation, and the name of both is the same: only the key tells them apart."""
    second = generation(AUTH, 2)
    shown = read(person(second), second)
    with pytest.raises(StatusInvalid, match="certificate"):
        take(ask()[1], shown=shown, trusted=authorities(OURS, second))


def test_an_answer_by_the_responder_of_another_generation() -> None:
    _, asked = question(SHOWN, TRUSTED)
    with pytest.raises(StatusInvalid, match="responder"):
        take(answer(generation(AUTH, 2), asked), trusted=authorities(OURS, generation(AUTH, 2)))


def test_an_answer_by_a_person() -> None:
    """A holder's own certificate was issued by the right authority, and does not make its key a responder."""
    fake = PersonAuthority.open(
        OURS.certificate, key("authentication-1"), responder=person(OURS), responder_key=key("person")
    )
    _, asked = question(SHOWN, TRUSTED)
    with pytest.raises(StatusInvalid, match="responder"):
        take(answer(fake, asked))


def test_an_answer_by_a_responder_whose_time_has_passed() -> None:
    old = OURS.delegate(key("old", "ES256").public_key, not_before=NOW - YEAR, not_after=NOW - HOUR)
    by = PersonAuthority.open(
        OURS.certificate, key("authentication-1"), responder=old, responder_key=key("old", "ES256")
    )
    _, asked = question(SHOWN, TRUSTED)
    with pytest.raises(StatusInvalid, match="period"):
        take(answer(by, asked))


def test_an_answer_signed_by_another_key_than_it_shows() -> None:
    _, der = ask()
    signature = der.rfind(b"\x03\x48") if b"\x03\x48" in der else der.rfind(b"\x03\x47")
    damaged = bytearray(der)
    damaged[signature + 20] ^= 1
    with pytest.raises(StatusInvalid):
        take(bytes(damaged))


def test_unknown_and_refused() -> None:
    _, asked = question(SHOWN, TRUSTED)
    with pytest.raises(StatusUnknown):
        take(OURS.answer(asked, None, now=NOW, good_for=MINUTES))
    for status in (OCSPResponseStatus.TRY_LATER, OCSPResponseStatus.UNAUTHORIZED, OCSPResponseStatus.MALFORMED_REQUEST):
        with pytest.raises(StatusRefused, match=status.name.lower()):
            take(refuse_ocsp(status))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_answers_are_refused_in_our_words(data: st.DataObject) -> None:
    """But for the count of unused bits behind a signature, which says nothing and changes nothing."""
    der = bytearray(ANSWER)
    at = data.draw(st.integers(0, len(der) - 1))
    der[at] ^= data.draw(st.integers(1, 255))
    try:
        found = take(bytes(der), request=REQUEST)
    except RenkeiError:
        return
    assert replace(found, der=ANSWER) == take(ANSWER)


REQUEST, ANSWER = ask()
LIST = OURS.revocation_list([(SHOWN.serial, Standing(NOW, Reason.RENEWED))], number=7, now=NOW, next_update=NOW + HOUR)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_lists_are_refused_in_our_words(data: st.DataObject) -> None:
    der = bytearray(LIST)
    at = data.draw(st.integers(0, len(der) - 1))
    der[at] ^= data.draw(st.integers(1, 255))
    try:
        found = read_crl(bytes(der), certificate=SHOWN, authorities=TRUSTED, at=NOW)
    except RenkeiError:
        return
    assert replace(found, der=LIST) == read_crl(LIST, certificate=SHOWN, authorities=TRUSTED, at=NOW)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_anything_else_is_no_statement_and_no_question(data: bytes) -> None:
    with pytest.raises(StatusInvalid):
        take(data)
    with pytest.raises(StatusInvalid):
        read_crl(data, certificate=SHOWN, authorities=TRUSTED, at=NOW)
    with pytest.raises(OcspRequestMalformed):
        read_ocsp_request(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_questions(data: st.DataObject) -> None:
    der = bytearray(REQUEST)
    at = data.draw(st.integers(0, len(der) - 1))
    der[at] ^= data.draw(st.integers(1, 255))
    try:
        read_ocsp_request(bytes(der))
    except OcspRequestMalformed:
        return


def test_too_large() -> None:
    with pytest.raises(StatusInvalid, match="size"):
        take(b"\x30" * 20_000)
    with pytest.raises(OcspRequestMalformed):
        read_ocsp_request(b"\x30" * 5_000)


def test_lists_of_the_wrong_authority_or_time() -> None:
    for by in (generation(AUTH, 2), generation(SIGN)):
        crl = by.revocation_list([], number=1, now=NOW, next_update=NOW + HOUR)
        with pytest.raises(StatusInvalid):
            read_crl(crl, certificate=SHOWN, authorities=authorities(OURS, by), at=NOW)
    for at in (NOW + 2 * HOUR, NOW - HOUR):
        with pytest.raises(StatusStale):
            read_crl(LIST, certificate=SHOWN, authorities=TRUSTED, at=at)


def test_who_is_not_on_the_list_is_good() -> None:
    crl = OURS.revocation_list([(1, Standing(NOW, Reason.RENEWED))], number=1, now=NOW, next_update=NOW + HOUR)
    found = read_crl(crl, certificate=SHOWN, authorities=TRUSTED, at=NOW)
    assert found.kind is StatusKind.GOOD
    check_good(found, NOW)


def test_evidence_shows_nothing() -> None:
    assert "der" in repr(take(ANSWER))
    assert ANSWER.hex()[:40] not in repr(take(ANSWER))
    assert isinstance(take(ANSWER), StatusEvidence)
