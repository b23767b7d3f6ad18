"""The grant types that the provider answers by itself: a code, a refresh token, a client on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from renkei.base.time import to_ms
from renkei.contracts.identity import FOUR_ITEM_SCOPES, Scope
from renkei.institutions.identity.errors.protocol import (
    ClientNotAllowed,
    GrantSpent,
    ProofWrong,
    RequestMalformed,
    ScopeUnregistered,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.proofs import Mark
from renkei.institutions.identity.model.requests import CODE_GRANT, read_scopes
from renkei.institutions.identity.model.tokens import Grant, GrantHandler, GrantRequest, IdClaims, Spent, TokenAnswer
from renkei.institutions.identity.operations import grants, replay
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.tokens import (
    REFRESH_GRANT,
    Planned,
    answer,
    keep_grant,
    new_secret,
    no_claims,
    plan,
)

CLIENT_GRANT = "client_credentials"
CODE_PURPOSE = "authorization code"
SECRET_MAX = 128
VERIFIER_MIN, VERIFIER_MAX = 43, 128
"""RFC 7636 §4.1."""


class Granting:
    """Answers the grant types of one issuer.

    Args:
        id_claims: further claims of ID tokens.
    """

    def __init__(self, means: Means, keys: ProviderKeys, *, id_claims: IdClaims = no_claims) -> None:
        self._means, self._keys, self._id_claims = means, keys, id_claims

    @property
    def handlers(self) -> Mapping[str, GrantHandler]:
        """By `grant_type`."""
        return {CODE_GRANT: self.code, REFRESH_GRANT: self.refresh, CLIENT_GRANT: self.client}

    async def code(self, request: GrantRequest, *, marks: Sequence[Mark] = ()) -> TokenAnswer:
        """RFC 6749 §4.1.3, with RFC 7636 and RFC 9449 §10.

        Args:
            marks: of the request's proofs, used up in the same transaction.

        Raises:
            GrantSpent, RequestMalformed.
            ProofWrong: a proof was used before.
        """
        now, client = self._means.clock.now(), request.client
        verifier = _bounded(request, "code_verifier", VERIFIER_MIN, VERIFIER_MAX)
        brought = grants.Brought(
            code_hash=keyed_hash(self._means.session_key, CODE_PURPOSE, _bounded(request, "code", 1, SECRET_MAX)),
            client_id=client.client_id, redirect_uri=_bounded(request, "redirect_uri", 1, 2000), verifier=verifier,
            key_thumbprint=request.key_thumbprint,
        )  # fmt: skip

        def redeem(conn: Connection) -> tuple[Planned, Mapping[str, object]] | Spent:
            if marks and not replay.admitted(conn, marks):
                raise ProofWrong(reason="replayed")
            found = grants.redeem(conn, brought, now)
            if isinstance(found, Spent):
                return found
            approved, grant_id = found
            planned = plan(
                self._means.settings,
                approved,
                client,
                grant_id=grant_id,
                key_thumbprint=request.key_thumbprint,
                now=now,
            )
            keep_grant(conn, self._means, planned, now, how=CODE_GRANT)
            return planned, self._id_claims(conn, approved)

        found = await self._means.db.write(redeem, brief=True)
        if isinstance(found, Spent):
            raise GrantSpent(reason=found.value)
        planned, further = found
        return answer(
            self._means, self._keys, planned.grant, client, now, refresh_token=planned.refresh_token, further=further
        )

    async def refresh(self, request: GrantRequest) -> TokenAnswer:
        """RFC 6749 §6. The refresh token stays: it is bound to the client and to its key, and FAPI 2.0 wants no
        rotation, which loses sessions whenever an answer does not arrive.

        Raises:
            GrantSpent, RequestMalformed, ScopeUnregistered.
        """
        now = self._means.clock.now()
        token = _bounded(request, "refresh_token", 1, SECRET_MAX)
        hashed = keyed_hash(self._means.session_key, "refresh", token)
        found = await self._means.db.read(
            partial(
                grants.refreshed, refresh_hash=hashed, client_id=request.client.client_id,
                key_thumbprint=request.key_thumbprint, now=now,
            )
        )  # fmt: skip
        if found.grant is None:
            raise GrantSpent(reason=(found.spent or Spent.UNKNOWN).value)
        wanted = request.parameters.get("scope", "")
        if wanted and set(wanted.split(" ")) != set(found.grant.scopes):  # §6: it may not widen; we do not narrow
            raise ScopeUnregistered(scope="scope")
        return answer(self._means, self._keys, found.grant, request.client, now, with_id_token=False)

    async def client(self, request: GrantRequest) -> TokenAnswer:
        """RFC 6749 §4.4: a client for itself. What belongs to a person is not to be had so.

        Raises:
            ScopeUnregistered.
        """
        now, client = self._means.clock.now(), request.client
        scopes = read_scopes(request.parameters.get("scope", ""), client)
        for scope in (*FOUR_ITEM_SCOPES, Scope.OPENID, Scope.PROXIES, Scope.OFFLINE):
            if scope in scopes:
                raise ScopeUnregistered(scope=scope.value)
        grant = Grant(
            grant_id=new_secret(), realm=client.realm, client_id=client.client_id, account_id="", session_id="",
            key_thumbprint=request.key_thumbprint, approved=None, scopes=scopes,
            expires_ms=to_ms(now + self._means.settings.access_life),
        )  # fmt: skip
        await self._means.db.write(partial(grants.record, grant=grant, now=now, how=CLIENT_GRANT), brief=True)
        return answer(self._means, self._keys, grant, client, now)


def allowed(request: GrantRequest, grant_type: str) -> None:
    """A client uses the grant types that it is registered for.

    Raises:
        ClientNotAllowed.
    """
    if grant_type not in request.client.grants:
        raise ClientNotAllowed(what=grant_type)


def _bounded(request: GrantRequest, name: str, least: int, most: int) -> str:
    value = request.parameters.get(name, "")
    if not least <= len(value) <= most or not value.isascii():
        raise RequestMalformed(parameter=name)
    return value
