"""Device authorization (RFC 8628): a television shows a code, the person types it on a phone and decides there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.types import ControllerRouterHandler

from renkei.base.encoding import MaskedStruct, to_base64url
from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.identity import DEVICE_GRANT, Path, Realm
from renkei.institutions.identity.errors.asks import DeviceCodeUnknown, DeviceGuessesSpent
from renkei.institutions.identity.errors.protocol import RequestMalformed
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Ask, AskKind
from renkei.institutions.identity.model.device import (
    DEVICE_NAME_MAX,
    GUESS_WINDOW,
    INTERVAL,
    readable,
    shown_code,
    typed_code,
    user_code,
)
from renkei.institutions.identity.model.tokens import GrantHandler
from renkei.institutions.identity.operations import device, waiting
from renkei.institutions.identity.web.asks.grants import Issue, waiting_grant
from renkei.institutions.identity.web.asks.oauth import (
    Authenticated,
    acr_of,
    oauth_router,
    registered_for,
    scopes_of,
)
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.asks.person import PersonPages
from renkei.institutions.identity.web.oauth_errors import json_answer
from renkei.platform.web.pages import AnyRequest, page_router, respond, see_other
from renkei.platform.web.parts import Field, FieldError

DEVICE = "device"
TYPED_MAX = 40


@dataclass(frozen=True)
class CodeForm:
    """The code as it was typed."""

    user_code: str = ""


class DeviceAnswer(MaskedStruct, frozen=True, kw_only=True):
    """What a device gets (§3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    """Seconds."""
    interval: int
    """Seconds."""


class DeviceEndpoint:
    """Where a device begins."""

    def __init__(self, means: Means, authenticated: Authenticated) -> None:
        self._means, self._authenticated = means, authenticated

    async def begin(self, request: AnyRequest) -> Response[bytes]:
        """Give a device its two codes (§3.2); `device` is what it calls itself, as by its room."""
        client, parameters = await self._authenticated(request)
        registered_for(client, DEVICE_GRANT)
        name = parameters.get("device", "")
        if not readable(name, DEVICE_NAME_MAX):
            raise RequestMalformed(parameter="device")
        now, settings = self._means.clock.now(), self._means.settings
        code, handle = user_code(secrets.token_bytes(32)), to_base64url(secrets.token_bytes(32))
        ask = Ask(
            ask_id=to_base64url(secrets.token_bytes(32)), realm=client.realm, kind=AskKind.DEVICE,
            client_id=client.client_id, scopes=scopes_of(client, parameters), acr=acr_of(parameters),
            message=shown_code(code), device=name, made_ms=to_ms(now), expires_ms=to_ms(now + settings.ask_life),
        )  # fmt: skip
        await self._means.db.write(
            partial(waiting.begin, ask=ask, now=now, key=self._means.session_key, handle=handle, user_code=code)
        )
        page = f"{settings.base_url}/{DEVICE}"
        answer = DeviceAnswer(
            device_code=handle, user_code=shown_code(code), verification_uri=page,
            verification_uri_complete=f"{page}?{urlencode({'user_code': shown_code(code)})}",
            expires_in=settings.ask_life // timedelta(seconds=1), interval=INTERVAL // timedelta(seconds=1),
        )  # fmt: skip
        return json_answer(answer)


class DevicePages(PersonPages):
    """Where the person types the code."""

    async def show(
        self, request: AnyRequest, typed: str, *, error: RenkeiError | None = None
    ) -> Response[str]:  # fmt: skip
        """The field for the code. A code in the address only fills it in: the person presses the button (§3.3.1)."""
        session = await self.session(request)
        if session is None:
            code = typed_code(typed)
            query = f"?{urlencode({'user_code': shown_code(code)})}" if code else ""
            return self.sign_in(f"{self.path}/{DEVICE}{query}")
        teller = self.teller(request)
        text = error.sentence(teller.language.value) if error else ""
        errors = [FieldError(name="user_code", text=text)] if text else []
        field = Field(
            name="user_code", label=teller.say("device.label"), support=teller.say("device.support"), required=True,
            value=typed[:TYPED_MAX], error=text, autocomplete="off", width="short",
        )  # fmt: skip
        context = await self.frame(teller, session, teller.say("device.title")) | {
            "field": field,
            "errors": errors,
            "action": f"{self.path}/{DEVICE}",
        }
        return respond(
            self.kit, request, "identity/asks/device.html", context, status=error.status.http if error else 200
        )

    async def enter(self, request: AnyRequest, typed: str) -> Response[str]:
        """Find the device and go on to its question."""
        session = await self.session(request)
        if session is None:
            return await self.show(request, typed)
        found = await self.means.db.write(
            partial(
                device.enter, typed=typed[:TYPED_MAX], now=self.means.clock.now(), key=self.means.session_key,
                account_id=session.account_id,
            )
        )  # fmt: skip
        if found.ask is not None:
            return see_other(f"{self.path}/approve/{found.ask.ask_id}")
        if found.guesses_left <= 0:
            return await self.show(request, "", error=DeviceGuessesSpent(minutes=GUESS_WINDOW // timedelta(minutes=1)))
        return await self.show(request, typed, error=DeviceCodeUnknown())


def device_grant(means: Means, issue: Issue) -> GrantHandler:
    """The handler of the device's grant for the token endpoint (§3.4)."""
    return waiting_grant(means, issue, kind=AskKind.DEVICE, grant=DEVICE_GRANT, parameter="device_code")


def handlers(means: Means, people: People, *, authenticated: Authenticated) -> list[ControllerRouterHandler]:
    """The endpoint and the person's page."""
    endpoint, pages = DeviceEndpoint(means, authenticated), DevicePages(means, people)
    path = urlsplit(means.settings.issuer(Realm.MAIN)).path + Path.DEVICE
    here = f"{means.settings.path}/{DEVICE}"

    @post(path, status_code=200)
    async def begin(request: AnyRequest) -> Response[bytes]:
        return await endpoint.begin(request)

    @get(here)
    async def show(request: AnyRequest) -> Response[str]:
        return await pages.show(request, request.query_params.get("user_code", "")[:TYPED_MAX])

    @post(here, status_code=200)
    async def enter(
        request: AnyRequest, data: Annotated[CodeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
    ) -> Response[str]:
        return await pages.enter(request, data.user_code)

    return [page_router(means.kit, [show, enter]), oauth_router([begin])]
