"""All pages and endpoints on which a person decides, and what keeps their tables tidy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.contracts.identity import BACKCHANNEL_GRANT, DEVICE_GRANT, Scope
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.tokens import GrantHandler
from renkei.institutions.identity.operations import asks, signing, waiting
from renkei.institutions.identity.operations.card_signin import CardTrust
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.web import approve, backchannel, consents, device
from renkei.institutions.identity.web import signing as sign_pages
from renkei.institutions.identity.web.asks.grants import Issue
from renkei.institutions.identity.web.asks.people import People
from renkei.institutions.identity.web.clients import authenticated, presented


def handlers(means: Means, keys: ProviderKeys, people: People, trust: CardTrust) -> list[ControllerRouterHandler]:
    """Routes of approval, consents, CIBA, device authorization and signing.

    Args:
        people: `web.asks.people.people_of`.
    """
    caller = partial(authenticated, means)
    pages = sign_pages.SignPages(means, people, trust)
    return [
        *approve.handlers(means, people, set_task=pages.set_task),
        *consents.handlers(means, people),
        *backchannel.handlers(means, people, authenticated=caller),
        *device.handlers(means, people, authenticated=caller),
        *sign_pages.handlers(
            means, pages, authenticated=caller, token_of=partial(presented, means, keys, scope=Scope.SIGN.value)
        ),
    ]  # fmt: skip


def extra_grants(means: Means, issue: Issue) -> Mapping[str, GrantHandler]:
    """The grants of waiting clients, for the token endpoint."""
    return {
        BACKCHANNEL_GRANT: backchannel.backchannel_grant(means, issue),
        DEVICE_GRANT: device.device_grant(means, issue),
    }


def sweep(conn: Connection, before: datetime) -> int:
    """Forget asks, waiting clients and signatures whose time ended before a moment; returns how many rows."""
    return asks.sweep(conn, before) + waiting.sweep(conn, before) + signing.sweep(conn, before)
