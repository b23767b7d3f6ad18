"""The seam between the identity provider (官民連携基盤) and whoever relies on it: words, claims and acts that both use.

Names and parameters follow デジタル認証アプリ where it has them (scopes `openid name address birthdate gender sign`,
`acr_values`, `sign_transaction_id`), else OpenID Connect, OpenID for Identity Assurance and the RFC that is named.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from renkei.base.encoding import MaskedStruct


class Realm(StrEnum):
    """Who signs in: people, or staff of bodies. Each realm is an issuer of its own over the same code."""

    MAIN = "main"
    STAFF = "staff"


class Acr(StrEnum):
    """How sure a sign-in is (`acr`), weakest first."""

    CARD_ALONE = "aal1"  # a card without its PIN (顔認証マイナンバーカード read by a person at a counter)
    PHONE = "aal2"  # a key in a phone, enrolled after a sign-in with the card
    CARD = "aal3"  # the card and its PIN

    @property
    def rank(self) -> int:
        """Higher is surer."""
        return int(self.value[-1])

    def suffices(self, wanted: Acr) -> bool:
        """Whether this is at least as sure as what is wanted."""
        return self.rank >= wanted.rank


class Amr(StrEnum):
    """By which means (`amr`, RFC 8176)."""

    CARD = "sc"
    PIN = "pin"
    HARDWARE_KEY = "hwk"
    SOFTWARE_KEY = "swk"  # a test card, or another key without hardware
    PRESENCE = "user"
    SEVERAL = "mfa"


class Scope(StrEnum):
    """Scopes that a client may ask for."""

    OPENID = "openid"
    NAME = "name"
    ADDRESS = "address"
    BIRTHDATE = "birthdate"
    GENDER = "gender"
    SIGN = "sign"  # a document is signed with the signature certificate
    PROXIES = "proxies"  # for whom this person may act
    OFFLINE = "offline_access"


FOUR_ITEM_SCOPES = (Scope.NAME, Scope.ADDRESS, Scope.BIRTHDATE, Scope.GENDER)
"""基本4情報: given as `verified_claims` (OpenID Connect for Identity Assurance 1.0)."""

TRUST_FRAMEWORK = "jp_jpki_test"
"""Trust framework of our own synthetic card; `jp_aml` and the ministerial ones are not ours to claim."""


class Act(StrEnum):
    """What a proxy may do."""

    VIEW = "view"
    APPLY = "apply"
    RECEIVE = "receive"
    SIGN = "sign"
    PAY = "pay"


class ProxyKind(StrEnum):
    """On what a proxy rests."""

    PARENT = "parent"  # 親権 (民法818条, 824条)
    GUARDIAN = "guardian"  # 成年後見 (民法859条), 未成年後見 (民法857条)
    MANDATE = "mandate"  # 委任 (民法643条)
    TAX_ACCOUNTANT = "tax_accountant"  # 税務代理 (税理士法2条1項1号, 30条)
    HELPER = "helper"  # 窓口での補助: beside the person, for one session


ALL_AFFAIRS = "*"
"""Every affairs area, as a parent's or a guardian's authority has it."""


class ProxyOffer(MaskedStruct, frozen=True, kw_only=True):
    """For whom the person signed in may act, as a client sees it (scope `proxies`)."""

    proxy_id: str
    kind: ProxyKind
    principal: str
    """Name of the person acted for."""
    affairs: tuple[str, ...]
    acts: tuple[Act, ...]
    until: date | None


class Acting(MaskedStruct, frozen=True, kw_only=True):
    """Someone acts for the subject (`act`, RFC 8693 §4.1): within these limits, seen by the principal."""

    proxy_id: str
    kind: ProxyKind
    principal: str
    actor: str
    """Pairwise subject of the one who acts."""
    actor_name: str
    affairs: tuple[str, ...]
    acts: tuple[Act, ...]
    until: date | None

    def may(self, act: Act, affairs: str) -> bool:
        """Whether this act is within the limits."""
        return act in self.acts and (ALL_AFFAIRS in self.affairs or affairs in self.affairs)


class SignedIn(MaskedStruct, frozen=True, kw_only=True):
    """A person as a relying party knows them while a session lasts."""

    sub: str
    """Pairwise: another relying party knows the person by another."""
    sid: str
    acr: Acr
    amr: tuple[str, ...]
    auth_ms: int
    name: str = ""
    """For the screen, where the person agreed to show it."""
    offers: tuple[ProxyOffer, ...] = ()
    acting: Acting | None = None
    """Set while the person acts for someone: `sub` is then the principal's."""
    test: bool = False
    """The means was a test card: the screen says so."""
    shared_terminal: bool = False


class StaffUser(MaskedStruct, frozen=True, kw_only=True):
    """A clerk signed in at a registered terminal (route 2: the gateway authenticates terminal and clerk)."""

    staff_id: str
    name: str
    body_id: str
    section: str
    affairs: frozenset[str]
    """Affairs items (事務手続) of the role; the gateway's own table of the section is checked besides."""
    roles: frozenset[str]
    terminal: str
    sid: str
    acr: Acr
    auth_ms: int
    test: bool = False
    """The means was a test card: the screen says so."""


class ClaimsOf(MaskedStruct, frozen=True, kw_only=True):
    """基本4情報 as the signature certificate says them, and since when that is known."""

    name: str
    name_substitutes: str
    """One `0` or `1` a character (代替文字): `1` where the text is not the register's own."""
    address: str
    address_substitutes: str
    birth: date | None
    """None where the register does not know it."""
    sex: str
    """male, female, not_known."""
    verified_ms: int
    stale: bool = False
    """The certificate was revoked because the content changed: to be confirmed anew, not to be relied upon."""


PROXY_DETAIL = "urn:renkei:proxy"
PAYMENT_DETAIL = "payment_initiation"
"""`type` of `authorization_details` (RFC 9396) for "pay this"."""


class Payment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One payment, as asked for in `authorization_details` and shown to the person who agrees."""

    type: str = PAYMENT_DETAIL
    locations: tuple[str, ...] = ()
    """Base URL of the bank's interface: the audience of the token."""
    amount_yen: int
    payee: str
    """Name of who is paid."""
    reference: str
    """納付番号: the same reference is never paid twice."""
    purpose: str = ""


class Path:
    """Endpoints of an issuer, below its own URL."""

    CONFIGURATION = "/.well-known/openid-configuration"
    AUTHORIZE = "/protocol/openid-connect/auth"
    TOKEN = "/protocol/openid-connect/token"
    PUSHED = "/protocol/openid-connect/ext/par/request"
    USERINFO = "/protocol/openid-connect/userinfo"
    KEYS = "/protocol/openid-connect/certs"
    REVOKE = "/protocol/openid-connect/revoke"
    INTROSPECT = "/protocol/openid-connect/token/introspect"
    LOGOUT = "/protocol/openid-connect/logout"
    BACKCHANNEL = "/protocol/openid-connect/ext/ciba/auth"
    DEVICE = "/protocol/openid-connect/auth/device"
    SIGN = "/protocol/openid-connect/ext/sign/transactions"


BACKCHANNEL_GRANT = "urn:openid:params:grant-type:ciba"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
