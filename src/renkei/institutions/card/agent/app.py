"""The agent as a program of its own on the person's machine: this machine only, under its own names only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from litestar import Litestar

from renkei.institutions.card.agent.agent import CardAgent
from renkei.institutions.card.agent.errors import HostRefused
from renkei.institutions.card.agent.web import PACKAGE
from renkei.institutions.card.agent.web.pages import handlers
from renkei.platform.web.kit import Site, WebKit
from renkei.platform.web.pages import error_pages, static_handler

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

NAMES = ("127.0.0.1", "localhost", "[::1]")


def agent_app(agent: CardAgent, *, port: int) -> Asgi:
    """The application of `renkei card agent`.

    Args:
        port: where it is served; part of the Host field that it answers to.
    """
    kit = WebKit([PACKAGE], site=Site(ja="カードエージェント", en="Card agent"))
    app = Litestar(
        [*handlers(kit, agent), static_handler(kit)],
        exception_handlers=error_pages(kit),
        openapi_config=None,
        on_shutdown=[agent.close],
    )
    return own_names_only(app, port=port)  # type: ignore[arg-type]


def own_names_only(app: Asgi, *, port: int) -> Asgi:
    """Refuse a request that names another host.

    A page elsewhere can let its own name lead to 127.0.0.1 (DNS rebinding); its requests then count as same-origin
    there, and only the Host field gives them away.
    """
    hosts = frozenset(f"{name}:{port}".encode() for name in NAMES)
    refusal = HostRefused(port=port)
    text = f"{refusal.sentence('ja')}\n{refusal.sentence('en')}\n[{refusal.code}]\n".encode()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or [value for name, value in scope["headers"] if name == b"host"] in [
            [host] for host in hosts
        ]:
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": refusal.status.http, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return guarded
