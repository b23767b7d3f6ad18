"""CIBA and device authorization: the client waits and asks, the person decides on another screen."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import text
from tests.contract.identity_asks.world import BANK, ISSUER, World, field_of, session

from renkei.base.errors import RenkeiError
from renkei.contracts.identity import BACKCHANNEL_GRANT, DEVICE_GRANT, Acr, Realm
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.device import typed_code
from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.model.tokens import GrantRequest, TokenAnswer
from renkei.institutions.identity.operations.consents import record
from renkei.institutions.identity.web.backchannel import backchannel_grant
from renkei.institutions.identity.web.device import device_grant

CIBA = f"{ISSUER}/protocol/openid-connect/ext/ciba/auth"
DEVICE = f"{ISSUER}/protocol/openid-connect/auth/device"
SUB = pairwise_subject(b"p" * 32, sector="bank.example", account_id="hanako")

Client = TestClient[Litestar]


def know(world: World) -> None:
    """Hanako has used the bank before."""
    approved = Approved(
        ask_id="old", realm=Realm.MAIN, client_id="bank", account_id="hanako", session_id="s", acr=Acr.CARD, amr=(),
        auth_ms=0, scopes=("openid",),
    )  # fmt: skip
    with world.means.db.writing() as conn:
        record(conn, approved, world.clock.now(), sub=SUB)


def poll(world: World, handle: str, *, device: bool = False, caller: str = "bank") -> TokenAnswer | RenkeiError:
    """One question at the token endpoint."""
    make, grant, name = (
        (device_grant, DEVICE_GRANT, "device_code") if device else (backchannel_grant, BACKCHANNEL_GRANT, "auth_req_id")
    )
    handler = make(world.means, world.issue)
    request = GrantRequest(world.clients[caller], {"grant_type": grant, name: handle}, "thumb")
    try:
        return asyncio.run(_awaited(handler(request)))
    except RenkeiError as error:
        return error


async def _awaited(work: Any) -> Any:
    return await work


def oauth(told: TokenAnswer | RenkeiError) -> str:
    assert isinstance(told, RenkeiError)
    return str(told.oauth)  # type: ignore[attr-defined]


def begin(client: Client, **parameters: str) -> dict[str, Any]:
    data = {"scope": "openid name", "login_hint": SUB, "binding_message": "窓口3 赤い鳥"} | parameters
    answer = client.post(CIBA, data={name: value for name, value in data.items() if value})
    assert answer.headers["cache-control"] == "no-store"
    return {"status": answer.status_code} | answer.json()


def approve(world: World, client: Client, path: str, decision: str = "approve") -> None:
    page = client.get(path)
    answer = client.post(
        path, data={"decision": decision, "seal": field_of(page.text, "seal"), "items": "name"}, follow_redirects=False
    )
    assert answer.status_code == 303


def waiting_path(client: Client) -> str:
    found = re.search(r'href="(/identity/approve/[^"]+)"', client.get("/identity/asks").text)
    assert found is not None
    return found.group(1)


def test_a_counter_asks_on_the_persons_own_phone(world: World, client: Client) -> None:
    know(world)
    begun = begin(client)
    assert (begun["status"], begun["interval"], begun["expires_in"]) == (200, 5, 600)
    assert oauth(poll(world, begun["auth_req_id"])) == "authorization_pending"
    assert "みほん銀行から確認の依頼" in client.get("/identity/asks").text
    path = waiting_path(client)
    assert "窓口3 赤い鳥" in client.get(path).text
    approve(world, client, path)
    world.clock.move(timedelta(seconds=5))
    told = poll(world, begun["auth_req_id"])
    assert isinstance(told, TokenAnswer)
    assert (world.issued[0].account_id, world.issued[0].scopes) == ("hanako", ("openid", "name"))
    assert oauth(poll(world, begun["auth_req_id"])) == "invalid_grant"
    assert "確認の依頼はありません" in client.get("/identity/asks").text


def test_a_person_who_declines_is_not_asked_for_reasons(world: World, client: Client) -> None:
    know(world)
    begun = begin(client)
    approve(world, client, waiting_path(client), "deny")
    told = poll(world, begun["auth_req_id"])
    assert oauth(told) == "access_denied"


def test_asking_too_fast_slows_down_and_stays_slow(world: World, client: Client) -> None:
    """RFC 8628 §3.5: the interval grows by five seconds for this and all later questions."""
    know(world)
    handle = begin(client)["auth_req_id"]
    assert oauth(poll(world, handle)) == "authorization_pending"
    world.clock.move(timedelta(seconds=1))
    told = poll(world, handle)
    assert isinstance(told, RenkeiError)
    assert (oauth(told), told.public["interval_s"]) == ("slow_down", "10")
    world.clock.move(timedelta(seconds=6))
    assert oauth(poll(world, handle)) == "slow_down"
    world.clock.move(timedelta(seconds=15))
    assert oauth(poll(world, handle)) == "authorization_pending"


def test_a_handle_is_of_one_client_of_one_kind_and_of_one_time(world: World, client: Client) -> None:
    know(world)
    handle = begin(client, requested_expiry="60")["auth_req_id"]
    world.clients["other"] = msgspec.structs.replace(BANK, client_id="other")
    assert oauth(poll(world, handle, caller="other")) == "invalid_grant"
    assert oauth(poll(world, handle, device=True)) == "invalid_grant"
    assert oauth(poll(world, "guessed")) == "invalid_grant"
    assert oauth(poll(world, "x" * 200)) == "invalid_request"
    world.clock.move(timedelta(seconds=60))
    assert oauth(poll(world, handle)) == "expired_token"


WRONG_PARAMETERS = [
    ({"scope": "name"}, "invalid_request"),
    ({"scope": "openid staff"}, "invalid_scope"),
    ({"scope": "openid sign"}, "invalid_request"),
    ({"login_hint": ""}, "invalid_request"),
    ({"login_hint_token": "12345678"}, "invalid_request"),
    ({"login_hint": "", "id_token_hint": "x"}, "invalid_request"),
    ({"login_hint": "somebody"}, "unknown_user_id"),
    ({"binding_message": "あ" * 81}, "invalid_binding_message"),
    ({"binding_message": "ab\u202ecd"}, "invalid_binding_message"),
    ({"requested_expiry": "-1"}, "invalid_request"),
    ({"purpose": "a\nb"}, "invalid_request"),
    ({"authorization_details": "{"}, "invalid_authorization_details"),
    ({"authorization_details": '[{"type":"payment_initiation"}]'}, "invalid_authorization_details"),
]


def test_what_is_wrong_is_refused_with_the_code_of_the_standard(world: World, client: Client) -> None:
    know(world)
    for parameters, error in WRONG_PARAMETERS:
        begun = begin(client, **parameters)
        assert (begun["status"], begun["error"]) == (400, error), parameters
        assert set(begun) == {"status", "error", "error_description", "code"}


def test_a_client_without_the_grant_or_stopped_is_refused(world: World, client: Client) -> None:
    for caller in ("portal", "stopped"):
        world.caller = caller
        assert begin(client)["error"] == "unauthorized_client"
        assert client.post(DEVICE, data={"scope": "openid"}).json()["error"] == "unauthorized_client"


def test_a_number_shown_at_the_counter_reaches_the_person_once(world: World, client: Client) -> None:
    answer = client.post("/identity/asks/number", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/identity/asks")
    number = re.search(r'class="compare">(\d{4}-\d{4})<', client.get("/identity/asks").text).group(1)  # type: ignore[union-attr]
    typed = number.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert begin(client, login_hint="", login_hint_token=typed)["status"] == 200
    assert waiting_path(client)
    assert begin(client, login_hint="", login_hint_token=number)["error"] == "unknown_user_id"


def test_a_number_ends_after_five_minutes_and_cannot_be_searched_for(world: World, client: Client) -> None:
    client.post("/identity/asks/number")
    number = re.search(r'class="compare">(\d{4}-\d{4})<', client.get("/identity/asks").text).group(1)  # type: ignore[union-attr]
    for _ in range(100):
        assert begin(client, login_hint="", login_hint_token="0000")["error"] == "unknown_user_id"
    refused = begin(client, login_hint="", login_hint_token=number)
    assert (refused["status"], refused["code"]) == (429, "call_numbers_spent")
    world.clock.move(timedelta(minutes=10))
    assert begin(client, login_hint="", login_hint_token=number)["error"] == "unknown_user_id"
    assert "compare" not in client.get("/identity/asks").text.partition("<main")[2]


def test_a_payment_can_be_asked_for_behind_the_scenes(world: World, client: Client) -> None:
    know(world)
    details = '[{"type":"payment_initiation","locations":["https://bank.example/api"],"amount_yen":500,"payee":"p","reference":"r"}]'
    assert begin(client, authorization_details=details, scope="openid")["status"] == 200
    assert "500円" in client.get(waiting_path(client)).text
    elsewhere = details.replace("bank.example", "other.example")
    assert begin(client, authorization_details=elsewhere)["error"] == "invalid_authorization_details"


# --- device authorization ---


def start(client: Client, **parameters: str) -> dict[str, Any]:
    answer = client.post(DEVICE, data={"scope": "openid name", "device": "居間のテレビ"} | parameters)
    return {"status": answer.status_code} | answer.json()


def enter(client: Client, code: str) -> Any:
    return client.post("/identity/device", data={"user_code": code}, follow_redirects=False)


def test_a_television_is_connected_from_a_phone(world: World, client: Client) -> None:
    begun = start(client)
    assert begun["verification_uri"] == "http://nation.example/identity/device"
    assert begun["verification_uri_complete"].endswith(f"?user_code={begun['user_code']}")
    assert oauth(poll(world, begun["device_code"], device=True)) == "authorization_pending"
    typed = " " + begun["user_code"].lower().replace("-", "ー").translate(
        {ord("a") + at: ord("ａ") + at for at in range(26)}
    )
    answer = enter(client, typed)
    assert answer.status_code == 303
    path = answer.headers["location"]
    shown = client.get(path).text
    assert begun["user_code"] in shown
    assert "居間のテレビ" in shown
    approve(world, client, path)
    assert isinstance(poll(world, begun["device_code"], device=True), TokenAnswer)
    assert enter(client, begun["user_code"]).status_code == 422


def test_a_code_in_the_address_only_fills_the_field(world: World, client: Client) -> None:
    """Whoever is sent a link still has to look at the device and press the button (RFC 8628 §5.4)."""
    begun = start(client)
    page = client.get(begun["verification_uri_complete"])
    assert page.status_code == 200
    assert f'value="{begun["user_code"]}"' in page.text
    assert "人から送られたときは" in page.text


def test_the_code_is_asked_for_after_signing_in(world: World, client: Client) -> None:
    begun = start(client)
    world.session = None
    answer = client.get(begun["verification_uri_complete"], follow_redirects=False)
    assert "/sign-in" in answer.headers["location"]
    assert begun["user_code"] in answer.headers["location"]
    assert enter(client, begun["user_code"]).status_code == 303


def test_guesses_are_counted_by_person(world: World, client: Client) -> None:
    begun = start(client)
    for left in range(10, 0, -1):
        answer = enter(client, "BBBB-BBBB")
        assert answer.status_code == (422 if left > 1 else 429)
    assert enter(client, begun["user_code"]).status_code == 429
    world.session = session("taro")
    assert enter(client, begun["user_code"]).status_code == 303
    world.session = session("hanako")
    world.clock.move(timedelta(minutes=10))
    assert enter(client, start(client)["user_code"]).status_code == 303


def test_codes_are_not_kept_as_they_are(world: World, client: Client) -> None:
    begun = start(client)
    with world.means.db.reading() as conn:
        rows = repr(conn.execute(text("SELECT * FROM wait")).all())
    assert begun["device_code"] not in rows
    assert typed_code(begun["user_code"]) not in rows


def test_a_malformed_device_is_refused(client: Client) -> None:
    for parameters in ({"device": "あ" * 41}, {"device": "a\nb"}, {"scope": "name"}):
        assert start(client, **parameters)["error"] == "invalid_request"
