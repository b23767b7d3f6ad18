"""Passkeys: enrolled shortly after the card, a way in from then on; every faulty answer refused."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.identity_ways_in.authenticator import BE, BS, UP, UV, Authenticator
from tests.contract.identity_ways_in.test_accounts import account_of
from tests.contract.identity_ways_in.test_card import sessions_of
from tests.contract.identity_ways_in.test_sessions import signed_in
from tests.contract.identity_ways_in.world import JIRO, ORIGIN, PATH, Browser, Person, World

from renkei.base.encoding import to_base64url
from renkei.base.errors import RenkeiError
from renkei.contracts.identity import Acr
from renkei.institutions.identity.model.passkeys import Passkey, credential_named, enrolled
from renkei.institutions.identity.model.passkeys import signed_in as checked
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.queries.accounts import passkeys
from renkei.institutions.identity.store import audit_table
from renkei.platform.audit_store import audited

LIST = f"{PATH}/account/passkeys"


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(ORIGIN, "id.nation.example")


def ceremony(page) -> tuple[str, dict]:
    """Where the answer goes, and what the device is given."""
    found = re.search(r'action="([^"]+)" data-passkey="\w+" data-options="([^"]+)"', page.text)
    assert found, page.text[-3000:]
    return found[1], json.loads(unescape(found[2]))


def enrol(browser: Browser, device: Authenticator, name: str = "my phone", **client: object):
    action, options = ceremony(browser.post(LIST, {"name": name}))
    return browser.post(action, {"answer": device.create(options, **client)})


def use(browser: Browser, device: Authenticator, **more: str):
    action, options = ceremony(browser.begin("passkey"))
    return browser.post(action, {"answer": device.get(options, **more)})


def test_a_passkey_is_enrolled_after_the_card_and_signs_in_from_then_on(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    page = enrol(browser, device)
    assert page.url.path == LIST
    assert "my phone" in page.text
    account_id = account_of(world)
    browser.post(f"{PATH}/sign-out")
    assert 'value="passkey" checked' in browser.get(f"{PATH}/sign-in?acr=aal2").text, "first in the browser it is in"
    world.clock.move(timedelta(hours=1))
    page = use(browser, device)
    assert page.url.path == f"{PATH}/account"
    [session] = sessions_of(world)
    assert (session.account_id, session.acr, session.amr) == (account_id, Acr.PHONE, ("hwk", "user", "mfa"))
    [held] = world.read(passkeys, account_id)
    assert (held.sign_count, held.used_ms) == (1, session.auth_ms)


def test_the_page_runs_our_script_and_no_other(browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    for page in (browser.begin("passkey"), browser.post(LIST, {"name": "x"})):
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert re.findall(r"<script[^>]*>", page.text) == [
            f'<script src="{browser.world.kit.assets.url("identity/passkey.js")}" defer>'
        ]
    assert "script-src" not in browser.get(LIST).headers["content-security-policy"]


def test_enrolling_needs_the_card_shortly_before(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    action, options = ceremony(browser.post(LIST, {"name": "in time"}))
    world.clock.move(timedelta(minutes=10, seconds=1))
    assert "Use the card" in browser.get(LIST).text
    page = browser.post(LIST, {"name": "late"})
    assert (page.url.path, "fresh" in str(page.url)) == (f"{PATH}/sign-in", True)
    assert browser.post(action, {"answer": device.create(options)}).status_code in (403, 410)
    assert world.read(passkeys, account_of(world)) == ()


def test_a_passkey_does_not_enrol_another(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    browser.post(f"{PATH}/sign-out")
    use(browser, device)
    page = browser.post(LIST, {"name": "second"})
    assert page.url.path == f"{PATH}/sign-in"


@pytest.mark.parametrize(
    ("flags", "client"),
    [
        (UP, {}),
        (UV, {}),
        (UP | UV, {"origin": "https://evil.example"}),
        (UP | UV, {"challenge": to_base64url(b"x" * 32)}),
        (UP | UV, {"type": "webauthn.get"}),
    ],
    ids=["no verification", "no presence", "other origin", "other challenge", "other ceremony"],
)
def test_a_faulty_enrolment_is_refused(
    world: World, browser: Browser, hanako: Person, device: Authenticator, flags: int, client: dict[str, str]
) -> None:
    browser.sign_in(hanako)
    device.flags = flags
    page = enrol(browser, device, **client)
    assert page.status_code == 400
    assert "passkey_not_enrolled" in page.text
    assert world.read(passkeys, account_of(world)) == ()


@pytest.mark.parametrize(
    "client",
    [{"origin": "https://evil.example"}, {"challenge": to_base64url(b"x" * 32)}, {"type": "webauthn.create"}],
    ids=["other origin", "other challenge", "other ceremony"],
)
def test_a_faulty_answer_is_refused(
    world: World, browser: Browser, hanako: Person, device: Authenticator, client: dict[str, str]
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    other = world.browser()
    page = use(other, device, **client)
    assert (page.status_code, "passkey_refused" in page.text) == (403, True)
    assert not signed_in(other)


def test_an_answer_of_another_device_or_person_is_refused(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    other = world.browser()
    stranger = Authenticator(ORIGIN, "id.nation.example", handle=device.handle)
    for page in (
        use(other, stranger),
        use(other, Authenticator(ORIGIN, "id.nation.example", credential_id=b"unheard of")),
        use(other, device, handle=to_base64url(b"somebody else")),
    ):
        assert "passkey_refused" in page.text
    device.rp_id = "nation.example"
    assert "passkey_refused" in use(other, device).text
    device.rp_id, device.flags = "id.nation.example", UP
    assert "passkey_refused" in use(other, device).text, "no user verification"
    device.flags = UP | UV | BE
    assert "passkey_refused" in use(other, device).text, "eligibility for backup never changes"
    assert not signed_in(other)


def test_a_counter_that_goes_back_bars_the_passkey(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    use(world.browser(), device)
    use(world.browser(), device)
    device.count = 0
    copied = world.browser()
    page = use(copied, device)
    assert (page.status_code, "passkey_copied" in page.text) == (403, True)
    device.count = 50
    assert "passkey_refused" in use(copied, device).text, "barred for good, whichever of the two comes"
    assert "It may have been copied" in browser.get(LIST).text
    assert world.read(lambda conn: audited(conn, audit_table, name="identity.passkey_barred"))


def test_a_device_without_counter_is_no_copy(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    for _ in range(2):
        device.count = -1
        one = world.browser()
        use(one, device)
        assert signed_in(one)


def test_a_passkey_that_its_maker_copies_is_no_hardware_key(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    device.flags = UP | UV | BE | BS
    browser.sign_in(hanako)
    assert "Copied to other devices" in enrol(browser, device).text
    browser.post(f"{PATH}/sign-out")
    use(browser, device)
    [session] = sessions_of(world)
    assert session.amr == ("swk", "user", "mfa")


def test_an_answer_counts_once(world: World, browser: Browser, hanako: Person, device: Authenticator) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    other = world.browser()
    action, options = ceremony(other.begin("passkey"))
    answer = device.get(options)
    stolen = world.browser()
    assert "sign_in_other_browser" in stolen.post(action, {"answer": answer}).text
    other.post(action, {"answer": answer})
    other.post(f"{PATH}/sign-out")
    assert not signed_in(other)
    assert other.post(action, {"answer": answer}).status_code in (403, 409)
    assert not signed_in(other)


def test_a_test_card_marks_its_passkeys(world: World, browser: Browser, hanako: Person, device: Authenticator) -> None:
    browser.sign_in(hanako, "test")
    enrol(browser, device)
    browser.post(f"{PATH}/sign-out")
    use(browser, device)
    [session] = sessions_of(world)
    assert session.test


def test_names_are_changed_and_passkeys_removed(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    named = to_base64url(device.credential_id)
    page = browser.post(f"{LIST}/{named}/name", {f"name-{named}": " 居間の　タブレット "})
    assert "居間の タブレット" in page.text
    for wrong in ("", "x" * 41, "a\u202eb"):
        page = browser.post(f"{LIST}/{named}/name", {f"name-{named}": wrong})
        assert page.status_code == 422
        assert f'id="error-name-{named}"' in page.text
    assert browser.post(LIST, {"name": ""}).status_code == 422
    other = world.browser()
    other.sign_in(world.person("h-2", JIRO))
    for action, data in (("name", {f"name-{named}": "mine"}), ("remove", {})):
        assert "passkey_unknown" in other.post(f"{LIST}/{named}/{action}", data).text
    assert "No passkey is enrolled" in browser.post(f"{LIST}/{named}/remove").text
    assert "passkey_refused" in use(world.browser(), device).text


def test_one_device_is_enrolled_once_and_ten_are_enough(
    world: World, browser: Browser, hanako: Person, device: Authenticator
) -> None:
    browser.sign_in(hanako)
    enrol(browser, device)
    _, options = ceremony(browser.post(LIST, {"name": "again"}))
    assert [one["id"] for one in options["excludeCredentials"]] == [to_base64url(device.credential_id)]
    assert "passkey_not_enrolled" in enrol(browser, device).text
    for at in range(9):
        enrol(browser, Authenticator(ORIGIN, "id.nation.example", credential_id=f"credential-{at}".encode()))
    page = browser.post(LIST, {"name": "eleventh"})
    assert page.status_code == 422
    assert "No more can be enrolled" in page.text


def test_the_options_ask_for_what_is_demanded(browser: Browser, hanako: Person) -> None:
    browser.sign_in(hanako)
    _, options = ceremony(browser.post(LIST, {"name": "x"}))
    chosen = options["authenticatorSelection"]
    assert (chosen["userVerification"], chosen["residentKey"]) == ("required", "required")
    assert (options["rp"]["id"], options["attestation"]) == ("id.nation.example", "none")
    _, options = ceremony(browser.begin("passkey"))
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials"), "whoever looks at the page learns of nobody's passkeys"


SETTINGS = Settings(base_url=ORIGIN + PATH)
KEPT = Passkey(
    credential_id="AAAA", account_id="a", public_key=b"", sign_count=0, name="n", backup_eligible=False,
    backed_up=False, test=False, added_ms=0,
)  # fmt: skip
MEMBERS = st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "userHandle"])
PLAIN = st.none() | st.booleans() | st.text() | st.integers()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(MEMBERS, inner))


@given(st.text() | JSON.map(json.dumps))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
def test_whatever_is_sent_only_declared_errors_come_of_it(text: str) -> None:
    for work in (
        lambda: credential_named(text),
        lambda: checked(text, KEPT, SETTINGS, challenge="AAAA", handle=b"h"),
        lambda: enrolled(text, SETTINGS, challenge="AAAA", account_id="a", name="n", test=False, now_ms=0),
    ):
        try:
            work()
        except RenkeiError as error:
            assert error.code in ("passkey_refused", "passkey_not_enrolled")  # noqa: PT017
