"""Signed calls between parties mean the same on both wires: inside one process and over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import msgspec
import pytest
from tests.unit.platform.network_parties import ANSWERER, ASKER, OTHER, lookup

from renkei.base.errors import Refused
from renkei.crypto.certificates import Purpose
from renkei.crypto.errors import (
    CertificateInvalid,
    ClockSkew,
    DigestMismatch,
    ResponseUnbound,
    SignatureInvalid,
    SignatureMissing,
)
from renkei.crypto.evidence import check_answers, verify_base
from renkei.crypto.messages import sign_request
from renkei.platform import problems
from renkei.platform.clock import MovableClock, SystemClock
from renkei.platform.errors import (
    BodyTooLarge,
    FaultInside,
    JsonMalformed,
    MessageReplayed,
    MethodUnknown,
    PeerGarbled,
    PeerRefused,
    PeerUnreachable,
    RouteUnknown,
)
from renkei.platform.http_client import HttpWire
from renkei.platform.http_server import HostApp, HttpServer
from renkei.platform.in_process import InProcessWire
from renkei.platform.signed_app import CallRefused, SignedAnswer, SignedApp, SignedCall
from renkei.platform.signed_client import SignedClient
from renkei.platform.wire import Request, Response, Wire

BODY_BYTES_MAX = 5_000


class SampleRefused(Refused):
    """Only for these tests."""

    code = "test_sample_refused"
    http = 451
    ja = "条文{row}により認められません。"
    en = "Not permitted by row {row}."


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of a sample route."""

    name: str
    count: int


class Seen:
    """What the answering side took note of."""

    def __init__(self) -> None:
        self.refused: list[CallRefused] = []
        self.kept: list[object] = []
        self.calls: list[SignedCall] = []


def answering_app(seen: Seen, *, clock=None, signer=ANSWERER.signer, authority: str = ANSWERER.authority) -> SignedApp:
    async def told(event: CallRefused) -> None:
        seen.refused.append(event)

    app = SignedApp(
        authority=authority,
        signer=signer,
        lookup=lookup,
        clock=clock or SystemClock(),
        refused=told,
        body_bytes_max=BODY_BYTES_MAX,
    )

    async def echo(call: SignedCall) -> SignedAnswer:
        seen.calls.append(call)

        async def keep(signed: object) -> None:
            seen.kept.append(signed)

        return SignedAnswer(call.body, headers={"renkei-manifest": "root=:AA==:;leaves=1"}, keep=keep)

    async def decode(call: SignedCall) -> SignedAnswer:
        return SignedAnswer(msgspec.json.encode(call.decode(Question)))

    async def person(call: SignedCall) -> SignedAnswer:
        return SignedAnswer(msgspec.json.encode([call.params["case"], call.params["part"], call.request.path]))

    async def refuse(_call: SignedCall) -> SignedAnswer:
        raise SampleRefused(row="19-8-31", private="secret")

    async def fault(_call: SignedCall) -> SignedAnswer:
        raise ZeroDivisionError("山田太郎")

    async def slow(_call: SignedCall) -> SignedAnswer:
        await asyncio.sleep(30)
        raise AssertionError

    app.route("POST", "/echo", echo)
    app.route("POST", "/decode", decode)
    app.route("GET", "/cases/{case}/parts/{part}", person)
    app.route("POST", "/refuse", refuse)
    app.route("POST", "/fault", fault)
    app.route("POST", "/slow", slow)
    app.route("POST", "/core-only", echo, purposes=frozenset({Purpose.CORE}))
    app.route("POST", "/permit", echo, answer_tag="renkei-permit")
    return app


@asynccontextmanager
async def connected(kind: str, app: Callable[[Request], Awaitable[Response]], authority: str = ANSWERER.authority):
    """A wire of either kind on which `app` answers for `authority`."""
    if kind == "in_process":
        wire = InProcessWire()
        wire.register(authority, app)
        yield wire
        return
    host = HostApp()
    host.register(app)  # type: ignore[arg-type]
    server = HttpServer(host, port=0)
    await server.start()
    wire = HttpWire({authority: server.url}.__getitem__, timeout_s=10)
    try:
        yield wire
    finally:
        await wire.close()
        await server.stop()


