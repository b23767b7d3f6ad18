"""Endpoints that programs call: pushed requests, tokens, userinfo, introspection, revocation; and `/auth`.

To be mounted outside of the page router: nothing here rests on a cookie, so that the guard of forms has nothing to
guard, and errors are JSON. `/auth` alone is for browsers; its errors are pages, since nobody has been verified yet to
whom they could be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeAlias

import msgspec
from litestar import Response, Router, get, post
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.encoding import MaskedStruct
from renkei.base.time import to_ms
from renkei.contracts.identity import ClaimsOf, Path, Payment, ProxyOffer, Scope
from renkei.institutions.identity.errors.protocol import (
    ClientNotAllowed,
    ClientUnproven,
    GrantUnsupported,
    ProofWrong,
    PushedRequired,
    RequestMalformed,
    TokenWrong,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.consents import items_of
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.proofs import Mark
from renkei.institutions.identity.model.requests import CODE_GRANT, read_request
from renkei.institutions.identity.model.tokens import (
    ACCESS_TYPE,
    ID_TYPE,
    TOKEN_TYPE,
    Actor,
    Grant,
    GrantHandler,
    GrantRequest,
    IdClaims,
    KeyBinding,
    OwnClaims,
)
from renkei.institutions.identity.model.verified import UserInfo, user_info
from renkei.institutions.identity.operations import consents, grants, pushed, replay
from renkei.institutions.identity.operations.granting import Granting, allowed
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.tokens import actor_at, new_secret, no_claims, subject
from renkei.institutions.identity.queries.accounts import claims_of as stored_claims
from renkei.institutions.identity.web.clients import (
    BODY_BYTES_MAX,
    admit,
    authenticated,
    form_of,
    key_of,
    presented,
    proved,
)
from renkei.institutions.identity.web.discovery import published
from renkei.institutions.identity.web.oauth_errors import json_answer, oauth_errors
from renkei.platform.web.pages import AnyRequest, error_pages, see_other, word

ClaimsSource: TypeAlias = Callable[[Connection, str], ClaimsOf | None]
Offers: TypeAlias = Callable[[Connection, str, datetime], tuple[ProxyOffer, ...]]


def no_offers(_conn: Connection, _account_id: str, _now: datetime) -> tuple[ProxyOffer, ...]:
    """Nobody acts for anybody."""
    return ()


class PushedAnswer(msgspec.Struct, frozen=True):
    """Answer of the PAR endpoint (RFC 9126 §2.2)."""

    request_uri: str
    expires_in: int


class Introspection(MaskedStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What a resource server is told of a token (RFC 7662 §2.2)."""

    active: bool = msgspec.field(default_factory=lambda: False)  # a factory, so that it is always sent
    iss: str = ""
    sub: str = ""
    """Pairwise at the sector of the resource server that asks: it knows its own people by no other name."""
    aud: str = ""
    client_id: str = ""
    scope: str = ""
    token_type: str = ""
    iat: int = 0
    exp: int = 0
    jti: str = ""
    acr: str = ""
    auth_time: int = 0
    cnf: KeyBinding | None = None
    act: Actor | None = None
    authorization_details: tuple[Payment, ...] = ()


