"""What these pages need to know of people and clients; the parts that know it are handed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from renkei.contracts.identity import Acr, ClaimsOf, Realm
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.queries import accounts
from renkei.institutions.identity.web import sessions
from renkei.platform.web.pages import AnyRequest


class SignInHref(Protocol):
    """Where a person signs in, and comes back from."""

    def __call__(self, *, realm: Realm, back: str, acr: Acr, fresh: bool, account_id: str) -> str: ...


class CurrentSession(Protocol):
    """The session that a browser's cookie names; None where there is none."""

    async def __call__(self, request: AnyRequest, realm: Realm) -> Session | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who is at the browser, what is known of them, and who asks."""

    current: CurrentSession
    sign_in_href: SignInHref
    claims_of: Callable[[Connection, str], ClaimsOf | None]
    """The four items of an account; None where the signature certificate was never read."""
    name_of: Callable[[Connection, str], str]
    client_of: Callable[[Connection, str], Client]
    """A registered client by its id. Raises where there is none."""
    revoked: Callable[[str, str], Awaitable[None]]
    """Ends the tokens of an account at a client: (account_id, client_id)."""
    account_href: str
    """Page where the person reads in the signature certificate, or confirms changed data."""


def people_of(
    means: Means,
    *,
    client_of: Callable[[Connection, str], Client],
    revoked: Callable[[str, str], Awaitable[None]],
) -> People:
    """The people of a provider: its own sessions and accounts.

    Args:
        client_of: a registered client by its id; raises where there is none.
        revoked: ends the tokens of an account at a client.
    """
    return People(
        current=partial(sessions.current, means), sign_in_href=partial(sessions.sign_in_href, means),
        claims_of=accounts.claims_of, name_of=accounts.name_of, client_of=client_of, revoked=revoked,
        account_href=f"{means.settings.path}/account",
    )  # fmt: skip
