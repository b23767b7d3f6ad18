"""A session of a person or a clerk in one browser."""

from __future__ import annotations

from renkei.base.encoding import MaskedStruct
from renkei.contracts.identity import Acr, Realm


class Session(MaskedStruct, frozen=True, kw_only=True):
    """Who is signed in in this browser, since when, how surely."""

    session_id: str
    """Public name of the session (`sid`); the cookie holds another value, of which only the hash is kept."""
    realm: Realm
    account_id: str
    acr: Acr
    amr: tuple[str, ...]
    auth_ms: int
    """When the person last proved who they are."""
    started_ms: int
    seen_ms: int
    device: str
    """How the browser calls itself, as the person sees it in the list of sessions."""
    shared_terminal: bool = False
    helper: str = ""
    """Account of the helper whose session this is beside the person's; empty otherwise."""
    terminal: str = ""
    """Registered terminal (staff realm)."""
    test: bool = False
    """A test card was the means."""
