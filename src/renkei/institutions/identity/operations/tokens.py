"""Tokens out of what a person agreed to, or out of a client's own registration.

For the other areas: `issue` for every grant type. What it gives is bound to the DPoP key of the request and stands on
a grant that ends with the session, the consent, the proxy, or the client's own word.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from renkei.base.time import to_ms
from renkei.contracts.identity import Acting, Scope
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.subjects import pairwise_session, pairwise_subject
from renkei.institutions.identity.model.tokens import (
    ACCESS_TYPE,
    ID_TYPE,
    Actor,
    Grant,
    IdClaims,
    KeyBinding,
    OwnClaims,
    TokenAnswer,
    at_hash,
    seconds,
)
from renkei.institutions.identity.operations import grants
from renkei.institutions.identity.operations.keys import ProviderKeys

REFRESH_GRANT = "refresh_token"
_MS = timedelta(milliseconds=1)


class Planned(NamedTuple):
    """A grant that is about to be kept, and its refresh token, which is kept as a hash only."""

    grant: Grant
    refresh_token: str
    lasting: bool


def no_claims(_conn: Connection, _approved: Approved) -> Mapping[str, object]:
    """Nothing beyond the standard claims."""
    return {}


async def issue(
    means: Means,
    keys: ProviderKeys,
    approved: Approved,
    client: Client,
    *,
    key_thumbprint: str,
    how: str = "",
    until: datetime | None = None,
    id_claims: IdClaims = no_claims,
) -> TokenAnswer:
    """Make tokens of what was agreed, and keep the grant behind them.

    Args:
        key_thumbprint: of the DPoP key (RFC 7638).
        how: grant type, for the audit.
        until: the grant ends then at the latest (the end of a proxy).
        id_claims: further claims of the ID token.

    Returns:
        Access token; ID token where `openid` is among the scopes; refresh token where the client is registered for it.
    """
    now = means.clock.now()
    planned = plan(
        means.settings, approved, client, grant_id=new_secret(), key_thumbprint=key_thumbprint, now=now, until=until
    )

    def keep(conn: Connection) -> Mapping[str, object]:
        keep_grant(conn, means, planned, now, how=how)
        return id_claims(conn, approved)

    further = await means.db.write(keep, brief=True)
    return answer(means, keys, planned.grant, client, now, refresh_token=planned.refresh_token, further=further)


def plan(
    settings: Settings,
    approved: Approved,
    client: Client,
    *,
    grant_id: str,
    key_thumbprint: str,
    now: datetime,
    until: datetime | None = None,
) -> Planned:
    """The grant that comes of an agreement. Clients registered for it get a refresh token, but not one who acts."""
    renewable = REFRESH_GRANT in client.grants and approved.acting is None
    lasting = renewable and Scope.OFFLINE in approved.scopes
    life = settings.access_life
    if renewable:
        life = settings.refresh_life if lasting else settings.session_life
    end = now + life if until is None else min(until, now + life)
    grant = Grant(
        grant_id=grant_id, realm=approved.realm, client_id=client.client_id, account_id=approved.account_id,
        session_id=approved.session_id, key_thumbprint=key_thumbprint, approved=approved, scopes=approved.scopes,
        expires_ms=to_ms(end),
    )  # fmt: skip
    return Planned(grant, new_secret() if renewable else "", lasting)


def keep_grant(conn: Connection, means: Means, planned: Planned, now: datetime, *, how: str) -> None:
    """Keep a planned grant in the caller's transaction."""
    hashed = keyed_hash(means.session_key, "refresh", planned.refresh_token) if planned.refresh_token else None
    grants.record(conn, planned.grant, now, how=how, refresh_hash=hashed, lasting=planned.lasting)


