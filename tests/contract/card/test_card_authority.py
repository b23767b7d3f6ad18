"""The card's authority on both databases: issue, renewal, hold, revocation, history, generations, lists."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from cryptography.x509.ocsp import OCSPResponseStatus, load_der_ocsp_response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.card_authority import (
    ITEMS,
    NOW,
    MemoryKeys,
    application,
    authorities,
    certificate,
    generation,
    in_loop,
    key,
    opened,
    question,
)

from renkei.base.time import from_ms, to_ms
from renkei.crypto.person_certificates import CertificateItems, PersonCertificate, Use, read_person_certificate
from renkei.crypto.person_errors import CertificateContentChanged, CertificateSuspended, StatusRefused, StatusUnknown
from renkei.crypto.revocation import Reason, StatusEvidence, StatusKind, check_good, ocsp_request, read_crl, read_ocsp
from renkei.institutions.card import queries, store
from renkei.institutions.card.errors import (
    CardExpired,
    CertificateStands,
    CertificateUnknown,
    ContentUnfit,
    GenerationMissing,
    GenerationUnknownHere,
    HolderWithoutCertificate,
    HoldNotLifted,
    KeyUnfit,
    SignatureCertificateRefused,
)
from renkei.institutions.card.model.profiles import NEXT
from renkei.institutions.card.model.standing import Held
from renkei.institutions.card.service import CardAuthority
from renkei.platform.audit_store import audited
from renkei.platform.clock import MovableClock

AUTH, SIGN = Use.AUTHENTICATION, Use.SIGNATURE
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
BY = {"user": "clerk-1"}
MOVED = CertificateItems.of(name=ITEMS.name, sex="male", birth=ITEMS.birth, address="別見本市新町３")


@pytest.fixture
def running(open_database) -> tuple[CardAuthority, MovableClock]:
    return asyncio.run(opened(db=open_database(store.metadata)))


@pytest.fixture
def authority(running: tuple[CardAuthority, MovableClock]) -> CardAuthority:
    return running[0]


@pytest.fixture
def clock(running: tuple[CardAuthority, MovableClock]) -> MovableClock:
    return running[1]


def read(authority: CardAuthority, held: Held) -> PersonCertificate:
    return read_person_certificate(held.der, authorities=authority.authorities(), at=authority.clock.now())


async def status(authority: CardAuthority, held: Held, *, nonce: bool = True) -> StatusEvidence:
    shown, trusted, now = read(authority, held), authority.authorities(), authority.clock.now()
    request = ocsp_request(shown, authorities=trusted, nonce=nonce)
    answer = await authority.ocsp(request)
    return read_ocsp(answer, certificate=shown, authorities=trusted, at=now, request=request)


@in_loop
async def test_issue_and_read_back(authority: CardAuthority) -> None:
    issued = await authority.issue(application(), **BY)
    opaque, named = read(authority, issued.authentication), read(authority, issued.signature)
    assert (opaque.use, opaque.items, named.use, named.items) == (AUTH, None, SIGN, ITEMS)
    assert opaque.common_name.endswith("131121")
    assert "見本" not in opaque.common_name
    assert opaque.serial != named.serial
    assert from_ms(issued.signature.not_after_ms).isoformat() == "2031-02-03T14:59:59+00:00"
    for held in (issued.authentication, issued.signature):
        check_good(await status(authority, held), NOW)
    assert (await authority.partner(opaque.serial)).serial == named.serial
    assert (await authority.partner(named.serial)).serial == opaque.serial
    assert await authority.replaced(opaque.serial) is None


@in_loop
async def test_who_gets_none(authority: CardAuthority) -> None:
    child = CertificateItems.of(name="見本", sex="male", birth=date(2011, 11, 24), address="見本市")
    assert authority.signature_unavailable(application(items=child)).value == "under_15"
    with pytest.raises(SignatureCertificateRefused):
        await authority.issue(application(items=child), **BY)
    alone = await authority.issue(application(items=child, signature_key=None), **BY)
    assert alone.signature is None
    with pytest.raises(SignatureCertificateRefused):
        await authority.issue(application("ward", adult_ward=True), **BY)
    fifteen = CertificateItems.of(name="見本", sex="male", birth=date(2011, 11, 23), address="見本市")
    assert authority.signature_unavailable(application(items=fifteen)) is None


@in_loop
async def test_what_cannot_be_issued(authority: CardAuthority) -> None:
    for changes, error in (
        ({"card_expires": date(2026, 11, 23)}, CardExpired),
        ({"residence_until": date(2026, 11, 23)}, CardExpired),
        ({"authentication_key": key("p", "ES384").public_key}, KeyUnfit),
        ({"authentication_key": None, "signature_key": None}, ContentUnfit),
        ({"holder": ""}, ContentUnfit),
        ({"municipality": "見本市"}, ContentUnfit),
        ({"municipality_name": "市" * 200}, ContentUnfit),
    ):
        with pytest.raises(error):
            await authority.issue(application(**changes), **BY)
    assert await authority.of_holder("holder-1") == []


@in_loop
async def test_renewal_keeps_the_graph(authority: CardAuthority, clock: MovableClock) -> None:
    first = await authority.issue(application(), **BY)
    with pytest.raises(CertificateStands):
        await authority.issue(application(), **BY)
    clock.move(300 * DAY)
    second = await authority.renew(application(), **BY)
    assert set(second.ended) == {first.authentication.key, first.signature.key}
    assert second.authentication.replaces == first.authentication.key
    assert (await authority.replaced(second.signature.serial)) == first.signature.key
    ended = (await authority.of_holder("holder-1"))[-1]
    assert (ended.kind, ended.reason) == (StatusKind.REVOKED, Reason.RENEWED)
    assert (await status(authority, first.signature)).reason is Reason.RENEWED
    assert (await authority.partner(first.authentication.serial)).serial == second.signature.serial


@in_loop
async def test_only_the_signature_certificate_goes_with_an_address(
    authority: CardAuthority, clock: MovableClock
) -> None:
    issued = await authority.issue(application(), **BY)
    flags = CertificateItems(
        **{name: getattr(ITEMS, name) for name in ITEMS.__struct_fields__} | {"name_substitutes": "11111"}
    )
    assert await authority.four_items_changed("holder-1", flags, **BY) is None
    clock.move(HOUR)
    revoked = await authority.four_items_changed("holder-1", MOVED, **BY)
    assert (revoked.serial, revoked.reason) == (issued.signature.serial, Reason.CONTENT_CHANGED)
    with pytest.raises(CertificateContentChanged):
        check_good(await status(authority, issued.signature), clock.now())
    check_good(await status(authority, issued.authentication), clock.now())
    assert await authority.four_items_changed("holder-1", MOVED, **BY) is None
    anew = await authority.issue(application(items=MOVED, authentication_key=None), **BY)
    assert anew.signature.replaces == issued.signature.key
    assert anew.ended == ()


@in_loop
async def test_a_lost_card_that_is_found(authority: CardAuthority, clock: MovableClock) -> None:
    issued = await authority.issue(application(), **BY)
    with pytest.raises(HoldNotLifted):
        await authority.resume("holder-1", **BY)
    clock.move(HOUR)
    assert len(await authority.suspend("holder-1", **BY)) == 2
    assert await authority.suspend("holder-1", **BY) == []
    for held in (issued.authentication, issued.signature):
        found = await status(authority, held)
        assert (found.kind, found.reason) == (StatusKind.SUSPENDED, Reason.SUSPENDED)
        with pytest.raises(CertificateSuspended):
            check_good(found, clock.now())
    clock.move(HOUR)
    [lifted] = await authority.resume("holder-1", **BY)
    assert lifted.serial == issued.authentication.serial
    check_good(await status(authority, issued.authentication), clock.now())
    anew = await authority.issue(application(authentication_key=None), **BY)
    assert anew.ended == (issued.signature.key,)
    assert (await status(authority, issued.signature)).reason is Reason.RENEWED


@in_loop
async def test_revocation_is_final(authority: CardAuthority) -> None:
    with pytest.raises(HolderWithoutCertificate):
        await authority.revoke("holder-1", Reason.APPLIED, **BY)
    await authority.issue(application(), **BY)
    [one] = await authority.revoke("holder-1", Reason.KEY_COMPROMISE, uses=[SIGN], **BY)
    assert one.use is SIGN
    with pytest.raises(HolderWithoutCertificate):
        await authority.revoke("holder-1", Reason.APPLIED, uses=[SIGN], **BY)
    [other] = await authority.holder_gone("holder-1", Reason.DEATH, **BY)
    assert (other.use, other.reason) == (AUTH, Reason.DEATH)
    for work in (authority.suspend, authority.resume):
        with pytest.raises(HolderWithoutCertificate):
            await work("holder-1", **BY)
    with pytest.raises(ValueError, match="died"):
        await authority.holder_gone("holder-1", Reason.APPLIED, **BY)


@in_loop
async def test_status_as_of_a_moment(authority: CardAuthority, clock: MovableClock) -> None:
    """What was so at a moment comes from the history: later events do not change it."""
    held = (await authority.issue(application(), **BY)).authentication
    times = {"hold": clock.move(DAY), "lift": None, "end": None}
    await authority.suspend("holder-1", **BY)
    times["lift"] = clock.move(DAY)
    await authority.resume("holder-1", **BY)
    times["end"] = clock.move(DAY)
    await authority.revoke("holder-1", Reason.APPLIED, uses=[AUTH], **BY)
    millisecond = timedelta(milliseconds=1)
    expected = [
        (NOW, StatusKind.GOOD), (times["hold"] - millisecond, StatusKind.GOOD), (times["hold"], StatusKind.SUSPENDED),
        (times["lift"] - millisecond, StatusKind.SUSPENDED), (times["lift"], StatusKind.GOOD),
        (times["end"] - millisecond, StatusKind.GOOD), (times["end"], StatusKind.REVOKED),
        (times["end"] + 9000 * DAY, StatusKind.REVOKED),
    ]  # fmt: skip
    for moment, kind in expected:
        assert (await authority.status_at(held.serial, moment)).kind is kind, moment
    found = await authority.status_at(held.serial, times["end"] + 9000 * DAY)
    assert (found.within_validity, found.since_ms, found.reason) == (False, to_ms(times["end"]), Reason.APPLIED)
    for serial, moment in ((held.serial, NOW - SECOND), (12345, NOW)):
        with pytest.raises(CertificateUnknown):
            await authority.status_at(serial, moment)


@in_loop
async def test_generations_of_one_name(authority: CardAuthority, clock: MovableClock) -> None:
    first = (await authority.issue(application(), **BY)).authentication
    await authority.open_generation(AUTH)
    clock.move(DAY)
    second = (await authority.renew(application(signature_key=None), **BY)).authentication
    assert first.issuer_id != second.issuer_id
    assert second.replaces == first.key
    assert len(authority.anchors) == 3
    assert read(authority, first).issuer_id == first.issuer_id
    check_good(await status(authority, second), clock.now())
    assert (await status(authority, first)).reason is Reason.RENEWED


@in_loop
async def test_the_next_cards(authority: CardAuthority) -> None:
    for use in Use:
        await authority.open_generation(use, NEXT)
    keys = {"authentication_key": key("p", "ES384").public_key, "signature_key": key("q", "ES384").public_key}
    with pytest.raises(KeyUnfit):
        await authority.issue(application(), **BY)
    issued = await authority.issue(application(card_expires=date(2039, 1, 1), **keys), **BY)
    assert read(authority, issued.signature).algorithm == "ES384"
    assert from_ms(issued.signature.not_after_ms).date() == date(2036, 2, 3)
    check_good(await status(authority, issued.signature), NOW)


@in_loop
async def test_an_authority_that_ends_too_soon(authority: CardAuthority, clock: MovableClock) -> None:
    clock.move(6 * 365 * DAY)
    late = application(card_expires=date(2042, 2, 3))
    with pytest.raises(GenerationMissing):
        await authority.issue(late, **BY)
    for use in Use:
        await authority.open_generation(use)
    assert (await authority.issue(late, **BY)).signature is not None


@in_loop
async def test_another_process_over_the_same_store(authority: CardAuthority, clock: MovableClock) -> None:
    held = (await authority.issue(application(), **BY)).authentication
    other = CardAuthority(authority.db, keys=MemoryKeys(), base_url="https://card.example", clock=clock)
    await other.start()
    assert other.anchors == authority.anchors
    await other.open_generation(AUTH)
    new = (await other.renew(application(signature_key=None), **BY)).authentication
    shown = read(other, new)
    request = ocsp_request(shown, authorities=other.authorities())
    answer = await authority.ocsp(request)  # the first process has not heard of the new generation
    assert read_ocsp(answer, certificate=shown, authorities=other.authorities(), at=NOW).kind is StatusKind.GOOD
    assert (await status(authority, held)).kind is StatusKind.REVOKED


@in_loop
async def test_the_responder_is_delegated_anew(authority: CardAuthority, clock: MovableClock) -> None:
    held = (await authority.issue(application(), **BY)).authentication
    for _ in range(3):
        clock.move(59 * DAY)
        check_good(await status(authority, held), clock.now())
    clock.move(200 * DAY)
    check_good(await status(authority, held), clock.now())
    rows = authority.db.read_now(lambda conn: audited(conn, store.audit_table, name="card.responder_delegated"))
    assert len(rows) == 2


@in_loop
async def test_questions_that_are_not_ours(authority: CardAuthority) -> None:
    shown = certificate(AUTH, 9)
    trusted = authorities(generation(AUTH, 9))
    request = ocsp_request(shown, authorities=trusted)
    with pytest.raises(StatusRefused, match="unauthorized"):
        read_ocsp(await authority.ocsp(request), certificate=shown, authorities=trusted, at=NOW)
    with pytest.raises(StatusRefused, match="malformed_request"):
        read_ocsp(await authority.ask(b"no request"), certificate=shown, authorities=trusted, at=NOW)


@in_loop
async def test_a_number_that_was_never_issued(authority: CardAuthority) -> None:
    held = (await authority.issue(application(), **BY)).authentication
    shown = replace(read(authority, held), serial=held.serial ^ 2)
    trusted = authority.authorities()
    answer = await authority.ocsp(ocsp_request(shown, authorities=trusted))
    with pytest.raises(StatusUnknown):
        read_ocsp(answer, certificate=shown, authorities=trusted, at=NOW)


@in_loop
async def test_answers_without_nonce_are_kept_and_never_outlive_a_change(
    authority: CardAuthority, clock: MovableClock
) -> None:
    held = (await authority.issue(application(), **BY)).authentication
    first = await status(authority, held, nonce=False)
    clock.move(timedelta(minutes=4))
    assert (await status(authority, held, nonce=False)).der == first.der
    clock.move(timedelta(minutes=1))
    assert (await status(authority, held, nonce=False)).der != first.der
    await authority.suspend("holder-1", **BY)
    assert (await status(authority, held, nonce=False)).kind is StatusKind.SUSPENDED


@in_loop
async def test_lists(authority: CardAuthority, clock: MovableClock) -> None:
    issued = await authority.issue(application(), **BY)
    held, trusted = issued.authentication, authority.authorities()
    shown = read(authority, held)
    before = await authority.crl(held.issuer_id)
    await authority.suspend("holder-1", **BY)
    assert await authority.crl(held.issuer_id) == before
    now = await authority.make_list(held.issuer_id)
    at = {"certificate": shown, "authorities": trusted, "at": clock.now()}
    assert read_crl(before, **at).kind is StatusKind.GOOD
    assert read_crl(now, **at).kind is StatusKind.SUSPENDED
    clock.move(DAY)
    await authority.resume("holder-1", **BY)
    assert read_crl(await authority.crl(held.issuer_id), **at | {"at": clock.now()}).kind is StatusKind.GOOD
    kept = authority.db.read_now(lambda conn: queries.latest_list(conn, held.issuer_id))
    assert kept.number == 3
    with pytest.raises(GenerationUnknownHere):
        await authority.crl("00" * 32)


@in_loop
async def test_an_expired_certificate_leaves_the_list_after_one_more(
    authority: CardAuthority, clock: MovableClock
) -> None:
    """It stays until a list was made after its period ended (RFC 5280 §3.3)."""
    issued = await authority.issue(application(card_expires=date(2026, 11, 25)), **BY)
    issuer_id = issued.signature.issuer_id
    await authority.revoke("holder-1", Reason.APPLIED, **BY)
    sizes = []
    for _ in range(4):
        sizes.append(len(await authority.make_list(issuer_id)))
        clock.move(2 * DAY)
    assert sizes[0] == sizes[1] == sizes[2] > sizes[3]


@in_loop
async def test_everything_is_audited_without_personal_data(authority: CardAuthority) -> None:
    await authority.issue(application(), **BY)
    await authority.suspend("holder-1", **BY)
    await authority.resume("holder-1", **BY)
    await authority.revoke("holder-1", Reason.APPLIED, **BY)
    rows = authority.db.read_now(lambda conn: audited(conn, store.audit_table))
    names = [row.name.removeprefix("card.") for row in rows]
    assert names == [
        "generation_opened", "generation_opened", "certificate_issued", "certificate_issued", "certificate_held",
        "certificate_held", "hold_lifted", "certificate_ended", "certificate_ended",
    ]  # fmt: skip
    assert "見本" not in str(rows)
    assert "holder-1" not in str(rows)


@in_loop
async def test_two_processes_that_start_together(open_database) -> None:
    db = open_database(store.metadata)
    both = [
        CardAuthority(db, keys=MemoryKeys(), base_url="https://card.example", clock=MovableClock(NOW)) for _ in "12"
    ]
    await asyncio.gather(*(one.start() for one in both))
    assert both[0].anchors == both[1].anchors
    assert len(both[0].anchors) == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_questions_are_always_answered(authority: CardAuthority, data: st.DataObject) -> None:
    request, _ = question(certificate(AUTH, 1), authorities(generation(AUTH, 1)))
    der = bytearray(request)
    for at in data.draw(st.sets(st.integers(0, len(der) - 1), max_size=3)):
        der[at] ^= data.draw(st.integers(1, 255))
    answer = asyncio.run(authority.ocsp(bytes(der)))
    assert load_der_ocsp_response(answer).response_status in OCSPResponseStatus
