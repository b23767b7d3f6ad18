"""What the card said, on its way to the site; and the site's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import msgspec

from renkei.base.errors import Failed, RenkeiError
from renkei.contracts.card_agent import Assertion, Receipt
from renkei.institutions.card.agent.errors import SiteUnreachable
from renkei.platform.errors import PeerGarbled, PeerTimeout, PeerUnreachable
from renkei.platform.http_client import HttpWire
from renkei.platform.logging import get_logger
from renkei.platform.problems import CONTENT_TYPE, Problem
from renkei.platform.web.pages import word
from renkei.platform.wire import Request, Response

Deliver: TypeAlias = Callable[[str, bytes], Awaitable[Response]]
"""POSTs JSON to a URL; raises an error of `platform.wire` where nobody answers."""

ANSWER_BYTES_MAX = 65_536
TIMEOUT_S = 20.0
REMOVED = "/removed"
NOTICE_PAUSES_S: Final = (0.0, 1.0, 3.0, 10.0, 30.0)
"""Waits before each try to tell the site that a card was taken away; its own idle time ends the session besides."""


class HttpDelivery:
    """POST over HTTP, to the origins served and nowhere else. Belongs to one event loop.

    Args:
        origins: as `read_origin` gives them.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        self._places = {urlsplit(origin).netloc: origin for origin in origins}
        self._wire = HttpWire(
            lambda authority: self._places[authority], timeout_s=TIMEOUT_S, response_bytes_max=ANSWER_BYTES_MAX
        )

    async def __call__(self, url: str, body: bytes) -> Response:
        """Send `body`, wait for the answer."""
        parts = urlsplit(url)
        headers = {"content-type": "application/json", "accept": f"application/json, {CONTENT_TYPE}"}
        return await self._wire.send(Request("POST", parts.netloc, parts.path, headers, body))

    async def close(self) -> None:
        """Close what is kept open."""
        await self._wire.close()


async def hand_over(deliver: Deliver, url: str, assertion: Assertion) -> Receipt | Problem:
    """Give the assertion to the site.

    Raises:
        SiteUnreachable: no answer, or one that is neither a receipt nor a problem.
    """
    site = urlsplit(url).netloc
    try:
        response = await deliver(url, msgspec.json.encode(assertion))
        if response.status >= 400:
            return msgspec.json.decode(response.body, type=Problem)
        receipt = msgspec.json.decode(response.body, type=Receipt)
    except (PeerUnreachable, PeerTimeout, PeerGarbled) as error:
        raise SiteUnreachable(site=site, private=error.code) from error
    except msgspec.MsgspecError:
        raise SiteUnreachable(site=site, private="neither receipt nor problem") from None
    if not word(receipt.code):
        raise SiteUnreachable(site=site, private="no return code")
    return receipt


async def tell_removed(deliver: Deliver, url: str, txn: str) -> None:
    """Tell the site that the card was taken away, so that the session on a shared terminal ends; try again if need be.

    A site that answers anything but a failure of its own has heard it.
    """
    body = msgspec.json.encode({"txn": txn})
    for pause in NOTICE_PAUSES_S:
        await asyncio.sleep(pause)
        try:
            if (await deliver(url + REMOVED, body)).status < 500:
                return
        except RenkeiError as error:
            if not isinstance(error, Failed | PeerGarbled):
                raise
    get_logger("card").warning("card_removal_untold", authority=urlsplit(url).netloc)
