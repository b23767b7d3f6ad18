"""Relying parties: public bodies and private companies that rely on the sign-in."""

from __future__ import annotations

import msgspec

from renkei.contracts.identity import Realm


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A registered relying party. Every one holds a key of its own; there are no shared secrets."""

    client_id: str
    realm: Realm = Realm.MAIN
    name_ja: str
    name_en: str
    sector: str
    """Sector identifier for pairwise subjects."""
    public_body: bool = False
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    """Where the browser may go after a logout."""
    backchannel_logout_uri: str = ""
    jwks: tuple[dict[str, str], ...] = ()
    """Public keys for `private_key_jwt` (RFC 7523); more than one during a change of keys."""
    scopes: frozenset[str] = frozenset()
    """The most it may ask for."""
    grants: frozenset[str] = frozenset(("authorization_code",))
    payment_locations: frozenset[str] = frozenset()
    """Banks at which it may ask for payments."""
    audience_of: str = ""
    """Base URL of the resource that this client guards (it may introspect tokens for it)."""
    first_party: bool = False
    """Of the provider's own house (the portal): consent for the sign-in itself goes without saying."""
    stopped: bool = False
