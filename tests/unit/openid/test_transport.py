"""Only the provider is ever called; whatever goes wrong on the way is one of our errors."""

from __future__ import annotations

import asyncio

import pytest

from renkei.base.errors import RenkeiError
from renkei.platform.errors import PeerGarbled, PeerTimeout, PeerUnreachable
from renkei.platform.openid.errors import ProviderGarbled, ProviderUnreachable
from renkei.platform.openid.transport import ProviderHttp
from renkei.platform.wire import Request, Response


class Wire:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        if self.error:
            raise self.error
        self.sent.append(request)
        return Response(200, {}, b"ok")


def send(wire: Wire, url: str) -> Response:
    http = ProviderHttp(wire, origins=["https://id.example:8443/realms/main"])
    return asyncio.run(http.send("GET", url, headers={"accept": "*/*"}))


def test_the_authority_and_path_of_the_url_are_kept() -> None:
    wire = Wire()
    assert send(wire, "https://id.example:8443/a/b?c=d").body == b"ok"
    assert (wire.sent[0].authority, wire.sent[0].path) == ("id.example:8443", "/a/b?c=d")


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example/a", "http://id.example:8443/a", "https://evil.example:8443/a", "file:///etc/passwd",
        "https://user@id.example:8443/a", "//id.example:8443/a", "https://169.254.169.254/", "https://[::1]:8443/",
    ],
)  # fmt: skip
def test_no_other_origin_is_called(url: str) -> None:
    wire = Wire()
    with pytest.raises(ProviderGarbled):
        send(wire, url)
    assert wire.sent == []


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (PeerUnreachable(authority="x"), ProviderUnreachable),
        (PeerTimeout(authority="x"), ProviderUnreachable),
        (PeerGarbled(authority="x"), ProviderGarbled),
        (ValueError("a header"), ProviderGarbled),
    ],
)
def test_failures_of_the_wire_are_ours(error: Exception, raised: type[RenkeiError]) -> None:
    with pytest.raises(raised):
        send(Wire(error), "https://id.example:8443/a")
