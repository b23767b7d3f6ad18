"""Sign-out begun by a client (OpenID Connect RP-Initiated Logout 1.0): the session ends, its clients are told.

With the client's ID token of this very session it ends at once. Otherwise the person is asked: anyone could have made
the link that brought them here.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple
from urllib.parse import urlencode, urlsplit

from litestar import Response, Router, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.contracts.identity import Path, Realm
from renkei.institutions.identity.errors.protocol import SignOutUnreadable
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.subjects import pairwise_session
from renkei.institutions.identity.model.tokens import ID_TYPE, OwnClaims
from renkei.institutions.identity.operations import clients
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.logout import SessionEnds
from renkei.institutions.identity.operations.sessions import Why
from renkei.institutions.identity.web.clients import BODY_BYTES_MAX, form_of
from renkei.institutions.identity.web.finish import away
from renkei.institutions.identity.web.sessions import Left, current, leave, leftovers
from renkei.platform.web.pages import (
    AnyRequest,
    error_pages,
    language_of,
    page_router,
    respond,
    see_other,
    word,
)

STATE_MAX = 512
NAMES = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


@dataclass(frozen=True)
class ConfirmForm:
    """The person confirms."""

    client_id: str = ""
    post_logout_redirect_uri: str = ""
    state: str = ""


class Asked(NamedTuple):
    """What a client asks for."""

    client: Client | None
    sid: str
    """Of the ID token that it shows, pairwise; empty where it shows none that holds."""
    back: str
    state: str


class SignOut:
    """Sign-out at one issuer."""

    def __init__(self, means: Means, keys: ProviderKeys, ends: SessionEnds) -> None:
        self._means, self._keys, self._ends = means, keys, ends
        self._path, self._realm = means.settings.path, keys.realm
        self.confirm_path = f"{self._path}/sign-out/{keys.realm.value}"

    async def begin(self, request: AnyRequest, parameters: Mapping[str, str]) -> Response[str]:
        """End the session at once, or ask the person."""
        asked = self._read(parameters)
        session = await current(self._means, request, self._realm)
        if session is None:
            return self._leave(asked, await leftovers(self._means, request, self._realm))
        if self._is_of(session, asked):
            return await self._end(request, asked, session)
        language, kit = language_of(request), self._means.kit
        name = ""
        if asked.client is not None:
            name = asked.client.name_ja if language.value == "ja" else asked.client.name_en
        context = {
            "title": kit.text(language, "identity.protocol.sign_out.title"), "action": self.confirm_path,
            "client": name, "stay": f"{self._path}/account",
            "hidden": {
                "client_id": asked.client.client_id if asked.client else "", "post_logout_redirect_uri": asked.back,
                "state": asked.state,
            },
        }  # fmt: skip
        origins = [_origin(asked.back)] if asked.back else []
        return respond(kit, request, "identity/protocol/sign_out.html", context, form_origins=origins)

    async def confirm(self, request: AnyRequest, form: ConfirmForm) -> Response[str]:
        """The person said yes."""
        asked = self._read(
            {
                "client_id": form.client_id,
                "post_logout_redirect_uri": form.post_logout_redirect_uri,
                "state": form.state,
            }
        )
        session = await current(self._means, request, self._realm)
        return (
            self._leave(asked, await leftovers(self._means, request, self._realm))
            if session is None
            else await self._end(request, asked, session)
        )

    async def _end(self, request: AnyRequest, asked: Asked, session: Session) -> Response[str]:
        left = await leave(self._means, request, self._realm, why=Why.SIGNED_OUT)
        await self._ends.ended(session.session_id)
        return self._leave(asked, left)

    def _leave(self, asked: Asked, left: Left) -> Response[str]:
        shared = {"shared": "1"} if left.shared_terminal else {}
        done = f"{self._path}/signed-out?{urlencode({'realm': self._realm.value, **shared})}"
        answer = away(asked.back, {"state": asked.state}) if asked.back else see_other(done)
        answer.cookies = list(left.cookies)
        answer.headers.update(left.headers)
        return answer

    def _read(self, parameters: Mapping[str, str]) -> Asked:
        """Judge what a client asks for.

        Raises:
            SignOutUnreadable: an address that is not registered, or two clients in one request.
        """
        hint = self._hint(parameters.get("id_token_hint", ""))
        named = word(parameters.get("client_id", ""))
        shown = hint.audiences[0] if hint else ""
        if named and shown and named != shown:
            raise SignOutUnreadable(parameter="client_id")
        client = None
        if named or shown:
            client = self._means.db.read_now(partial(clients.find, client_id=named or shown))
        back, state = parameters.get("post_logout_redirect_uri", ""), parameters.get("state", "")
        if back and (client is None or client.realm is not self._realm or back not in client.logout_uris):
            raise SignOutUnreadable(parameter="post_logout_redirect_uri")
        if len(state) > STATE_MAX or not (state.isascii() and state.isprintable()):
            raise SignOutUnreadable(parameter="state")
        return Asked(client, hint.sid if hint else "", back, state)

    def _is_of(self, session: Session, asked: Asked) -> bool:
        """Whether the ID token that the client showed is of this very session."""
        if asked.client is None or not asked.sid:
            return False
        key, sector = self._means.pairwise_key, asked.client.sector
        own = pairwise_session(key, sector=sector, session_id=session.session_id)
        return hmac.compare_digest(own.encode(), asked.sid.encode())

    def _hint(self, token: str) -> OwnClaims | None:
        """Claims of an ID token of ours, however old; one that is not ours is as good as none: the person is asked."""
        if not token:
            return None
        try:
            claimed = jose.claimed_audience(token)
            return self._keys.verify_own(token, ID_TYPE, claimed, expired_ok=True)
        except jose.Unreadable:
            return None


def handlers(means: Means, keys: Mapping[Realm, ProviderKeys], ends: SessionEnds) -> list[ControllerRouterHandler]:
    """Sign-out of every realm: complete routers, to be mounted beside other pages."""
    made = [SignOut(means, one, ends) for one in keys.values()]
    open_ones: list[ControllerRouterHandler] = []
    own: list[ControllerRouterHandler] = []
    for sign_out, one in zip(made, keys.values(), strict=True):
        open_ones += _arrivals(means, one, sign_out)
        own.append(_confirmation(sign_out))

    arrivals = Router(
        path="/", route_handlers=open_ones, exception_handlers=error_pages(means.kit), include_in_schema=False,
        request_max_body_size=BODY_BYTES_MAX,
    )  # fmt: skip
    return [arrivals, page_router(means.kit, own)]


def _arrivals(means: Means, keys: ProviderKeys, sign_out: SignOut) -> list[ControllerRouterHandler]:
    """Where clients send browsers: from other sites, by address or by form, so that no guard of forms applies."""
    address = f"{means.settings.path}/realms/{keys.realm.value}{Path.LOGOUT}"

    @get(address)
    async def begin(request: AnyRequest) -> Response[str]:
        return await sign_out.begin(request, request.query_params)

    @post(address)
    async def begin_posted(request: AnyRequest) -> Response[str]:
        # The session's cookie does not come with a form of another site; it does with the address that follows.
        form = await form_of(request)
        return see_other(f"{address}?{urlencode({name: form[name] for name in NAMES if name in form})}")

    return [begin, begin_posted]


def _confirmation(sign_out: SignOut) -> ControllerRouterHandler:
    @post(sign_out.confirm_path)
    async def confirm(
        request: AnyRequest, data: Annotated[ConfirmForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await sign_out.confirm(request, data)

    return confirm


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
