"""Signed documents in three formats, one key interface, one verdict of four answers."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from functools import cache, partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from tests.unit.documents.people import NOW, answer, authorities, generation, signer, stamping, status, token

from renkei.base.errors import RenkeiError
from renkei.crypto.document_errors import DocumentNotSigned, DocumentTooLarge, DocumentUnreadable
from renkei.crypto.documents import jws, pades, xades
from renkei.crypto.documents.verdict import Conclusion, Grade, Question, Verdict

RETURN = json.dumps({"年分": 2025, "納税者": "模範　健太", "納める税金": 12_300}, ensure_ascii=False).encode()
XML = "<申告><納める税金>12300</納める税金></申告>".encode()
FORMS = ("jws", "pades", "xades")


@cache
def paper() -> bytes:
    """A PDF of one empty page."""
    from io import BytesIO

    writer = PdfFileWriter()
    page = PageObject(contents=writer.add_object(generic.StreamObject(stream_data=b"")), media_box=(0, 0, 200, 200))
    writer.insert_page(page)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def sign(form: str, *, algorithm: str = "RS256", at: datetime = NOW, stamped: bool = True, known: bool = True) -> bytes:
    by = signer(algorithm)
    chain = [by.der, generation().der]
    said = [status(by, at=at)] if known else []
    stamp = partial(token, at=at) if stamped else None
    if form == "jws":
        return jws.sign(RETURN, by.key, content_type="application/json", chain=chain, now=at, stamp=stamp, ocsp=said)
    if form == "xades":
        return xades.sign_xml(XML, by.key, chain=chain, stamp=stamp, status=said)

    async def ask(request: bytes) -> bytes:
        return answer(request, at=at)

    return asyncio.run(
        pades.sign_pdf(paper(), by.key, chain=chain, stamp=ask, stampers=[stamping()[1]], status=said, now=at)
    )


def verify(form: str, document: bytes, *, now: datetime = NOW, generations: tuple[int, ...] = (1,)) -> Verdict:
    given_ = {"authorities": authorities(*generations), "stampers": [stamping()[1]], "now": now}
    if form == "jws":
        return jws.verify(document, **given_)
    if form == "xades":
        return xades.verify(document, **given_)
    (found,) = asyncio.run(pades.verify(document, **given_))
    return found


def grades(found: Verdict) -> dict[str, str]:
    return {question.value: found.findings[question].grade.value for question in Question}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_whole_document_is_valid_and_says_who_and_when(form: str, algorithm: str) -> None:
    """RSA cards of today, P-384 cards of tomorrow."""
    found = verify(form, sign(form, algorithm=algorithm))
    assert grades(found) == dict.fromkeys(("integrity", "chain", "revocation", "signing_time"), "passed")
    assert found.conclusion is Conclusion.VALID
    assert found.signed_at == NOW
    assert found.signer is not None
    assert found.signer.items is not None
    assert found.signer.items.name == "模範健太"
    assert {one.kind for one in found.kept} == {"certificate", "ocsp", "timestamp"}
    assert "模範" not in repr(found)


@pytest.mark.parametrize("form", FORMS)
def test_it_stays_valid_when_the_certificate_has_expired(form: str) -> None:
    """電子署名法: what was signed while the certificate stood remains signed; that is what the timestamp is for."""
    document = sign(form)
    found = verify(form, document, now=NOW + timedelta(days=6 * 365))
    assert found.conclusion is Conclusion.VALID
    assert found.signed_at == NOW


@pytest.mark.parametrize("form", ["jws", "xades"])
def test_without_evidence_of_the_status_it_is_never_valid(form: str) -> None:
    found = verify(form, sign(form, known=False))
    assert grades(found)["revocation"] == "unknown"
    assert found.conclusion is Conclusion.UNDETERMINED


@pytest.mark.parametrize("form", ["jws", "xades"])
def test_without_a_timestamp_the_time_is_only_claimed(form: str) -> None:
    found = verify(form, sign(form, stamped=False))
    assert grades(found)["signing_time"] == "unknown"
    assert found.conclusion is Conclusion.UNDETERMINED
    assert found.signed_at is None


def jws_with(said: bytes, *, at: datetime = NOW) -> bytes:
    by = signer()
    return jws.sign(
        RETURN, by.key, content_type="application/json", chain=[by.der], now=at, stamp=partial(token, at=at),
        ocsp=[said],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("revoked", "hold", "grade", "conclusion"),
    [
        (timedelta(minutes=-1), False, Grade.FAILED, Conclusion.INVALID),
        (timedelta(minutes=-1), True, Grade.FAILED, Conclusion.INVALID),
        (timedelta(0), False, Grade.FAILED, Conclusion.INVALID),
        (timedelta(minutes=1), False, Grade.PASSED, Conclusion.VALID),
        (None, False, Grade.PASSED, Conclusion.VALID),
    ],
)
def test_revoked_before_at_and_after_signing(
    revoked: timedelta | None, hold: bool, grade: Grade, conclusion: Conclusion
) -> None:
    """公的個人認証法: the signature certificate lapses when the holder moves; a signature of the day before stands."""
    asked = NOW + timedelta(hours=1)
    said = status(signer(), at=asked, revoked=None if revoked is None else NOW + revoked, hold=hold)
    found = verify("jws", jws_with(said), now=asked)
    assert found.findings[Question.REVOCATION].grade is grade
    assert found.conclusion is conclusion


def test_a_status_from_long_before_the_signature_proves_nothing() -> None:
    found = verify("jws", jws_with(status(signer(), at=NOW - timedelta(days=2))))
    assert found.findings[Question.REVOCATION].code == "status_older_than_signature"
    assert found.conclusion is Conclusion.UNDETERMINED


def test_another_generation_of_the_same_name_does_not_vouch() -> None:
    """All generations of the authority bear one name: the issuer is told by its signature."""
    document = sign("jws")
    assert verify("jws", document, generations=(2, 1)).conclusion is Conclusion.VALID
    found = verify("jws", document, generations=(2,))
    assert found.findings[Question.CHAIN].grade is Grade.FAILED
    assert found.signer is None
    assert found.conclusion is Conclusion.INVALID
    by_another = verify("jws", jws_with(status(signer(), number=2)), generations=(1, 2))
    assert by_another.findings[Question.REVOCATION].grade is Grade.UNKNOWN


def test_a_changed_figure_is_found() -> None:
    document = json.loads(sign("jws"))
    from renkei.base.encoding import from_base64url, to_base64url

    document["payload"] = to_base64url(from_base64url(document["payload"]).replace(b"12300", b"10300"))
    found = verify("jws", json.dumps(document).encode())
    assert found.findings[Question.INTEGRITY].grade is Grade.FAILED
    changed = sign("xades").replace(b"12300", b"10300")
    assert verify("xades", changed).findings[Question.INTEGRITY].grade is Grade.FAILED


def test_what_is_wrapped_around_a_signature_is_not_signed() -> None:
    """XML signature wrapping: the signed part moved aside, another in its place."""
    signed = sign("xades")
    head, _, body = signed.partition(b"?>")
    for changed in (
        head + b"?><evil>" + body.strip() + b"</evil>",
        signed.replace("<納める税金>".encode(), "<納める税金>1</納める税金><納める税金>".encode(), 1),
    ):
        try:
            found = verify("xades", changed)
        except RenkeiError:
            continue
        assert found.conclusion is Conclusion.INVALID


def test_a_page_added_after_signing_is_found() -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(sign("pades")))
    writer.insert_page(
        PageObject(contents=writer.add_object(generic.StreamObject(stream_data=b"")), media_box=(0, 0, 9, 9))
    )
    out = BytesIO()
    writer.write(out)
    found = verify("pades", out.getvalue())
    assert found.findings[Question.INTEGRITY].grade is Grade.FAILED
    assert found.conclusion is Conclusion.INVALID


@pytest.mark.parametrize(
    ("form", "document", "error"),
    [
        ("jws", b"{}", DocumentUnreadable),
        ("jws", b"[" * 20_000, DocumentUnreadable),
        ("jws", b"x" * (jws.DOCUMENT_BYTES_MAX + 1), DocumentTooLarge),
        ("xades", XML, DocumentNotSigned),
        ("xades", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', DocumentUnreadable),
        ("xades", b"<a", DocumentUnreadable),
        ("pades", b"%PDF-1.7", DocumentUnreadable),
        ("pades", b"", DocumentUnreadable),
    ],
)
def test_what_is_no_signed_document_is_refused(form: str, document: bytes, error: type[RenkeiError]) -> None:
    with pytest.raises(error):
        verify(form, document)


def test_an_unsigned_pdf_is_told_so() -> None:
    with pytest.raises(DocumentNotSigned):
        verify("pades", paper())


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(at=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_no_changed_byte_ever_says_something_else(form: str, at: int, flip: int) -> None:
    """A flipped byte is either refused, not valid, or changes nothing that the verdict says (padding, white space)."""
    document = bytearray(whole(form))
    document[at % len(document)] ^= flip
    try:
        found = verify(form, bytes(document))
    except RenkeiError:
        return
    if found.conclusion is Conclusion.VALID:
        assert found.signed_at == NOW
        if form == "jws":
            assert jws.payload_of(bytes(document)) == RETURN


@cache
def whole(form: str) -> bytes:
    return sign(form)