class Endpoints:
    """Endpoints of one issuer.

    Args:
        extra_grants: by `grant_type`, besides those that the provider answers itself.
        claims_of: the four items of an account.
        offers: for whom an account may act.
        id_claims: further claims of ID tokens.
    """

    def __init__(
        self,
        means: Means,
        keys: ProviderKeys,
        *,
        extra_grants: Mapping[str, GrantHandler] | None = None,
        claims_of: ClaimsSource = stored_claims,
        offers: Offers = no_offers,
        id_claims: IdClaims = no_claims,
    ) -> None:
        self._means, self._keys = means, keys
        self._claims_of, self._offers = claims_of, offers
        self._granting = Granting(means, keys, id_claims=id_claims)
        self.grants: Mapping[str, GrantHandler] = {**self._granting.handlers, **(extra_grants or {})}

    async def push(self, request: AnyRequest) -> Response[bytes]:
        """Take an authorization request from its client (RFC 9126)."""
        found, proof = await proved(self._means, request), key_of(self._means, request)
        hint = found.parameters.get("id_token_hint", "")
        asked = read_request(
            found.parameters, found.client, key_thumbprint=proof.thumbprint if proof else "",
            hinted=self._hinted(hint, found.client) if hint else "",
        )  # fmt: skip
        now, secret, life = self._means.clock.now(), new_secret(), self._means.settings.pushed_life
        marks: list[Mark] = [found.mark, *((proof.mark,) if proof else ())]
        uri_hash = keyed_hash(self._means.session_key, "pushed", secret)

        def keep(conn: Connection) -> None:
            if not replay.admitted(conn, marks):
                raise ClientUnproven(reason="replayed")
            pushed.keep(conn, asked, uri_hash=uri_hash, expires_ms=to_ms(now + life))

        await self._means.db.write(keep, brief=True)
        return json_answer(PushedAnswer(pushed.PREFIX + secret, int(life.total_seconds())), status=201)

    async def authorize(self, request: AnyRequest, parameters: Mapping[str, str]) -> Response[str]:
        """A browser brings the reference to a pushed request: on to the page on which the person decides.

        Whatever else it brings is not read (RFC 9126 §4: what was pushed counts).
        """
        if any(len(request.query_params.getall(name, [])) > 1 for name in ("client_id", "request_uri")):
            raise PushedRequired(private="twice")
        client_id = word(parameters.get("client_id", ""))
        reference = word(parameters.get("request_uri", ""))
        if not client_id or not reference.startswith(pushed.PREFIX):
            raise PushedRequired()
        now, settings = self._means.clock.now(), self._means.settings
        ask_id = await self._means.db.write(
            partial(
                pushed.bring, client_id=client_id, realm=self._keys.realm, ask_id=new_secret(),
                uri_hash=keyed_hash(self._means.session_key, "pushed", reference.removeprefix(pushed.PREFIX)),
                ask_expires_ms=to_ms(now + settings.ask_life), now=now,
            ),
            brief=True,
        )  # fmt: skip
        return see_other(f"{settings.path}/approve/{ask_id}")

    async def token(self, request: AnyRequest) -> Response[bytes]:
        """Give tokens (RFC 6749 §3.2), bound to the key of the DPoP proof."""
        found, proof = await proved(self._means, request), key_of(self._means, request)
        if proof is None:
            raise ProofWrong(reason="missing")
        grant_type = found.parameters.get("grant_type", "")
        if not grant_type:
            raise RequestMalformed(parameter="grant_type")
        handler = self.grants.get(grant_type)
        if handler is None:
            raise GrantUnsupported()
        asked = GrantRequest(found.client, found.parameters, proof.thumbprint)
        allowed(asked, grant_type)
        if grant_type == CODE_GRANT:  # the one that every sign-in needs: one transaction for all of it
            return json_answer(await self._granting.code(asked, marks=(found.mark, proof.mark)))
        await admit(self._means, found, proof)
        return json_answer(await handler(asked))

    async def userinfo(self, request: AnyRequest) -> Response[bytes]:
        """What the person lets the client know (OpenID Connect Core 1.0 §5.3)."""
        found = await presented(self._means, self._keys, request, scope=Scope.OPENID.value)
        approved, now = found.grant.approved, self._means.clock.now()
        if approved is None:
            raise TokenWrong(reason="sub")
        scopes, claims = found.grant.scopes, approved.claims
        items = [item for item in items_of(scopes, claims) if item in _FOUR]

        def read(conn: Connection) -> UserInfo:
            known = self._claims_of(conn, found.grant.account_id) if items else None
            offers = self._offers(conn, found.grant.account_id, now) if Scope.PROXIES in scopes else None
            return user_info(found.claims.sub, known, scopes=scopes, claims=claims, proxies=offers)

        answer = self._means.db.read_now(read)
        if answer.verified_claims is not None:
            await self._means.db.write(
                lambda conn: consents.used(conn, found.grant.account_id, found.grant.client_id, items, now), brief=True
            )
        return json_answer(answer)

    async def introspect(self, request: AnyRequest) -> Response[bytes]:
        """Tell a resource server whether a token meant for it still holds (RFC 7662)."""
        server, parameters = await authenticated(self._means, request)
        if not server.audience_of:
            raise ClientNotAllowed(what="introspection")
        token = parameters.get("token", "")
        if not token:
            raise RequestMalformed(parameter="token")
        try:
            claims = self._keys.verify_own(token, ACCESS_TYPE, server.audience_of)
        except jose.Unreadable:
            return json_answer(Introspection())
        now = self._means.clock.now()
        grant = self._means.db.read_now(partial(grants.find, grant_id=claims.grant_id, now=now))
        return json_answer(Introspection() if grant is None else self._told(server, claims, grant))

    async def revoke(self, request: AnyRequest) -> Response[bytes]:
        """Take back a token and the whole grant behind it (RFC 7009). Unknown ones are as good as revoked."""
        client, parameters = await authenticated(self._means, request)
        token = parameters.get("token", "")
        if not token:
            raise RequestMalformed(parameter="token")
        now = self._means.clock.now()
        hashed = keyed_hash(self._means.session_key, "refresh", token)
        try:
            claims = self._keys.verify_own(token, ACCESS_TYPE, self._keys.issuer)
        except jose.Unreadable:
            await self._means.db.write(
                partial(grants.end_of_refresh, refresh_hash=hashed, client_id=client.client_id, now=now), brief=True
            )
        else:
            if claims.client_id == client.client_id:
                await self._means.db.write(partial(grants.end, grant_id=claims.grant_id, now=now), brief=True)
        return json_answer(b"")

    def _told(self, server: Client, claims: OwnClaims, grant: Grant) -> Introspection:
        key = self._means.pairwise_key
        return Introspection(
            active=True, iss=claims.iss, sub=subject(grant, server, key), aud=server.audience_of,
            client_id=claims.client_id, scope=claims.scope, token_type=TOKEN_TYPE, iat=claims.iat, exp=claims.exp,
            jti=claims.jti, acr=claims.acr, auth_time=claims.auth_time, cnf=claims.cnf,
            act=actor_at(grant, server, key),
            authorization_details=tuple(
                payment for payment in claims.authorization_details if server.audience_of in payment.locations
            ),
        )  # fmt: skip

    def _hinted(self, hint: str, client: Client) -> str:
        try:
            return self._keys.verify_own(hint, ID_TYPE, client.client_id, expired_ok=True).sub
        except jose.Unreadable:
            raise RequestMalformed(parameter="id_token_hint") from None


