"""The way back to the client: a code, or an error, by the browser of the person who decided.

The address was registered and checked when the request was pushed, and is checked again: a registration may have
changed since. The answer names its issuer (RFC 9207), leaves by 303 (never 307, which would send a form on) and without
a referrer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.time import to_ms
from renkei.institutions.identity.errors.asks import AskDenied, AskPending, AskUnknown
from renkei.institutions.identity.errors.protocol import ClientStopped, FinishElsewhere, RedirectUnregistered
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import AskKind, Return, Standing
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.operations import asks, clients, grants
from renkei.institutions.identity.operations.granting import CODE_PURPOSE
from renkei.institutions.identity.operations.tokens import new_secret
from renkei.institutions.identity.web.sessions import current
from renkei.platform.web.pages import PAGE_HEADERS, AnyRequest, see_other, word


class Finish:
    """Sends browsers back to clients."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def leave(self, request: AnyRequest, ask_id: str) -> Response[str]:
        """Back to the client, with what the person decided.

        Raises:
            AskUnknown, AskExpired, AskUsed: there is nothing to take back.
            FinishElsewhere: another browser, or signed out since.
        """
        now = self._means.clock.now()
        standing = self._means.db.read_now(lambda conn: asks.standing(conn, ask_id, now))
        returns = standing.ask.returns
        if standing.ask.kind is not AskKind.CODE or returns is None:
            raise AskUnknown()
        if standing.session_id:  # empty where no person was asked (`prompt=none`)
            session = await current(self._means, request, standing.ask.realm)
            if session is None or session.session_id != standing.session_id:
                raise FinishElsewhere()
        secret = new_secret()
        try:
            await self._means.db.write(lambda conn: self._take(conn, standing, returns, secret, now), brief=True)
        except AskPending:
            return see_other(f"{self._means.settings.path}/approve/{ask_id}")
        except AskDenied as denied:
            return self._back(standing, returns, {"error": denied.public["reason"]})
        return self._back(standing, returns, {"code": secret})

    def _take(self, conn: Connection, standing: Standing, returns: Return, secret: str, now: datetime) -> None:
        """Turn the decision into a code, in one transaction: neither is there without the other."""
        ask = standing.ask
        client = clients.get(conn, ask.client_id)
        if client.stopped:
            raise ClientStopped()
        if returns.redirect_uri not in client.redirect_uris:
            raise RedirectUnregistered()
        approved = msgspec.structs.replace(asks.use(conn, ask.ask_id, now), nonce=returns.nonce)
        grants.give_code(
            conn, approved, returns, code_hash=keyed_hash(self._means.session_key, CODE_PURPOSE, secret),
            grant_id=new_secret(), expires_ms=to_ms(now + self._means.settings.code_life),
        )  # fmt: skip

    def _back(self, standing: Standing, returns: Return, answer: Mapping[str, str]) -> Response[str]:
        issuer = self._means.settings.issuer(standing.ask.realm)
        return away(returns.redirect_uri, {**answer, "state": returns.state, "iss": issuer})


def away(uri: str, parameters: Mapping[str, str]) -> Response[str]:
    """Send a browser to a registered address of a client (303), and tell nobody where it comes from."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    there = f"{uri}{'&' if '?' in uri else '?'}{query}" if query else uri
    headers = {**PAGE_HEADERS, "Referrer-Policy": "no-referrer", "Location": there}
    return Response("", status_code=303, media_type=MediaType.TEXT, headers=headers)


def handlers(means: Means) -> list[ControllerRouterHandler]:
    """The way back, for every realm; to be mounted in the page router."""
    finish = Finish(means)

    @get(f"{means.settings.path}/finish/{{ask_id:str}}")
    async def leave(request: AnyRequest, ask_id: FromPath[str]) -> Response[str]:
        return await finish.leave(request, word(ask_id))

    return [leave]
