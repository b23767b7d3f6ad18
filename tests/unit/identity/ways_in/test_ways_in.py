"""The deciding parts of the ways in: how sure, which device, where back to, what an assertion may look like."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import Assertion, Key
from renkei.contracts.identity import Acr, Realm
from renkei.crypto.person_certificates import CertificateItems
from renkei.institutions.identity.errors.signin import (
    AssertionMalformed,
    BackOutside,
    CardForTestsRefused,
    NotSureEnough,
    WayUnknown,
)
from renkei.institutions.identity.model.accounts import claims_from
from renkei.institutions.identity.model.credentials import device_name, keyed_hash
from renkei.institutions.identity.model.passkeys import relying_party
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.signin import (
    Purpose,
    Round,
    TaskWords,
    read_assertion,
    sureness,
    task_field,
    task_of,
)
from renkei.institutions.identity.web.sessions import account_mark, checked_back, is_marked
from renkei.institutions.identity.web.wishes import agent_of, read_wish

SETTINGS = Settings(base_url="https://id.example/identity", agents=("http://127.0.0.1:35970",))
MEANS = SimpleNamespace(settings=SETTINGS, session_key=b"k" * 32)
ROUND = Round(
    txn="t" * 43, purpose=Purpose.SIGN_IN, realm=Realm.MAIN, challenge=to_base64url(b"c" * 32),
    back="/identity/account", made_ms=0, expires_ms=180_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("medium", "pin", "acr", "amr"),
    [
        ("card", True, Acr.CARD, ("sc", "pin", "mfa")),
        ("card", False, Acr.CARD_ALONE, ("sc",)),
        ("software", True, Acr.CARD, ("sc", "pin", "mfa", "swk")),
        ("software", False, Acr.CARD_ALONE, ("sc", "swk")),
    ],
)
def test_what_a_card_is_worth(medium: str, pin: bool, acr: Acr, amr: tuple[str, ...]) -> None:
    worth = sureness(medium=medium, pin=pin, wanted=Acr.CARD_ALONE, test_cards=True)
    assert (worth.acr, worth.amr, worth.test) == (acr, amr, medium == "software")
    if acr is not Acr.CARD:
        with pytest.raises(NotSureEnough):
            sureness(medium=medium, pin=pin, wanted=Acr.PHONE, test_cards=True)
    if medium == "software":
        with pytest.raises(CardForTestsRefused):
            sureness(medium=medium, pin=pin, wanted=Acr.CARD_ALONE, test_cards=False)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15", "Safari, Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/140.0 Mobile Safari/604.1", "Chrome, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8", "?"),
        ("", "?"),
        ("x" * 100_000, "?"),
    ],
)  # fmt: skip
def test_a_browser_is_called_as_its_user_knows_it(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_a_secret_of_one_kind_is_worth_nothing_as_another() -> None:
    hashes = {keyed_hash(b"k" * 32, kind, "secret") for kind in ("session", "browser", "code", "account", "passkey")}
    assert len(hashes) == 5
    assert keyed_hash(b"k" * 32, "session", "secret") != keyed_hash(b"l" * 32, "session", "secret")


def test_the_task_leads_back_to_the_provider_and_names_nobody() -> None:
    words = TaskWords("基盤", "provider", "サインイン", "sign in")
    task = task_of(ROUND, SETTINGS, deliver="/identity/d", back="/identity/b", words=words)
    assert (task.origin, task.deliver, task.back) == (
        "https://id.example", "https://id.example/identity/d", "https://id.example/identity/b",
    )  # fmt: skip
    assert task.key is Key.AUTHENTICATION
    assert msgspec.structs.replace(ROUND, purpose=Purpose.CONFIRM).key is Key.SIGNATURE
    assert b"account" not in from_base64url(task_field(task))


@given(st.binary(max_size=3_000), st.binary(max_size=1_024))
def test_an_assertion_is_read_as_it_was_sent(certificate: bytes, signature: bytes) -> None:
    sent = Assertion(
        txn="t", certificate=to_base64url(certificate), algorithm="RS256", signature=to_base64url(signature)
    )
    assert read_assertion(sent) == (certificate, signature)


@given(st.text(), st.text(), st.text(max_size=10))
def test_whatever_an_assertion_holds_it_is_read_or_refused(certificate: str, signature: str, medium: str) -> None:
    sent = Assertion(txn="t", certificate=certificate, algorithm="RS256", signature=signature, medium=medium)
    try:
        read_assertion(sent)
    except RenkeiError as error:
        assert isinstance(error, AssertionMalformed)  # noqa: PT017


@pytest.mark.parametrize("text", ["AA==", "+AAA", "/AAA", "A", "AAA\n", "あ", "A A A"])
def test_only_base64url_is_read(text: str) -> None:
    with pytest.raises(AssertionMalformed):
        read_assertion(Assertion(txn="t", certificate=text, algorithm="RS256", signature=""))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_the_way_back_never_leaves_the_provider(text: str) -> None:
    for back in (text, "/identity/" + text, "//" + text, "/identity" + text):
        try:
            kept = checked_back(MEANS, back)  # type: ignore[arg-type]
        except BackOutside:
            continue
        assert kept.startswith("/identity/")
        assert kept.isascii()
        assert ".." not in kept.partition("?")[0]
        assert "\\" not in kept


def test_a_mark_stands_for_one_account_and_does_not_name_it() -> None:
    mark = account_mark(MEANS, "account-1")  # type: ignore[arg-type]
    assert "account-1" not in mark
    assert is_marked(MEANS, "account-1", mark)  # type: ignore[arg-type]
    assert is_marked(MEANS, "account-1", "")  # type: ignore[arg-type]
    assert not is_marked(MEANS, "account-2", mark)  # type: ignore[arg-type]


def test_what_a_page_wants_is_the_strictest_where_it_does_not_say() -> None:
    wish = read_wish(MEANS, {})  # type: ignore[arg-type]
    assert (wish.realm, wish.back, wish.acr, wish.fresh, wish.mark) == (
        Realm.MAIN, "/identity/account", Acr.CARD, False, "",
    )  # fmt: skip
    wish = read_wish(MEANS, {"realm": "root", "acr": "aal0", "for": "x\x00", "fresh": "1"})  # type: ignore[arg-type]
    assert (wish.realm, wish.acr, wish.mark, wish.fresh) == (Realm.MAIN, Acr.CARD, "", True)


def test_an_agent_is_named_by_its_place_never_by_an_address() -> None:
    assert agent_of(MEANS, "card0") == "http://127.0.0.1:35970"  # type: ignore[arg-type]
    for way in ("card1", "card", "test", "http://127.0.0.1:35970", "", "passkey"):
        with pytest.raises(WayUnknown):
            agent_of(MEANS, way)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "host"),
    [("https://id.example/identity", "id.example"), ("http://localhost:8000/identity", "localhost")],
)
def test_a_passkey_belongs_to_the_host(base: str, host: str) -> None:
    assert relying_party(Settings(base_url=base)) == host


def test_a_birth_that_the_register_does_not_know_stays_unknown() -> None:
    items = CertificateItems.of(name="見本", sex="other", birth=None, address="見本町", name_substitutes="01")
    claims = claims_from(items, 5)
    assert (claims.birth, claims.sex, claims.name_substitutes, claims.stale) == (None, "not_known", "01", False)
    assert claims_from(CertificateItems.of(name="a", sex="male", birth=date(2000, 2, 29), address="b"), 5).sex == "male"