class Bench:
    """One wire, the answering app, and a client of the asking party."""

    def __init__(self, wire: Wire, seen: Seen) -> None:
        self.wire = wire
        self.seen = seen
        self.client = SignedClient(wire=wire, signer=ASKER.signer, lookup=lookup, clock=SystemClock())

    async def call(self, path: str, body: bytes = b"{}", *, method: str = "POST", **options):
        return await self.client.call(ANSWERER.authority, method, path, body, **options)

    def codes(self) -> list[str]:
        return [event.code for event in self.seen.refused]


@pytest.fixture(params=["in_process", "http"])
def bench(request: pytest.FixtureRequest):
    """`bench(test)` runs the coroutine function `test` against a fresh answering party."""

    def run(test: Callable[[Bench], Awaitable[None]], **options) -> None:
        async def main() -> None:
            seen = Seen()
            async with connected(request.param, answering_app(seen, **options)) as wire:
                await test(Bench(wire, seen))

        asyncio.run(asyncio.wait_for(main(), 20))

    return run


def test_an_answer_is_evidence_for_third_parties(bench) -> None:
    """What both sides keep proves, offline, who asked and who answered what to exactly that."""

    async def test(b: Bench) -> None:
        reply = await b.call("/echo?page=2", b'{"x":1}', request_id="q-1", headers={"renkei-note": "n"})
        assert reply.body == b'{"x":1}'
        assert reply.identity.body_id == ANSWERER.body_id
        assert reply.fields.manifest == "root=:AA==:;leaves=1"
        asked = verify_base(reply.sent, lookup(ASKER.signer.key_id, at=SystemClock().now()))
        answered = verify_base(reply.signed, reply.identity)
        check_answers(reply.sent, answered)
        assert (asked.method, asked.path, asked.query, asked.request_id) == ("POST", "/echo", "?page=2", "q-1")
        assert b.seen.calls[0].signed == reply.sent
        assert b.seen.kept == [reply.signed]
        assert b.seen.calls[0].identity.body_id == ASKER.body_id

    bench(test)


def test_path_parts_and_json_reach_the_handler(bench) -> None:
    async def test(b: Bench) -> None:
        reply = await b.call("/cases/c-7/parts/3?x=y", b"", method="GET")
        assert reply.decode(list[str]) == ["c-7", "3", "/cases/c-7/parts/3?x=y"]
        assert (await b.call("/decode", b'{"name":"n","count":2}')).decode(Question) == Question("n", 2)
        with pytest.raises(PeerGarbled):
            reply.decode(Question)

    bench(test)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"name":1,"count":2}', b'{"name":"n","count":2,"more":1}', b"\xff"]
)
def test_malformed_json_is_refused(bench, body: bytes) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(JsonMalformed):
            await b.call("/decode", body)
        assert b.codes() == ["json_malformed"]

    bench(test)


def test_the_other_partys_error_is_raised_as_its_own_kind(bench) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(SampleRefused) as caught:
            await b.call("/refuse", request_id="q-2")
        assert caught.value.sentence("ja") == "条文19-8-31により認められません。"
        assert caught.value.private == "reported by the other party"
        reply = await b.client.exchange(ANSWERER.authority, "POST", "/refuse", b"{}")
        assert reply.status == 451
        assert reply.fields.tag == problems.TAG
        assert b.seen.refused[0] == CallRefused(
            code="test_sample_refused",
            route="/refuse",
            body_id=ASKER.body_id,
            key_id=ASKER.signer.key_id,
            request_id="q-2",
        )

    bench(test)


