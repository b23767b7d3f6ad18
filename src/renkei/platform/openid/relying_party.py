"""A service that relies on the provider: it sends a browser there, takes it back, and uses the tokens.

Profile: FAPI 2.0 Security Profile (pushed requests, PKCE S256, private_key_jwt, DPoP, `iss` in the response). The DPoP
key is new for each sign-in; the client's own key signs nothing but its assertions.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from renkei.base.encoding import MaskedStruct
from renkei.base.time import to_ms
from renkei.crypto.signing_keys import SigningKey, SoftwareKey
from renkei.platform.clock import Clock
from renkei.platform.openid import flow
from renkei.platform.openid.dpop import make_proof
from renkei.platform.openid.errors import (
    ActingEnded,
    IdTokenInvalid,
    LoginEnded,
    LoginNeeded,
    LoginUnknown,
    LogoutTokenInvalid,
    ProviderGarbled,
    ProviderRefused,
    ProviderUnreachable,
)
from renkei.platform.openid.jose import (
    ALGORITHM,
    Header,
    Unreadable,
    ec_public,
    jwk_of,
    new_scalar,
    sign_jws,
    software_key,
)  # fmt: skip
from renkei.platform.openid.messages import (
    ACCESS_TOKEN_TYPE,
    CLIENT_ASSERTION,
    EXCHANGE,
    SIGN_PATH,
    Grant,
    IdClaims,
    Json,
    LogoutNotice,
    OAuthError,
    Pending,
    PushedAnswer,
    TokenReply,
    decoded,
)
from renkei.platform.openid.provider import Provider
from renkei.platform.openid.transport import Http
from renkei.platform.wire import Response

T = TypeVar("T")
ASSERTION_LIFE_S = 60
FORM = "application/x-www-form-urlencoded"
ACRS = ("aal1", "aal2", "aal3")


class ClientToken(MaskedStruct, frozen=True, kw_only=True):
    """A token of the service itself, for nobody's sake (RFC 6749 §4.4)."""

    access_token: str
    dpop_key: bytes
    expires_ms: int


class Documents(NamedTuple):
    """Documents that a person is asked to sign."""

    purpose: str
    """What for, in plain words."""
    documents: Sequence[object]
    """Each with `name` and `digest` (base64url)."""


class _Assertion(msgspec.Struct, frozen=True):
    """Payload of a client assertion (RFC 7523 §3)."""

    iss: str
    sub: str
    aud: str
    jti: str
    iat: int
    exp: int


