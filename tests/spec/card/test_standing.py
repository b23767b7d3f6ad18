"""How a certificate stands

A certificate can lose its force before its period ends. Whoever relies on it asks the authority, which answers for the
present and, from its history, for any moment before.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.card_authority import ITEMS, NOW, application, in_loop, opened

from renkei.crypto.person_certificates import CertificateItems, read_person_certificate
from renkei.crypto.person_errors import (
    CertificateContentChanged,
    CertificateHolderGone,
    CertificateSuspended,
    StatusStale,
)
from renkei.crypto.revocation import Reason, StatusEvidence, StatusKind, check_good, ocsp_request, read_ocsp
from renkei.institutions.card.errors import HoldNotLifted
from renkei.institutions.card.model.standing import Held
from renkei.institutions.card.service import CardAuthority

BY = {"user": "clerk-1"}
HOUR = timedelta(hours=1)


async def asked(authority: CardAuthority, held: Held | None) -> StatusEvidence:
    assert held is not None
    trusted, now = authority.authorities(), authority.clock.now()
    shown = read_person_certificate(held.der, authorities=trusted, at=now)
    request = ocsp_request(shown, authorities=trusted)
    answer = await authority.ocsp(request)
    return read_ocsp(answer, certificate=shown, authorities=trusted, at=now, request=request)


@in_loop
async def test_a_move_ends_the_signature_certificate_alone() -> None:
    """When name, birth, sex or address is corrected in the register, the signature certificate loses its force
    (公的個人認証法12条1号, 15条). The authentication certificate says none of this and stays, so signing in goes on."""
    authority, clock = await opened()
    issued = await authority.issue(application(), **BY)
    moved = CertificateItems.of(name=ITEMS.name, sex="male", birth=ITEMS.birth, address="別見本市新町３")
    await authority.four_items_changed("holder-1", moved, **BY)
    with pytest.raises(CertificateContentChanged):
        check_good(await asked(authority, issued.signature), clock.now())
    check_good(await asked(authority, issued.authentication), clock.now())


@in_loop
async def test_a_death_ends_both() -> None:
    """When the resident record is closed by death, both certificates lose their force (12条2号, 31条). The statement
    says that the holder is gone from the registers, and not why."""
    authority, clock = await opened()
    issued = await authority.issue(application(), **BY)
    await authority.holder_gone("holder-1", Reason.DEATH, **BY)
    for held in (issued.authentication, issued.signature):
        found = await asked(authority, held)
        assert found.reason is Reason.CESSATION
        with pytest.raises(CertificateHolderGone):
            check_good(found, clock.now())


@in_loop
async def test_a_lost_card() -> None:
    """A card reported lost is put on hold at once. When it is found, the counter lifts the hold of the authentication
    certificate; the signature certificate stays on hold and is issued anew, so no signature made meanwhile by a
    finder can ever come to stand."""
    authority, clock = await opened()
    issued = await authority.issue(application(), **BY)
    await authority.suspend("holder-1", **BY)
    with pytest.raises(CertificateSuspended):
        check_good(await asked(authority, issued.authentication), clock.now())
    await authority.resume("holder-1", **BY)
    check_good(await asked(authority, issued.authentication), clock.now())
    assert (await asked(authority, issued.signature)).kind is StatusKind.SUSPENDED
    with pytest.raises(HoldNotLifted):
        await authority.resume("holder-1", **BY)
    anew = await authority.issue(application(authentication_key=None), **BY)
    check_good(await asked(authority, anew.signature), clock.now())


@in_loop
async def test_a_renewal_can_be_followed() -> None:
    """Relying parties know people by their certificates' numbers, which change every five years: the authority tells
    which certificate took the place of which, and which two belong to one holder."""
    authority, clock = await opened()
    first = await authority.issue(application(), **BY)
    clock.move(4 * 365 * 24 * HOUR)
    second = await authority.renew(application(), **BY)
    assert first.authentication is not None
    assert second.authentication is not None
    assert second.signature is not None
    assert await authority.replaced(second.authentication.serial) == first.authentication.key
    assert await authority.partner(second.authentication.serial) == second.signature.key


@in_loop
async def test_as_it_was_when_it_was_signed() -> None:
    """Whether a signature holds depends on how the certificate stood when it was made: a revocation tomorrow does not
    undo what was signed today (署名検証者 judge by the time of the signature)."""
    authority, clock = await opened()
    held = (await authority.issue(application(), **BY)).signature
    assert held is not None
    moment = clock.move(HOUR)
    await authority.revoke("holder-1", Reason.KEY_COMPROMISE, **BY)
    assert (await authority.status_at(held.serial, moment - timedelta(milliseconds=1))).kind is StatusKind.GOOD
    assert (await authority.status_at(held.serial, moment)).kind is StatusKind.REVOKED
    assert (await authority.status_at(held.serial, NOW)).kind is StatusKind.GOOD


@in_loop
async def test_an_old_answer_is_no_answer() -> None:
    """A statement that a certificate is good may be relied upon for ten minutes; after that it has to be asked again,
    and where nobody answers, nothing is accepted."""
    authority, clock = await opened()
    issued = await authority.issue(application(), **BY)
    found = await asked(authority, issued.signature)
    clock.move(timedelta(minutes=10))
    check_good(found, clock.now())
    clock.move(timedelta(seconds=1))
    with pytest.raises(StatusStale):
        check_good(found, clock.now())