def answer(
    means: Means,
    keys: ProviderKeys,
    grant: Grant,
    client: Client,
    now: datetime,
    *,
    refresh_token: str = "",
    further: Mapping[str, object] | None = None,
    with_id_token: bool = True,
) -> TokenAnswer:
    """Sign the tokens of a grant that is kept."""
    expires_ms = min(grant.expires_ms, to_ms(now + means.settings.access_life))
    access = access_claims(grant, client, issuer=keys.issuer, key=means.pairwise_key, now=now, expires_ms=expires_ms)
    access_token = keys.sign_jwt(access, ACCESS_TYPE)
    id_token = ""
    if with_id_token and grant.approved is not None and Scope.OPENID in grant.scopes:
        claims = id_claims_of(access, grant.approved, access_token)
        standard: dict[str, object] = msgspec.to_builtins(claims)
        id_token = keys.sign_jwt({**(further or {}), **standard}, ID_TYPE)
    return TokenAnswer(
        access_token=access_token, expires_in=max(1, (expires_ms - to_ms(now)) // 1000), scope=" ".join(grant.scopes),
        id_token=id_token, refresh_token=refresh_token,
        authorization_details=grant.approved.payments if grant.approved else (),
    )  # fmt: skip


def access_claims(
    grant: Grant, client: Client, *, issuer: str, key: bytes, now: datetime, expires_ms: int
) -> OwnClaims:
    """Claims of an access token (RFC 9068 §2.2).

    Args:
        key: of pairwise subjects.
        expires_ms: when it ends.
    """
    approved = grant.approved
    claims = OwnClaims(
        iss=issuer, sub=subject(grant, client, key), aud=_audience(issuer, approved), iat=seconds(to_ms(now)),
        exp=seconds(expires_ms), jti=f"{grant.grant_id}.{secrets.token_urlsafe(9)}", client_id=client.client_id,
        scope=" ".join(grant.scopes), cnf=KeyBinding(grant.key_thumbprint),
    )  # fmt: skip
    if approved is None:
        return claims
    return msgspec.structs.replace(
        claims, acr=approved.acr.value, amr=approved.amr, auth_time=seconds(approved.auth_ms),
        authorization_details=approved.payments, act=_actor(approved, client, key),
        sid=pairwise_session(key, sector=client.sector, session_id=approved.session_id),
    )  # fmt: skip


def id_claims_of(access: OwnClaims, approved: Approved, access_token: str) -> OwnClaims:
    """Claims of the ID token that goes with an access token (OpenID Connect Core 1.0 §2)."""
    act = access.act
    if act is not None and approved.acting is not None:
        act = msgspec.structs.replace(act, name=approved.acting.actor_name)
    return OwnClaims(
        iss=access.iss, sub=access.sub, aud=access.client_id, iat=access.iat, exp=access.exp, sid=access.sid,
        acr=access.acr, amr=access.amr, auth_time=access.auth_time, nonce=approved.nonce, at_hash=at_hash(access_token),
        act=act, principal=approved.acting.principal if approved.acting else "", test=approved.test,
        shared_terminal=approved.shared_terminal,
    )  # fmt: skip


def subject(grant: Grant, client: Client, key: bytes) -> str:
    """`sub` of a grant as a client's sector knows it; the client's own id where it acts on its own."""
    if not grant.account_id:
        return grant.client_id
    return pairwise_subject(key, sector=client.sector, account_id=grant.account_id)


def actor_at(grant: Grant, client: Client, key: bytes) -> Actor | None:
    """Who acts for the subject of a grant, as a client's sector knows them."""
    return _actor(grant.approved, client, key) if grant.approved else None


def new_secret() -> str:
    """256 random bits, base64url: a code, a refresh token, the id of a grant."""
    return secrets.token_urlsafe(32)


def _audience(issuer: str, approved: Approved | None) -> str | tuple[str, ...]:
    locations: Sequence[str] = [at for payment in approved.payments for at in payment.locations] if approved else ()
    return (issuer, *dict.fromkeys(locations)) if locations else issuer


def _actor(approved: Approved, client: Client, key: bytes) -> Actor | None:
    acting: Acting | None = approved.acting
    if acting is None:
        return None
    sub = acting.actor
    if approved.actor_account_id:
        sub = pairwise_subject(key, sector=client.sector, account_id=approved.actor_account_id)
    return Actor(
        sub=sub, proxy_id=acting.proxy_id, kind=acting.kind.value, affairs=acting.affairs,
        acts=tuple(act.value for act in acting.acts), until=acting.until.isoformat() if acting.until else "",
    )  # fmt: skip
