"""Messages that are not what they should be: each is turned away with its own code, and the refusal is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.contract.exchange.world import World, ended
from tests.network import JPS, SAPPORO, SETAGAYA, OffsetClock, Send, Spec

from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import Means, entry_of
from renkei.assembly.peers import CORE_AUTHORITY, GatewayClient, SignedPeers, gateway_authority
from renkei.contracts.exchange import (
    PATH_LATE_ANSWERS,
    PATH_PERMITS,
    PATH_PRESENTATIONS,
    PATH_REPORTS,
    TAG_ANSWER,
    TAG_REPLY,
    Accepted,
    Answer,
    AnswerItem,
    Outcome,
    Presentation,
    Report,
    ReportItem,
)
from renkei.contracts.inquiries import PATH_INQUIRIES
from renkei.contracts.numbering import CodeIssueItem, CodeIssueRequest
from renkei.contracts.sheets import CORE, decode, encode
from renkei.crypto.certificates import Purpose
from renkei.institutions.linkage.operations.codes import issue_codes
from renkei.platform.wire import Request, Response

Meddle = Callable[[Request, Send], Awaitable[Response]]


def on_the_way(
    path: str, *, request: Callable[[Request], Request] | None = None,
    response: Callable[[Response], Response] | None = None,
) -> Meddle:  # fmt: skip
    """Change what goes to a path, or what comes back from it."""

    async def meddle(sent: Request, send: Send) -> Response:
        if sent.path != path:
            return await send(sent)
        answer = await send(request(sent) if request else sent)
        return response(answer) if response else answer

    return meddle


def flipped(body: bytes) -> bytes:
    """The body with one digit changed: still JSON, other content."""
    at = max(body.rfind(digit) for digit in b"0123456789")
    return body[:at] + (b"1" if body[at : at + 1] == b"0" else b"0") + body[at + 1 :]


def gateway_peers(world: World, body_id: str) -> SignedPeers:
    return SignedPeers(world.net.means.client(world.net.gateways[body_id].party))


def shown_permit(world: World, person: int) -> Presentation:
    """A permit that the Pension Service got from the core and showed to Sapporo."""
    world.net.between.sent.clear()
    world.ask(person)
    [request] = [sent for sent in world.net.between.sent if sent.path == PATH_PRESENTATIONS]
    return decode(request.body, Presentation)


def present(world: World, shown: Presentation, *, by: str = JPS, to: str = SAPPORO):  # type: ignore[no-untyped-def]
    return gateway_peers(world, by).body(
        to, PATH_PRESENTATIONS, encode(shown), request_id=shown.presentation, tag=TAG_ANSWER
    )


# --- permits ---


def test_a_replayed_permit(world: World) -> None:
    """The same processing numbers under another presentation: answered once, never twice."""
    shown = shown_permit(world, world.person())
    again = msgspec.structs.replace(shown, presentation="another-presentation")
    world.fresh()
    before = world.records()
    answer = decode(world.run(present(world, again)).body, Answer)
    [item] = [decode(bytes(item), AnswerItem) for item in answer.items]
    assert (item.outcome, item.reason, item.sealed) == (Outcome.REFUSED, "permit_replayed", "")
    [event] = world.events(SAPPORO, "gateway.presentation_refused")
    assert (event["reason"], event["presentation"], event["count"]) == ("permit_replayed", "another-presentation", 1)
    assert world.records() == before


def test_a_repeated_presentation_gets_the_same_answer(world: World) -> None:
    shown = shown_permit(world, world.person())
    first = world.run(present(world, shown))
    world.move(minutes=30)  # also long after the permit expired
    assert world.run(present(world, shown)).body == first.body


def test_a_presentation_id_never_stands_for_two_permits(world: World) -> None:
    shown, other = shown_permit(world, world.person()), shown_permit(world, world.person())
    mixed = msgspec.structs.replace(other, presentation=shown.presentation)
    world.fresh()
    assert world.refusal(present(world, mixed)).code == "request_conflict"
    assert world.refused_calls(SAPPORO) == ["request_conflict"]


def test_a_permit_shown_to_the_wrong_provider(world: World) -> None:
    shown = shown_permit(world, world.person())
    assert world.refusal(present(world, shown, to=SETAGAYA)).code == "permit_foreign"
    assert world.refused_calls(SETAGAYA) == ["permit_foreign"]


def test_a_permit_of_another_requester(world: World) -> None:
    """Setagaya got hold of the Pension Service's permit and shows it in its own name."""
    shown = shown_permit(world, world.person())
    assert world.refusal(present(world, shown, by=SETAGAYA)).code == "permit_foreign"
    assert world.refused_calls(SAPPORO) == ["permit_foreign"]