def test_a_fault_tells_nothing_but_its_request_id(bench, capsys: pytest.CaptureFixture[str]) -> None:
    async def test(b: Bench) -> None:
        reply = await b.client.exchange(ANSWERER.authority, "POST", "/fault", b"{}", request_id="q-3")
        assert isinstance(reply.problem, FaultInside)
        assert reply.problem.public == {"request_id": "q-3"}
        assert "山田" not in reply.body.decode()

    bench(test)
    logged = capsys.readouterr()
    assert "山田" not in logged.err + logged.out


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [("POST", "/nowhere", RouteUnknown), ("PUT", "/echo", MethodUnknown), ("POST", "/cases/1/parts/2", MethodUnknown)],
)
def test_unknown_routes_and_methods_are_told_apart(bench, method: str, path: str, error: type) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(error):
            await b.call(path, method=method)

    bench(test)


def test_an_oversize_body_is_refused(bench) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(BodyTooLarge) as caught:
            await b.call("/echo", b"x" * (BODY_BYTES_MAX + 1))
        assert caught.value.public == {"limit_bytes": str(BODY_BYTES_MAX)}
        assert (await b.call("/echo", b"x" * BODY_BYTES_MAX)).status == 200

    bench(test)


def test_a_purpose_that_may_not_call_is_refused(bench) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(CertificateInvalid):
            await b.call("/core-only")

    bench(test)


def signed_request(*, authority: str = ANSWERER.authority, tag: str = "renkei-request", nonce: str = "n-1") -> Request:
    headers = {"renkei-request-id": "q-9", "content-type": "application/json"}
    made = sign_request(
        method="POST",
        authority=authority,
        path="/echo",
        headers=headers,
        body=b"{}",
        signer=ASKER.signer,
        created=SystemClock().now(),
        nonce=nonce,
        tag=tag,
    )
    return Request("POST", ANSWERER.authority, "/echo", {**headers, **made.headers}, b"{}")


def code_of(response: Response) -> str:
    return msgspec.json.decode(response.body, type=problems.Problem).code


def test_a_replayed_request_is_refused_and_a_newly_signed_one_is_not(bench) -> None:
    async def test(b: Bench) -> None:
        request = signed_request()
        assert (await b.wire.send(request)).status == 200
        again = await b.wire.send(request)
        assert (again.status, code_of(again)) == (409, MessageReplayed.code)
        assert (await b.wire.send(signed_request(nonce="n-2"))).status == 200

    bench(test)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"body": b"[]"}, DigestMismatch),
        ({"method": "PUT"}, MethodUnknown),
        ({"path": "/echo?more=1"}, SignatureInvalid),
        ({"headers": {"renkei-more": "1"}}, SignatureInvalid),
        ({"headers": {"renkei-request-id": "q-8"}}, SignatureInvalid),
        ({"headers": {"content-type": "text/plain"}}, SignatureInvalid),
    ],
)
def test_what_was_altered_on_the_way_is_refused(bench, change: dict[str, object], error: type) -> None:
    async def test(b: Bench) -> None:
        request = signed_request()
        altered = dict(change)
        if "headers" in altered:
            altered["headers"] = {**request.headers, **change["headers"]}
        response = await b.wire.send(replace(request, **altered))
        assert code_of(response) == error.code
        assert b.codes() == [error.code]
        assert not b.seen.calls

    bench(test)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (lambda: signed_request(authority=OTHER.authority), SignatureInvalid),
        (lambda: signed_request(tag="renkei-permit"), SignatureInvalid),
        (lambda: replace(signed_request(), headers={"content-type": "application/json"}), SignatureMissing),
    ],
)
def test_a_message_for_another_party_or_use_or_without_signature_is_refused(bench, request_, error: type) -> None:
    async def test(b: Bench) -> None:
        response = await b.wire.send(request_())
        assert code_of(response) == error.code

    bench(test)


def test_a_clock_that_is_off_is_refused_by_the_answering_side(bench) -> None:
    async def test(b: Bench) -> None:
        late = SignedClient(
            wire=b.wire,
            signer=ASKER.signer,
            lookup=lookup,
            clock=MovableClock(SystemClock().now() - timedelta(minutes=6)),
        )
        with pytest.raises(ClockSkew):
            await late.call(ANSWERER.authority, "POST", "/echo", b"{}")
        assert b.codes() == ["clock_skew"]

    bench(test)


