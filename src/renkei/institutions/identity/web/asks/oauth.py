"""Endpoints that clients call: what they have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from litestar import Router
from litestar.types import ControllerRouterHandler

from renkei.contracts.identity import Acr, Scope
from renkei.institutions.identity.errors.protocol import ClientNotAllowed, ClientStopped, RequestMalformed
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.device import readable
from renkei.institutions.identity.model.requests import PURPOSE_MAX, read_scopes
from renkei.institutions.identity.web.clients import Presented
from renkei.institutions.identity.web.oauth_errors import oauth_errors
from renkei.platform.web.pages import AnyRequest

Authenticated: TypeAlias = Callable[[AnyRequest], Awaitable[tuple[Client, Mapping[str, str]]]]
"""Who calls (`private_key_jwt`), and the form parameters."""

TokenOf: TypeAlias = Callable[[AnyRequest], Awaitable[Presented]]
"""The access token of a request, verified with its DPoP proof, and the grant behind it."""


def registered_for(client: Client, grant: str) -> None:
    """Check that a client may use a grant.

    Raises:
        ClientStopped, ClientNotAllowed.
    """
    if client.stopped:
        raise ClientStopped()
    if grant not in client.grants:
        raise ClientNotAllowed(what=grant)


def scopes_of(client: Client, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The scopes of a sign-in without a browser: `openid` always, `sign` never, as it begins on a page.

    Raises:
        ScopeUnregistered, RequestMalformed.
    """
    scopes = read_scopes(parameters.get("scope", ""), client)
    if Scope.OPENID not in scopes or Scope.SIGN in scopes:
        raise RequestMalformed(parameter="scope")
    return scopes


def acr_of(parameters: Mapping[str, str]) -> Acr:
    """The weakest of the levels that the client accepts; card and PIN where it names none that we know."""
    known = [Acr(value) for value in parameters.get("acr_values", "").split() if value in set(Acr)]
    return min(known, key=lambda acr: acr.rank) if known else Acr.CARD


def purpose_of(parameters: Mapping[str, str]) -> str:
    """What for, in the client's words.

    Raises:
        RequestMalformed: it cannot stand on a screen.
    """
    purpose = parameters.get("purpose", "")
    if not readable(purpose, PURPOSE_MAX):
        raise RequestMalformed(parameter="purpose")
    return purpose


def oauth_router(handlers: Sequence[ControllerRouterHandler]) -> Router:
    """A router whose errors are OAuth JSON."""
    return Router(path="/", route_handlers=handlers, exception_handlers=oauth_errors(), include_in_schema=False)