def test_a_permit_never_shown_in_its_time(world: World) -> None:
    shown = shown_permit(world, world.person())
    world.move(minutes=6)
    late = msgspec.structs.replace(shown, presentation="late")
    assert world.refusal(present(world, late)).code == "permit_expired"
    assert world.refused_calls(SAPPORO) == ["permit_expired"]


ALTERATIONS = {
    "item": lambda shown: {
        "sheet": msgspec.structs.replace(
            shown.sheet,
            items=[msgspec.Raw(bytes(shown.sheet.items[0]).replace(b"local_tax", b"resident_record"))],
        )
    },
    "header": lambda shown: {
        "sheet": msgspec.structs.replace(
            shown.sheet, header=msgspec.Raw(bytes(shown.sheet.header).replace(b"application", b"review"))
        )
    },
    "root": lambda shown: {"roots": [shown.roots[0], shown.roots[0]]},
    "roots": lambda shown: {"roots": shown.roots[:1], "at": 1},
    "place": lambda shown: {"at": 0},
    "one_item_more": lambda shown: {
        "sheet": msgspec.structs.replace(shown.sheet, items=[*shown.sheet.items, shown.sheet.items[0]])
    },
    "no_items": lambda shown: {"sheet": msgspec.structs.replace(shown.sheet, items=[])},
}


@pytest.mark.parametrize("part", ALTERATIONS)
def test_an_altered_permit(world: World, part: str) -> None:
    """The requester itself changes what the core signed, and signs its presentation properly."""
    shown = shown_permit(world, world.person())
    altered = msgspec.structs.replace(shown, presentation="altered", **ALTERATIONS[part](shown))
    assert world.refusal(present(world, altered)).code == "permit_invalid"
    assert world.refused_calls(SAPPORO) == ["permit_invalid"]


def test_a_permit_that_the_core_did_not_sign(world: World) -> None:
    """Neither a broken signature, nor one for another use, nor one of another party stands for a permit."""
    shown = shown_permit(world, world.person())
    permit = shown.permit
    broken = msgspec.structs.replace(permit, signature=permit.signature[:-1] + bytes([permit.signature[-1] ^ 1]))
    report = Report(provider=SAPPORO, items=[])
    peers = gateway_peers(world, SAPPORO)
    reply = world.run(peers.core(PATH_REPORTS, encode(report), request_id="r", tag=TAG_REPLY)).signed
    answer = world.run(present(world, shown)).signed
    for signed in (broken, reply, answer):
        forged = msgspec.structs.replace(shown, presentation="forged", permit=signed)
        assert world.refusal(present(world, forged)).code == "signature_invalid"
    assert world.refused_calls(SAPPORO) == ["signature_invalid"] * 3


# --- altered on the way ---


@pytest.mark.parametrize(
    ("path", "receiver"), [(PATH_INQUIRIES, JPS), (PATH_PERMITS, CORE), (PATH_PRESENTATIONS, SAPPORO)]
)
@pytest.mark.parametrize(("part", "code"), [("body", "digest_mismatch"), ("header", "signature_invalid")])
def test_a_request_altered_on_the_way(world: World, path: str, receiver: str, part: str, code: str) -> None:
    """The receiver does not act on it. What was asked goes on under the same id once the way is clean."""
    person = world.person()
    batch = world.batch(person)

    def alter(request: Request) -> Request:
        if part == "body":
            return replace(request, body=flipped(request.body))
        return replace(request, headers={**request.headers, "renkei-request-id": "another"})

    world.net.between.meddle = on_the_way(path, request=alter)
    call = world.net.system(JPS).inquire(batch)
    if receiver == JPS:
        assert world.refusal(call).code in (code, "response_unbound")
    else:
        [interrupted] = world.run(call).results
        assert interrupted.outcome is Outcome.FAILED
        assert interrupted.reason in (code, "response_unbound")
        [event] = world.events(JPS, "gateway.inquiries_interrupted")
        assert event["peer"] == receiver
    assert world.refused_calls(receiver) == [code]
    world.net.between.meddle = None
    ended(world.inquire(batch)[0], Outcome.GIVEN, "")