def test_an_answer_signed_by_a_party_that_was_not_asked_is_refused(bench) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(SignatureInvalid):
            await b.call("/echo")

    bench(test, signer=OTHER.signer)


def test_an_answer_for_another_use_is_refused(bench) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(SignatureInvalid):
            await b.call("/permit")
        assert (await b.call("/permit", answer_tag="renkei-permit")).status == 200

    bench(test)


class Meddler:
    """A wire that changes answers on the way."""

    def __init__(self, inner: Wire, change: Callable[[Response], Response]) -> None:
        self._inner = inner
        self._change = change

    async def send(self, request: Request) -> Response:
        return self._change(await self._inner.send(request))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda r: replace(r, body=b"[1]"), DigestMismatch),
        (lambda r: replace(r, status=201), SignatureInvalid),
        (lambda r: replace(r, headers={**r.headers, "renkei-more": "1"}), SignatureInvalid),
        (lambda r: replace(r, headers={**r.headers, "renkei-request-id": "q"}), ResponseUnbound),
        (lambda r: Response(200, {}, b""), SignatureMissing),
        (lambda r: Response(503, {}, b"<html>"), PeerUnreachable),
        (lambda r: Response(500, {}, b""), PeerUnreachable),
        (lambda r: Response(302, {"location": "/"}, b""), SignatureMissing),
    ],
)
def test_an_answer_altered_on_the_way_is_refused(bench, change, error: type) -> None:
    async def test(b: Bench) -> None:
        client = SignedClient(wire=Meddler(b.wire, change), signer=ASKER.signer, lookup=lookup, clock=SystemClock())
        with pytest.raises(error):
            await client.call(ANSWERER.authority, "POST", "/echo", b"{}")

    bench(test)


def test_an_answer_to_an_earlier_request_is_refused(bench) -> None:
    async def test(b: Bench) -> None:
        kept: list[Response] = []

        def first_again(response: Response) -> Response:
            kept.append(response)
            return kept[0]

        client = SignedClient(
            wire=Meddler(b.wire, first_again), signer=ASKER.signer, lookup=lookup, clock=SystemClock()
        )
        await client.call(ANSWERER.authority, "POST", "/echo", b"{}", request_id="same")
        with pytest.raises(SignatureInvalid):
            await client.call(ANSWERER.authority, "POST", "/echo", b"{}", request_id="same")

    bench(test)


def test_an_error_of_a_later_release_is_still_an_error(bench) -> None:
    class LaterRefused(Refused):
        code: ClassVar[str] = ""
        ja = "新"
        en = "new"

    async def later(_call: SignedCall) -> SignedAnswer:
        error = LaterRefused()
        error.code = "from_the_future"  # type: ignore[misc]
        raise error

    async def test(b: Bench) -> None:
        app = answering_app(b.seen, authority=OTHER.authority, signer=OTHER.signer)
        app.route("POST", "/later", later)
        wire = InProcessWire()
        wire.register(OTHER.authority, app)
        client = SignedClient(wire=wire, signer=ASKER.signer, lookup=lookup, clock=SystemClock())
        with pytest.raises(PeerRefused) as caught:
            await client.call(OTHER.authority, "POST", "/later", b"{}")
        assert caught.value.public == {"code_there": "from_the_future"}

    bench(test)


def test_a_party_that_is_not_there_is_unreachable(bench) -> None:
    async def test(b: Bench) -> None:
        with pytest.raises(PeerUnreachable):
            await b.client.call(OTHER.authority, "POST", "/echo", b"{}")

    bench(test)


def test_many_calls_at_once_get_their_own_answers(bench) -> None:
    async def test(b: Bench) -> None:
        replies = await asyncio.gather(*(b.call("/echo", b"%d" % n) for n in range(200)))
        assert [reply.body for reply in replies] == [b"%d" % n for n in range(200)]

    bench(test)
