"""What a page of ours wants of a sign-in, as it stands in the address (`web.sessions.sign_in_href`)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from litestar.datastructures import Cookie

from renkei.base.encoding import to_base64url
from renkei.base.time import from_ms, to_ms
from renkei.contracts.card_agent import CHALLENGE_BYTES
from renkei.contracts.identity import Acr, Realm
from renkei.institutions.identity.errors.signin import WayUnknown
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.credentials import keyed_hash
from renkei.institutions.identity.model.signin import Purpose, Round
from renkei.institutions.identity.web.sessions import checked_back, new_secret
from renkei.platform.web.pages import AnyRequest, word

COOKIE_PREFIX = "renkei_round_"
COOKIE_CHARS = 12
PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Wish:
    """A checked wish."""

    realm: Realm
    back: str
    acr: Acr
    fresh: bool
    mark: str

    def fields(self) -> dict[str, str]:
        """As fields of a form."""
        return {
            "realm": self.realm.value, "back": self.back, "acr": self.acr.value, "fresh": "1" if self.fresh else "",
            "for": self.mark,
        }  # fmt: skip


def read_wish(means: Means, given: Mapping[str, str]) -> Wish:
    """A wish from an address or a form; what is left out or unknown is the strictest.

    Raises:
        BackOutside: the page to return to is not ours.
    """
    realm, acr = given.get("realm", ""), given.get("acr", "")
    return Wish(
        realm=Realm(realm) if realm in set(Realm) else Realm.MAIN,
        back=checked_back(means, given.get("back", "") or f"{means.settings.path}/account"),
        acr=Acr(acr) if acr in set(Acr) else Acr.CARD,
        fresh=bool(given.get("fresh")),
        mark=word(given.get("for", "")),
    )


def new_round(
    means: Means,
    *,
    purpose: Purpose,
    back: str,
    now: datetime,
    realm: Realm = Realm.MAIN,
    acr: Acr = Acr.CARD,
    mark: str = "",
    account_id: str = "",
    agent: str = "",
    name: str = "",
    shared_terminal: bool = False,
) -> Round:
    """A fresh round: its name and its challenge were never used before."""
    return Round(
        txn=new_secret(), purpose=purpose, realm=realm, challenge=to_base64url(secrets.token_bytes(CHALLENGE_BYTES)),
        back=back, acr=acr, account_mark=mark, account_id=account_id, agent=agent, name=name,
        shared_terminal=shared_terminal,
        made_ms=to_ms(now), expires_ms=to_ms(now + means.settings.card_task_life),
    )  # fmt: skip


def agent_of(means: Means, way: str) -> str:
    """The card agent that a form names: by its place in the list that was offered, never by an address.

    Raises:
        WayUnknown: it names none of those offered.
    """
    offered = {**{f"card{at}": url for at, url in enumerate(means.settings.agents)}, "test": means.settings.test_card}
    if not offered.get(way):
        raise WayUnknown()
    return offered[way]


# --- the browser that began ---


def round_cookie(means: Means, request: AnyRequest, round_: Round, value: str) -> Cookie:
    """The cookie by which the browser that began a round is known; an empty value takes it away.

    One each round, so that two pages may sign in side by side; it dies with the round.
    """
    left_s = int((from_ms(round_.expires_ms) - from_ms(round_.made_ms)).total_seconds())
    return Cookie(
        key=_cookie_name(round_.txn), value=value, path=means.settings.path or "/", max_age=left_s if value else 0,
        httponly=True, samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip


def browser_hash(means: Means, value: str) -> bytes:
    """What the store keeps of a round's cookie."""
    return keyed_hash(means.session_key, "browser", value)


def browser_of(means: Means, request: AnyRequest, txn: str) -> bytes:
    """Hash of the cookie that this browser holds for a round; matches no round where it holds none."""
    return browser_hash(means, request.cookies.get(_cookie_name(txn), ""))


def code_hash(means: Means, code: str) -> bytes:
    """What the store keeps of a return code."""
    return keyed_hash(means.session_key, "code", code)


def _cookie_name(txn: str) -> str:
    kept = "".join(char for char in txn[:COOKIE_CHARS] if char.isascii() and (char.isalnum() or char in "-_"))
    return COOKIE_PREFIX + kept