@pytest.mark.parametrize("path", [PATH_PERMITS, PATH_PRESENTATIONS])
@pytest.mark.parametrize("part", ["body", "header"])
def test_a_reply_altered_on_the_way(world: World, path: str, part: str) -> None:
    """The other side has already recorded: giving up here would leave two records that disagree for ever.

    So the altered reply is not used, the exchange stays open, and the repetition brings the true reply.
    """
    batch = world.batch(world.person())

    def alter(response: Response) -> Response:
        if part == "body":
            return replace(response, body=flipped(response.body))
        return replace(response, headers={**response.headers, "renkei-manifest": "root=:" + "A" * 43 + "=:;leaves=2"})

    world.net.between.meddle = on_the_way(path, response=alter)
    [interrupted] = world.inquire(batch)
    ended(interrupted, Outcome.FAILED, "digest_mismatch" if part == "body" else "signature_invalid")
    assert world.result(batch.batch) == [interrupted]
    world.net.between.meddle = None
    [answer] = world.inquire(batch)
    ended(answer, Outcome.GIVEN, "")
    world.settle()
    assert len(set(world.faces_of(answer.number).values())) == 1


def test_a_signed_request_sent_twice(world: World) -> None:
    """A copy of a signed message, byte for byte, is not a repetition but a replay."""
    batch = world.batch(world.person())

    async def twice(request: Request, send: Send) -> Response:
        answer = await send(request)
        if request.path == PATH_PRESENTATIONS:
            assert (await send(request)).status == 409
        return answer

    world.net.between.meddle = twice
    ended(world.inquire(batch)[0], Outcome.GIVEN, "")
    assert world.refused_calls(SAPPORO) == ["message_replayed"]


# --- certificates and clocks ---


def test_a_certificate_of_another_network(world: World, tmp_path: Path) -> None:
    """Keys that look like ours, certified by an authority that this network does not know."""
    means = world.net.means
    foreign = KeyRing(tmp_path / "foreign", now=world.net.clock.now())
    party = foreign.party(JPS, Purpose.BUSINESS, name="false")
    system = GatewayClient(means.client(party), JPS)
    assert world.refusal(system.inquire(world.batch(world.person()))).code == "certificate_invalid"
    assert world.refused_calls(JPS) == ["certificate_invalid"]


@pytest.mark.parametrize(
    ("purpose", "authority", "path"),
    [
        (Purpose.GATEWAY, gateway_authority(JPS), PATH_INQUIRIES),
        (Purpose.BUSINESS, gateway_authority(JPS), PATH_PRESENTATIONS),
        (Purpose.BUSINESS, gateway_authority(JPS), PATH_LATE_ANSWERS),
        (Purpose.BUSINESS, CORE_AUTHORITY, PATH_PERMITS),
        (Purpose.BUSINESS, CORE_AUTHORITY, PATH_REPORTS),
    ],
)
def test_a_certificate_for_another_purpose(world: World, purpose: Purpose, authority: str, path: str) -> None:
    """A business system cannot act as a gateway, nor a gateway as a business system, even of the same body."""
    means = world.net.means
    party = means.keyring.party(JPS, purpose, name="x")
    means.directory.trust(party.certificate, at=world.net.clock.now())
    assert world.refusal(means.client(party).call(authority, "POST", path, b"{}")).code == "certificate_invalid"
    assert world.refused_calls(CORE if authority == CORE_AUTHORITY else JPS) == ["certificate_invalid"]


