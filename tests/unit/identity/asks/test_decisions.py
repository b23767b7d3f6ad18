"""What is left to ask, what becomes of a choice, and when the card is wanted again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.contracts.identity import Acr, Payment, Realm, Scope
from renkei.institutions.identity.model.asks import Ask, AskKind
from renkei.institutions.identity.model.consents import (
    ONCE,
    approved_of,
    items_of,
    proved_enough,
    sensitive,
    still_needed,
)
from renkei.institutions.identity.model.sessions import Session

MADE_MS = 1_800_000_000_000
SCOPES = st.sets(st.sampled_from(list(Scope)))
ASK = Ask(
    ask_id="a", realm=Realm.MAIN, kind=AskKind.DEVICE, client_id="c", scopes=("openid", "name", "offline_access"),
    claims=("address",), made_ms=MADE_MS, expires_ms=MADE_MS + 600_000,
)  # fmt: skip
SESSION = Session(
    session_id="s", realm=Realm.MAIN, account_id="h", acr=Acr.CARD, amr=("sc",), auth_ms=MADE_MS, started_ms=MADE_MS,
    seen_ms=MADE_MS, device="d",
)  # fmt: skip
PAYMENT = Payment(amount_yen=1, payee="p", reference="r")


def test_a_claim_and_the_scope_of_its_name_are_one_thing() -> None:
    assert items_of(("openid", "name"), ("name", "address")) == (Scope.OPENID, Scope.NAME, Scope.ADDRESS)
    assert items_of(("unheard_of",)) == ()


@given(SCOPES, SCOPES)
def test_nothing_is_asked_twice_but_a_signature(asked: set[Scope], held: set[Scope]) -> None:
    left = still_needed(asked, given=held, first_party=False)
    assert set(left.items) == {item for item in asked if item in ONCE or item not in held}
    assert not still_needed(asked - ONCE, given=held | asked, first_party=False)
    assert still_needed(asked, given=held | asked, first_party=False, always=True)


@given(SCOPES)
def test_the_house_knows_who_signs_in_and_asks_for_the_rest(asked: set[Scope]) -> None:
    assert set(still_needed(asked, given=(), first_party=True).items) == asked - {Scope.OPENID}


@given(SCOPES)
def test_a_choice_gives_what_was_left_in_and_nothing_else(chosen: set[Scope]) -> None:
    approved = approved_of(ASK, SESSION, chosen)
    names = {item.value for item in chosen} | {"openid"}
    assert set(approved.scopes) == set(ASK.scopes) & names
    assert set(approved.claims) == set(ASK.claims) & names


def test_a_signature_cannot_be_left_out_of_its_own_ask() -> None:
    one = msgspec.structs.replace(ASK, scopes=("openid", "sign"), sign_transaction_id="t")
    assert approved_of(one, SESSION, ()).scopes == ("openid", "sign")
    assert approved_of(msgspec.structs.replace(ASK, scopes=("openid", "sign")), SESSION, ()).scopes == ("openid",)


@pytest.mark.parametrize(
    ("ask", "session", "enough"),
    [
        ({}, {}, True),
        ({}, {"auth_ms": 0}, True),
        ({"acr": Acr.PHONE}, {"acr": Acr.PHONE}, True),
        ({}, {"acr": Acr.PHONE}, False),
        ({"max_age_s": 60}, {"auth_ms": MADE_MS - 60_000}, True),
        ({"max_age_s": 60}, {"auth_ms": MADE_MS - 60_001}, False),
        ({"prompt": ("login",)}, {"auth_ms": MADE_MS - 1}, False),
        ({"prompt": ("login",)}, {}, True),
        ({"payments": (PAYMENT,)}, {"auth_ms": MADE_MS - 60_000}, True),
        ({"payments": (PAYMENT,)}, {"auth_ms": MADE_MS - 60_001}, False),
        ({"payments": (PAYMENT,), "sign_transaction_id": "t"}, {"auth_ms": 0}, True),
        ({}, {"helper": "clerk", "auth_ms": MADE_MS - 60_001}, False),
    ],
)
def test_when_the_card_is_wanted_again(ask: dict, session: dict, enough: bool) -> None:
    one, held = msgspec.structs.replace(ASK, **ask), msgspec.structs.replace(SESSION, **session)
    assert proved_enough(one, held, now_ms=MADE_MS + 1000) is enough


def test_a_sensitive_act_is_answered_within_five_minutes_of_the_card() -> None:
    one = msgspec.structs.replace(ASK, payments=(PAYMENT,))
    assert sensitive(one, SESSION)
    assert proved_enough(one, SESSION, now_ms=MADE_MS + 300_000)
    assert not proved_enough(one, SESSION, now_ms=MADE_MS + 300_001)
    assert proved_enough(one, msgspec.structs.replace(SESSION, auth_ms=MADE_MS + 300_000), now_ms=MADE_MS + 300_001)
