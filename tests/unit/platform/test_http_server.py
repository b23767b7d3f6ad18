"""One port for signed calls and pages."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from litestar import Litestar, get
from tests.unit.platform.network_parties import ANSWERER, ASKER, FROM, UNTIL, key, lookup

from renkei.platform.clock import SystemClock
from renkei.platform.errors import PeerUnreachable
from renkei.platform.http_client import HttpWire
from renkei.platform.http_server import HostApp, HttpServer
from renkei.platform.signed_app import SignedAnswer, SignedApp, SignedCall
from renkei.platform.signed_client import SignedClient
from renkei.platform.wire import Request


def signed_app() -> SignedApp:
    async def echo(call: SignedCall) -> SignedAnswer:
        await asyncio.sleep(0.01)
        return SignedAnswer(call.body)

    app = SignedApp(
        authority=ANSWERER.authority,
        signer=ANSWERER.signer,
        lookup=lookup,
        clock=SystemClock(),
        body_bytes_max=1000,
    )
    app.route("POST", "/echo", echo, body_bytes_max=3_000_000)
    return app


def serving(host: HostApp, test: Callable[[HttpServer, HttpWire], Awaitable[None]]) -> None:
    async def main() -> None:
        server = HttpServer(host, port=0)
        await server.start()
        wire = HttpWire(lambda _: server.url, timeout_s=5)
        try:
            await test(server, wire)
        finally:
            await wire.close()
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 20))


def test_pages_and_signed_calls_share_a_port() -> None:
    started: list[str] = []

    @get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "x"}

    async def on_startup() -> None:
        started.append("yes")

    host = HostApp(pages=Litestar([hello], on_startup=[on_startup]))
    host.register(signed_app())

    async def test(_server: HttpServer, wire: HttpWire) -> None:
        page = await wire.send(Request("GET", "localhost", "/hello", {}))
        assert (page.status, page.body) == (200, b'{"hello":"x"}')
        missing = await wire.send(Request("GET", "localhost", "/echo", {}))
        assert missing.status == 404
        client = SignedClient(wire=wire, signer=ASKER.signer, lookup=lookup, clock=SystemClock())
        large = b"x" * 2_500_000
        assert (await client.call(ANSWERER.authority, "POST", "/echo", large)).body == large

    serving(host, test)
    assert started == ["yes"]


def test_a_host_that_names_nobody_is_not_found() -> None:
    async def test(_server: HttpServer, wire: HttpWire) -> None:
        response = await wire.send(Request("GET", "nobody.invalid", "/", {}))
        assert (response.status, response.headers["content-type"]) == (404, "application/problem+json")
        assert b"route_unknown" in response.body

    serving(HostApp(), test)


async def raw(server: HttpServer, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(20_000), 5)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "framing",
    [
        b"content-length: 99999999\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\n" + b"80000\r\n" + b"x" * 0x80000 + b"\r\n",
    ],
)
def test_an_endless_body_is_cut_off(framing: bytes) -> None:
    host = HostApp()
    app = SignedApp(
        authority=ANSWERER.authority, signer=ANSWERER.signer, lookup=lookup, clock=SystemClock(), body_bytes_max=1000
    )
    host.register(app)

    async def test(server: HttpServer, _wire: HttpWire) -> None:
        head = b"POST /echo HTTP/1.1\r\nhost: " + ANSWERER.authority.encode() + b"\r\n"
        answer = await raw(server, head + framing)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"body_too_large" in answer

    serving(host, test)


def test_a_doubled_field_is_refused() -> None:
    host = HostApp()
    host.register(signed_app())

    async def test(server: HttpServer, _wire: HttpWire) -> None:
        head = b"POST /echo HTTP/1.1\r\nhost: " + ANSWERER.authority.encode()
        answer = await raw(server, head + b"\r\nsignature: a\r\nsignature: b\r\ncontent-length: 0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401")
        assert b"signature_invalid" in answer

    serving(host, test)


def test_stopping_finishes_what_is_under_way_and_frees_the_port() -> None:
    async def main() -> None:
        port = 0
        for _ in range(2):
            host = HostApp()
            host.register(signed_app())
            server = HttpServer(host, port=port)
            await server.start()
            port = server.port
            wire = HttpWire(lambda _, url=server.url: url, timeout_s=5)
            client = SignedClient(wire=wire, signer=ASKER.signer, lookup=lookup, clock=SystemClock())
            calls = [asyncio.create_task(client.call(ANSWERER.authority, "POST", "/echo", b"1")) for _ in range(5)]
            await asyncio.sleep(0.005)
            await server.stop()
            replies = await asyncio.gather(*calls, return_exceptions=True)
            assert all(not isinstance(r, BaseException) or isinstance(r, PeerUnreachable) for r in replies)
            await wire.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(asyncio.wait_for(main(), 20))


def test_a_port_in_use_is_an_error_at_start() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            server = HttpServer(HostApp(), port=taken.getsockname()[1])
            with pytest.raises(OSError, match="in use"):
                await server.start()

    asyncio.run(asyncio.wait_for(main(), 10))


def pem_files(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own making for localhost, and its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    private = key(99)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 5, FROM, UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


def test_over_tls_only_the_trusted_server_is_reached(tmp_path: Path) -> None:
    certificate, private = pem_files(tmp_path)
    host = HostApp()
    host.register(signed_app())

    async def main() -> None:
        server = HttpServer(host, port=0, certificate=certificate, key=private)
        await server.start()
        try:
            trusting = HttpWire(lambda _: server.url, tls=ssl.create_default_context(cafile=str(certificate)))
            client = SignedClient(wire=trusting, signer=ASKER.signer, lookup=lookup, clock=SystemClock())
            for _ in range(2):
                assert (await client.call(ANSWERER.authority, "POST", "/echo", b"1")).body == b"1"
            with pytest.raises(PeerUnreachable) as caught:
                await HttpWire(lambda _: server.url).send(Request("GET", "a.invalid", "/", {}))
            assert caught.value.private == "SSLCertVerificationError"
            await trusting.close()
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 20))