def test_an_expired_certificate(world: World, tmp_path: Path) -> None:
    """It was good this morning. Now neither is its body heard, nor is anybody permitted to ask it; others are."""
    means, now = world.net.means, world.net.clock.now()
    authority = means.keyring._authority
    brief = "m-brief"
    keys = KeyRing(tmp_path / "brief", now=now).party(brief, Purpose.GATEWAY, name="短命")
    from cryptography.hazmat.primitives.asymmetric import ec

    from renkei.crypto.certificates import key_id_of
    from renkei.crypto.messages import KeySigner

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(
        body_id=brief, name="短命", purpose=Purpose.GATEWAY, public_key=key.public_key(), not_before=now,
        not_after=now + timedelta(hours=1), sealing_key=keys.sealing.public.encoded,
    )  # fmt: skip
    party = keys._replace(certificate=certificate, signer=KeySigner(key, key_id_of(certificate)))
    spec = Spec(brief, "9901000000000009", "短命", "Brief", frozenset({"municipality_mayor", "city_mayor"}))
    core = world.net.core
    core.enter([entry_of(spec, party)], now=now)
    one, other = world.people(2)
    world.give_copies([other])
    with core.core.db.writing() as conn:
        request = CodeIssueRequest(brief, [CodeIssueItem("acq", f"99{one:09d}")])
        issue_codes(conn, request, view=core.core.view(conn, now), keys=core.core.keys, now=now)
    world.move(hours=2)
    batch = world.batch(one, other)
    inquiries = [msgspec.structs.replace(batch.inquiries[0], provider=brief), batch.inquiries[1]]
    refused, given = world.inquire(msgspec.structs.replace(batch, inquiries=inquiries))
    ended(refused, Outcome.REFUSED, "certificate_expired")
    ended(given, Outcome.GIVEN, "")
    call = means.client(party).call(CORE_AUTHORITY, "POST", PATH_REPORTS, b"{}")
    assert world.refusal(call).code == "certificate_expired"
    assert world.refused_calls(CORE) == ["certificate_expired"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_business_systems_clock_is_off(world: World, minutes: int) -> None:
    means: Means = world.net.means._replace(clock=OffsetClock(world.net.clock, timedelta(minutes=minutes)))
    client = GatewayClient(means.client(means.keyring.party(JPS, Purpose.BUSINESS, name="x")), JPS)
    batch = world.batch(world.person())
    assert world.refusal(client.inquire(batch)).code == "clock_skew"
    assert world.refused_calls(JPS) == ["clock_skew"]
    ended(world.inquire(batch)[0], Outcome.GIVEN, "")


@pytest.mark.parametrize("minutes", [-6, 6])
@pytest.mark.parametrize("whose", [CORE, SAPPORO])
def test_another_partys_clock_is_off(world: World, whose: str, minutes: int) -> None:
    """The section is told that clocks differ; once they are set, the inquiry goes on under the same id."""
    batch = world.batch(world.person())
    world.net.clocks[whose].offset = timedelta(minutes=minutes)
    [interrupted] = world.inquire(batch)
    ended(interrupted, Outcome.FAILED, "clock_skew")
    assert "clock_skew" in world.refused_calls(whose)
    world.net.clocks[whose].offset = timedelta(0)
    ended(world.inquire(batch)[0], Outcome.GIVEN, "")


def test_a_clock_off_by_less_is_borne(world: World) -> None:
    batch = world.batch(world.person())
    world.net.clocks[SAPPORO].offset = timedelta(minutes=-3)
    ended(world.inquire(batch)[0], Outcome.GIVEN, "")


# --- malformed, oversize, beside the point ---

MALFORMED = {
    "not JSON": b"{",
    "not UTF-8": b'{"batch":"\xff"}',
    "another type": b"[]",
    "a member missing": b'{"batch":"b"}',
    "a member too many": b'{"batch":"b","section":"s","user":"u","purpose":"review","inquiries":[],"extra":1}',
    "unknown purpose": b'{"batch":"b","section":"s","user":"u","purpose":"curiosity","inquiries":[]}',
    "a nest without end": b'{"batch":' + b"[" * 100_000,
    "a nest closed": b'{"batch":"b","inquiries":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "U+0000": b'{"batch":"b","section":"\\u0000","user":"u","purpose":"review","inquiries":[]}',
    "an id too long": b'{"batch":"' + b"b" * 65 + b'","section":"s","user":"u","purpose":"review","inquiries":[]}',
    "an id with spaces": b'{"batch":"a b","section":"s","user":"u","purpose":"review","inquiries":[]}',
    "a text too long": b'{"batch":"b","section":"' + b"s" * 65 + b'","user":"u","purpose":"review","inquiries":[]}',
    "no inquiries": b'{"batch":"b","section":"s","user":"u","purpose":"review","inquiries":[]}',
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_request(world: World, what: str) -> None:
    """The place of the fault is told, never a value; the gateway goes on serving."""
    means = world.net.means
    client = means.client(means.keyring.party(JPS, Purpose.BUSINESS, name="x"))
    error = world.refusal(client.call(gateway_authority(JPS), "POST", PATH_INQUIRIES, MALFORMED[what]))
    assert error.code == "message_malformed"
    assert len(error.public["where"]) < 60
    assert world.refused_calls(JPS) == ["message_malformed"]


@pytest.mark.parametrize(
    ("receiver", "path"), [(CORE, PATH_PERMITS), (CORE, PATH_REPORTS), (SAPPORO, PATH_PRESENTATIONS)]
)
@pytest.mark.parametrize("body", [b"{", b"{}", b"[" * 100_000], ids=["half", "empty", "deep"])
def test_a_malformed_message_between_parties(world: World, receiver: str, path: str, body: bytes) -> None:
    authority = CORE_AUTHORITY if receiver == CORE else gateway_authority(receiver)
    client = world.net.means.client(world.net.gateways[JPS].party)
    assert world.refusal(client.call(authority, "POST", path, body)).code == "message_malformed"
    assert world.refused_calls(receiver) == ["message_malformed"]


def test_numbers_out_of_range(world: World) -> None:
    """What one database could store and another not is refused before it reaches either."""
    client = world.net.means.client(world.net.gateways[SAPPORO].party)
    for given_ms in (b"-1", b"9007199254740992", b"9" * 40):
        body = b'{"provider":"' + SAPPORO.encode() + b'","items":[["n","none",' + given_ms + b",false]]}"
        assert world.refusal(client.call(CORE_AUTHORITY, "POST", PATH_REPORTS, body)).code == "message_malformed"


def test_an_oversize_request(world: World) -> None:
    means = world.net.means
    client = means.client(means.keyring.party(JPS, Purpose.BUSINESS, name="x"))
    body = b'{"batch":"' + b" " * (17 << 20) + b'"}'
    assert world.refusal(client.call(gateway_authority(JPS), "POST", PATH_INQUIRIES, body)).code == "body_too_large"
    assert world.refused_calls(JPS) == ["body_too_large"]


def test_nobody_speaks_for_another_body(world: World) -> None:
    """Reports and requests for permits name their body; the signature has to be that body's."""
    peers = gateway_peers(world, SETAGAYA)
    report = Report(provider=SAPPORO, items=[])
    call = peers.core(PATH_REPORTS, encode(report), request_id="r", tag=TAG_REPLY)
    assert world.refusal(call).code == "caller_mismatch"
    world.net.between.sent.clear()
    world.ask(world.person())
    [asked] = [sent for sent in world.net.between.sent if sent.path == PATH_PERMITS]
    from renkei.crypto.manifest import parse_manifest_field

    manifest = parse_manifest_field(asked.headers["renkei-manifest"])
    call = peers.core(PATH_PERMITS, asked.body, request_id="p", tag="renkei-permit", manifest=manifest)
    assert world.refusal(call).code == "caller_mismatch"
    assert world.refused_calls(CORE) == ["caller_mismatch", "caller_mismatch"]


def test_a_report_about_others_or_against_itself_changes_nothing(world: World) -> None:
    [answer] = world.ask(world.person())
    world.settle()
    before = world.faces_of(answer.number)

    def report(body_id: str, *items: ReportItem) -> int:
        message = encode(Report(provider=body_id, items=list(items)))
        call = gateway_peers(world, body_id).core(PATH_REPORTS, message, request_id="r", tag=TAG_REPLY)
        return decode(world.run(call).body, Accepted).accepted

    number = answer.number
    assert report(SETAGAYA, ReportItem(number, Outcome.NONE, 1, True)) == 0, "not its permit"
    assert report(SAPPORO, ReportItem(number, Outcome.NONE, 1, True)) == 0, "it said otherwise before"
    assert report(SAPPORO, ReportItem("20990101000000000001", Outcome.GIVEN, 1, False)) == 0, "no such permit"
    assert report(SAPPORO, ReportItem(number, Outcome.REFUSED, 1, False)) == 0, "nothing that is reported"
    assert [event["count"] for event in world.events(CORE, "linkage.report_refused")] == [1, 1, 1, 1]
    assert world.faces_of(number) == before


def test_a_report_that_contradicts_itself_completes_a_record_once(world: World) -> None:
    sapporo = world.tenant(SAPPORO)
    stopped, sapporo.reporting._peers = sapporo.reporting._peers, _Unreachable()
    try:
        [answer] = world.ask(world.person())
        said = (Outcome.GIVEN, Outcome.GIVEN, Outcome.NONE)
        items = [ReportItem(answer.number, outcome, 7, False) for outcome in said]
        message = encode(Report(provider=SAPPORO, items=items))
        call = gateway_peers(world, SAPPORO).core(PATH_REPORTS, message, request_id="r", tag=TAG_REPLY)
        assert decode(world.run(call).body, Accepted).accepted == 1
        assert world.faces_of(answer.number)["core"].outcome == "given"
    finally:
        sapporo.reporting._peers = stopped
    with world.net.core.core.db.writing() as conn:  # the false time, put right so that the records agree again
        given_ms = world.faces_of(answer.number)["provider"].given_ms
        conn.exec_driver_sql(f"UPDATE exchange SET given_ms = {given_ms} WHERE number = '{answer.number}'")


class _Unreachable:
    async def core(self, *_: object, **__: object) -> object:
        from renkei.platform.errors import PeerUnreachable

        raise PeerUnreachable(authority=CORE_AUTHORITY)