class RelyingParty:
    """One client of one provider.

    Args:
        client_id: as registered.
        issuer: identifier of the provider's realm.
        key: P-256; its public half is registered (`public_jwk`).
        redirect_uri: where browsers come back to, as registered.
        http: reaches the provider.
        scopes: asked for by default.
        acr: how sure a sign-in has to be by default.
        acrs: values of `acr`, weakest first.
        provider: what is known of the provider, where several clients of one process share it.
    """

    def __init__(
        self, *, client_id: str, issuer: str, key: SigningKey | ec.EllipticCurvePrivateKey, redirect_uri: str,
        http: Http, clock: Clock, scopes: Sequence[str] = ("openid",), acr: str = "aal3", acrs: Sequence[str] = ACRS,
        provider: Provider | None = None,
    ) -> None:  # fmt: skip
        self.client_id, self.issuer, self.redirect_uri = client_id, issuer, redirect_uri
        self.scopes, self.acr, self._acrs = tuple(scopes), acr, tuple(acrs)
        self._key = SoftwareKey(key) if isinstance(key, ec.EllipticCurvePrivateKey) else key
        self._kid = jwk_of(ec_public(self._key)).kid
        self._http, self._clock = http, clock
        self.provider = provider or Provider(issuer, http=http, clock=clock)

    @property
    def public_jwk(self) -> dict[str, str]:
        """The client's public key, as it is registered with the provider."""
        found: dict[str, str] = msgspec.to_builtins(jwk_of(ec_public(self._key)))
        return found

    # --- signing in ---

    async def begin(
        self, *, state_extra: str = "", scopes: Sequence[str] = (), acr: str = "",
        prompt: Literal["", "login", "consent", "none", "select_account"] = "", max_age: int | None = None,
        claims: Json = None, payments: Sequence[object] = (), sign_transaction_id: str = "", language: str = "",
    ) -> tuple[str, Pending]:  # fmt: skip
        """Push a request; gives where to send the browser, and what to keep until it comes back.

        Args:
            state_extra: kept in the Pending, for instance the page to go back to.
            claims: `claims` parameter (`messages.verified_claims_request`).
            payments: `authorization_details`, each a Struct or a mapping with its `type`.

        Raises:
            ProviderUnreachable, ProviderGarbled, ProviderRefused: no sign-in can begin.
        """
        pending = flow.new_pending(acr=acr or self.acr, max_age_s=max_age, extra=state_extra, now=self._clock.now())
        key = ec_public(software_key(pending.dpop_key))
        parameters = flow.authorization_request(
            pending, client_id=self.client_id, redirect_uri=self.redirect_uri, scopes=scopes or self.scopes,
            thumbprint=jwk_of(key).kid, prompt=prompt, claims=claims, details=payments,
            sign_transaction_id=sign_transaction_id, language=language,
        )  # fmt: skip
        metadata = await self.provider.metadata()
        answer = await self._form(metadata.pushed_authorization_request_endpoint, parameters)
        pushed = decoded(self._good(answer, created=True), PushedAnswer, what="par")
        query = urlencode({"client_id": self.client_id, "request_uri": pushed.request_uri})
        return f"{metadata.authorization_endpoint}?{query}", pending

    async def finish(self, query: Mapping[str, str], pending: Pending) -> Grant:
        """Exchange the code that the browser brought for tokens, and verify who signed in.

        Args:
            query: parameters with which the browser came back.
            pending: what `begin` gave, found by `state` and taken away: it serves once.

        Raises:
            LoginUnknown, LoginMixedUp, LoginDeclined, LoginNeeded, LoginTooWeak, IdTokenInvalid: by what fails.
            ProviderUnreachable, ProviderGarbled, ProviderRefused, ProviderKeyUnknown: the provider's part.
        """
        code = flow.code_of(query, pending, issuer=self.issuer, now=self._clock.now())
        parameters = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": pending.verifier,
        }  # fmt: skip
        reply = await self._token(parameters, pending.dpop_key, spent=LoginUnknown)
        claims, payload = await self._id_token(reply.id_token)
        flow.check_id_token(
            claims, pending, issuer=self.issuer, client_id=self.client_id, access_token=reply.access_token,
            acrs=self._acrs, now=self._clock.now(),
        )  # fmt: skip
        return self._granted(reply, claims, payload, pending.dpop_key)

    async def refresh(self, grant: Grant) -> Grant:
        """The same sign-in with a new access token.

        Raises:
            LoginEnded: there is nothing to refresh with, or the provider no longer answers for the session.
        """
        if not grant.refresh_token:
            raise LoginEnded(private="no refresh token")
        parameters = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        reply = await self._token(parameters, grant.dpop_key, spent=LoginEnded)
        if reply.id_token:
            claims, _ = await self._id_token(reply.id_token)
            flow.check_token(claims, issuer=self.issuer, client_id=self.client_id, now=self._clock.now())
            if claims.sub != grant.sub:  # Core 1.0 §12.2
                raise IdTokenInvalid(step="sub")
        return msgspec.structs.replace(
            grant, access_token=reply.access_token, refresh_token=reply.refresh_token or grant.refresh_token,
            expires_ms=self._until(reply),
        )  # fmt: skip

    async def exchange(self, grant: Grant, *, details: Sequence[object], scopes: Sequence[str] = ()) -> Grant:
        """A token to act for somebody else (RFC 8693): its `sub` is theirs, its `act` names the one who acts.

        Args:
            details: `authorization_details` that name the proxy.

        Raises:
            LoginEnded: the sign-in has ended.
            ActingEnded: the proxy has, or does not reach this far.
        """
        parameters = {
            "grant_type": EXCHANGE, "subject_token": grant.access_token, "subject_token_type": ACCESS_TOKEN_TYPE,
            "authorization_details": msgspec.json.encode(list(details)).decode(),
        }  # fmt: skip
        if scopes:
            parameters["scope"] = " ".join(scopes)
        reply = await self._token(parameters, grant.dpop_key, spent=LoginEnded)
        if not reply.id_token:
            raise ProviderGarbled(what="id_token")
        claims, payload = await self._id_token(reply.id_token)
        flow.check_token(claims, issuer=self.issuer, client_id=self.client_id, now=self._clock.now())
        made = self._granted(reply, claims, payload, grant.dpop_key)
        return msgspec.structs.replace(
            made, sid=made.sid or grant.sid, acr=made.acr or grant.acr, auth_ms=made.auth_ms or grant.auth_ms
        )

    async def client_credentials(self, scopes: Sequence[str]) -> ClientToken:
        """A token of the service itself."""
        scalar = new_scalar()
        parameters = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        reply = await self._token(parameters, scalar, spent=ProviderRefused)
        return ClientToken(access_token=reply.access_token, dpop_key=scalar, expires_ms=self._until(reply))

    # --- what tokens are for ---

    async def userinfo(self, grant: Grant, type_: type[T]) -> T:
        """What the person lets this service know, as the contract has it.

        Raises:
            LoginEnded: the token no longer holds.
            ProviderGarbled: an answer about somebody else (Core 1.0 §5.3.2), or of another form.
        """
        metadata = await self.provider.metadata()
        answer = await self._with_token("GET", metadata.userinfo_endpoint, grant.access_token, grant.dpop_key)
        body = self._good(answer)
        if decoded(body, _Subject, what="userinfo").sub != grant.sub:
            raise ProviderGarbled(what="sub")
        return decoded(body, type_, what="userinfo")

    async def sign_transaction(self, asked: Documents) -> str:
        """Announce documents to be signed; gives the id for `begin(sign_transaction_id=…)`."""
        body = {"documents": msgspec.json.encode(list(asked.documents)).decode(), "purpose": asked.purpose}
        answer = await self._form(await self._sign_endpoint(), body)
        return decoded(self._good(answer, created=True), _SignAnswer, what="sign").sign_transaction_id

    async def signatures(self, grant: Grant, transaction_id: str, type_: type[T]) -> T:
        """Fetch the signatures of a transaction, once.

        Raises:
            LoginEnded: the token does not hold.
        """
        url = f"{await self._sign_endpoint()}/{transaction_id}"
        answer = await self._with_token("GET", url, grant.access_token, grant.dpop_key)
        return decoded(self._good(answer), type_, what="sign")

    async def introspect(self, token: str) -> bytes:
        """What the provider says of an access token now (RFC 7662): JSON, with `active`."""
        metadata = await self.provider.metadata()
        return self._good(await self._form(metadata.introspection_endpoint, {"token": token}))

    async def revoke(self, grant: Grant) -> None:
        """Give the tokens back (RFC 7009)."""
        metadata = await self.provider.metadata()
        self._good(await self._form(metadata.revocation_endpoint, {"token": grant.refresh_token or grant.access_token}))

    # --- signing out ---

    async def logout_url(self, grant: Grant, *, back: str, state: str = "") -> str:
        """Where to send the browser to end the session at the provider too (RP-Initiated Logout 1.0).

        Args:
            back: URL to come back to, as registered.
        """
        endpoint = (await self.provider.metadata()).end_session_endpoint
        if not endpoint:
            raise ProviderGarbled(what="end_session_endpoint")
        query = {"client_id": self.client_id, "id_token_hint": grant.id_token, "post_logout_redirect_uri": back}
        return f"{endpoint}?{urlencode(query | ({'state': state} if state else {}))}"

    async def verify_logout_token(self, token: str) -> LogoutNotice:
        """Whose session ended, from a back-channel logout token.

        Raises:
            LogoutTokenInvalid: naming the step.
            ProviderKeyUnknown, ProviderUnreachable: the signature cannot be checked.
        """
        try:
            payload = await self.provider.verified(token, typ=lambda typ: typ in ("logout+jwt", "jwt", ""))
            claims = msgspec.json.decode(payload, type=flow.LogoutClaims)
        except Unreadable as error:
            raise LogoutTokenInvalid(step=error.step) from None
        except msgspec.DecodeError:
            raise LogoutTokenInvalid(step="form") from None
        return flow.check_logout(claims, issuer=self.issuer, client_id=self.client_id, now=self._clock.now())

    # --- requests ---

    async def _form(
        self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send a form as this client (private_key_jwt, RFC 7523 §2.2)."""
        if not url:
            raise ProviderGarbled(what="endpoint")
        now_s = to_ms(self._clock.now()) // 1000
        claims = _Assertion(
            iss=self.client_id, sub=self.client_id, aud=self.issuer, jti=secrets.token_urlsafe(16), iat=now_s,
            exp=now_s + ASSERTION_LIFE_S,
        )  # fmt: skip
        assertion = sign_jws(Header(alg=ALGORITHM, typ="JWT", kid=self._kid), claims, self._key)
        fields = {
            **parameters, "client_id": self.client_id, "client_assertion_type": CLIENT_ASSERTION,
            "client_assertion": assertion,
        }  # fmt: skip
        sent = {"content-type": FORM, "accept": "application/json", **(headers or {})}
        return await self._http.send("POST", url, headers=sent, body=urlencode(fields).encode())

    async def _token(
        self, parameters: Mapping[str, str], scalar: bytes, *, spent: type[LoginUnknown | LoginEnded | ProviderRefused]
    ) -> TokenReply:
        """Ask the token endpoint, under the session's key.

        Args:
            spent: raised where the provider no longer honours what was presented (`invalid_grant`).
        """
        url = (await self.provider.metadata()).token_endpoint
        answer = await self._form(url, parameters, {"dpop": self._proof(url, scalar)})
        if _error_in(answer) == "use_dpop_nonce":  # RFC 9449 §8: once more, with the nonce that it wants
            nonce = answer.headers.get("dpop-nonce", "")
            answer = await self._form(url, parameters, {"dpop": self._proof(url, scalar, nonce=nonce)})
        match _error_in(answer):
            case "invalid_grant":
                raise spent(code_there="invalid_grant")
            case "invalid_token":  # the subject token of an exchange: its session ended
                raise LoginEnded(private="invalid_token")
            case "invalid_target" | "access_denied":  # RFC 8693 §2.2.2: the proxy, or what is wanted of it
                raise ActingEnded()
            case "login_required":
                raise LoginNeeded(private="login_required")
        reply = decoded(self._good(answer), TokenReply, what="token")
        if reply.token_type.lower() != "dpop" or reply.expires_in <= 0:  # a bearer token is never accepted
            raise ProviderGarbled(what="token_type")
        return reply

    def _proof(self, url: str, scalar: bytes, *, nonce: str = "") -> str:
        return make_proof(software_key(scalar), method="POST", url=url, now=self._clock.now(), nonce=nonce)

    async def _with_token(self, method: Literal["GET", "POST"], url: str, token: str, scalar: bytes) -> Response:
        if not url:
            raise ProviderGarbled(what="endpoint")
        proof = make_proof(software_key(scalar), method=method, url=url, now=self._clock.now(), access_token=token)
        headers = {"authorization": f"DPoP {token}", "dpop": proof, "accept": "application/json"}
        answer = await self._http.send(method, url, headers=headers)
        if answer.status == 401:
            raise LoginEnded(private=_error_in(answer))
        return answer

    async def _id_token(self, token: str) -> tuple[IdClaims, bytes]:
        try:
            payload = await self.provider.verified(token, typ=lambda typ: typ in ("", "jwt", "id_token+jwt"))
            return msgspec.json.decode(payload, type=IdClaims), payload
        except Unreadable as error:
            raise IdTokenInvalid(step=error.step) from None
        except msgspec.DecodeError:
            raise IdTokenInvalid(step="form") from None

    async def _sign_endpoint(self) -> str:
        return (await self.provider.metadata()).sign_transactions_endpoint or f"{self.issuer}{SIGN_PATH}"

    def _good(self, answer: Response, *, created: bool = False) -> bytes:
        """The body of an answer that is one.

        Raises:
            ProviderUnreachable: the provider failed.
            ProviderRefused: it refused; its code stands in the sentence.
        """
        if answer.status == 200 or (created and answer.status == 201):
            return answer.body
        if answer.status >= 500 or answer.status == 429:
            raise ProviderUnreachable(private=f"status {answer.status}")
        raise ProviderRefused(code_there=flow.plain(_error_in(answer)))

    def _granted(self, reply: TokenReply, claims: IdClaims, payload: bytes, scalar: bytes) -> Grant:
        scopes = self.scopes if reply.scope is None else tuple(reply.scope.split())
        return Grant(
            sub=claims.sub, sid=claims.sid, acr=claims.acr, amr=claims.amr, auth_ms=claims.auth_time * 1000,
            access_token=reply.access_token, refresh_token=reply.refresh_token, id_token=reply.id_token,
            expires_ms=self._until(reply), scopes=scopes, dpop_key=scalar, claims=payload,
            details=bytes(reply.authorization_details) or b"[]",
        )  # fmt: skip

    def _until(self, reply: TokenReply) -> int:
        return to_ms(self._clock.now()) + reply.expires_in * 1000


class _Subject(msgspec.Struct, frozen=True):
    sub: str


class _SignAnswer(msgspec.Struct, frozen=True):
    sign_transaction_id: str


def _error_in(answer: Response) -> str:
    """`error` of an OAuth answer; `?` where there is none."""
    if answer.status < 400:
        return ""
    try:
        return msgspec.json.decode(answer.body, type=OAuthError).error or "?"
    except (msgspec.DecodeError, RecursionError):
        return "?"