_FOUR = frozenset((Scope.NAME, Scope.ADDRESS, Scope.BIRTHDATE, Scope.GENDER))


def endpoints(
    means: Means,
    keys: ProviderKeys,
    *,
    extra_grants: Mapping[str, GrantHandler] | None = None,
    claims_of: ClaimsSource = stored_claims,
    offers: Offers = no_offers,
    id_claims: IdClaims = no_claims,
) -> list[ControllerRouterHandler]:
    """Routers of one issuer, see `Endpoints`; mount them beside the page router."""
    served = Endpoints(means, keys, extra_grants=extra_grants, claims_of=claims_of, offers=offers, id_claims=id_claims)
    base = f"{means.settings.path}/realms/{keys.realm.value}"

    @post(base + Path.PUSHED)
    async def push(request: AnyRequest) -> Response[bytes]:
        return await served.push(request)

    @post(base + Path.TOKEN)
    async def token(request: AnyRequest) -> Response[bytes]:
        return await served.token(request)

    @get(base + Path.USERINFO)
    async def userinfo(request: AnyRequest) -> Response[bytes]:
        return await served.userinfo(request)

    @post(base + Path.USERINFO)
    async def userinfo_posted(request: AnyRequest) -> Response[bytes]:
        return await served.userinfo(request)

    @post(base + Path.INTROSPECT)
    async def introspect(request: AnyRequest) -> Response[bytes]:
        return await served.introspect(request)

    @post(base + Path.REVOKE)
    async def revoke(request: AnyRequest) -> Response[bytes]:
        return await served.revoke(request)

    @get(base + Path.AUTHORIZE)
    async def authorize(request: AnyRequest) -> Response[str]:
        return await served.authorize(request, request.query_params)

    @post(base + Path.AUTHORIZE)
    async def authorize_posted(request: AnyRequest) -> Response[str]:
        return await served.authorize(request, await form_of(request))

    programs = Router(
        path="/",
        route_handlers=[
            push, token, userinfo, userinfo_posted, introspect, revoke, *published(means, keys, served.grants)
        ],
        exception_handlers=oauth_errors(), include_in_schema=False, request_max_body_size=BODY_BYTES_MAX,
    )  # fmt: skip
    browsers = Router(
        path="/", route_handlers=[authorize, authorize_posted], exception_handlers=error_pages(means.kit),
        include_in_schema=False, request_max_body_size=BODY_BYTES_MAX,
    )  # fmt: skip
    return [programs, browsers]
