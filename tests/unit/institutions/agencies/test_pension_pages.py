"""The pension office's pages, as a browser without scripts sees them."""

from __future__ import annotations

import asyncio
import re
from datetime import date

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import MetaData
from tests.contract.agencies.doubles import NOW, RememberingGateway, RememberingLedger, given, without
from tests.unit.openid.double import made

from renkei.base.errors import catalogue
from renkei.contracts.directory import Directory
from renkei.contracts.errors import ExchangeInterrupted
from renkei.contracts.exchange import Outcome
from renkei.contracts.identity import Acr, StaffUser
from renkei.contracts.information import LocalTax, LocalTaxYear, ResidentRecord
from renkei.contracts.standing import Standing
from renkei.contracts.standins import DemoClerk
from renkei.contracts.words import Words
from renkei.institutions.agencies.pension import queries, store
from renkei.institutions.agencies.pension.model.amount import Months
from renkei.institutions.agencies.pension.model.claims import Insured, Residence, State
from renkei.institutions.agencies.pension.operations import register
from renkei.institutions.agencies.pension.service import PensionOffice
from renkei.institutions.agencies.pension.web import PACKAGE
from renkei.institutions.agencies.pension.web.entrance import Workplace
from renkei.institutions.agencies.pension.web.pages import routes
from renkei.institutions.agencies.pension.web.views import STATE_TONES
from renkei.law import LawBook
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.openid import Grant
from renkei.platform.web import WebKit
from renkei.platform.web.pages import error_pages, page_router
from renkei.platform.web.rp_sessions import RpSessions, define_rp_session_table
from renkei.platform.web.standing import LOOKS

RECORD = ResidentRecord(
    name="見本 和子", kana="ミホン カズコ", address="見本町1-1", birth=date(1961, 11, 2), sex="female",
    resident_since=date(2026, 2, 14), moved_from="m-011002", household="1", relation="妻", household_size=2,
)  # fmt: skip
TAX = LocalTax(
    years=[
        LocalTaxYear(
            fiscal_year=2026, income_year=2025, salary_income_yen=370_000, pension_income_yen=0,
            business_income_yen=0, total_income_yen=370_000, dependants=0, income_levy_yen=0,
            per_capita_levy_yen=0, exempt=True,
        )
    ]
)  # fmt: skip
NUMBER = "20261123000000000001"
CLAIM = "/pension/claims/2026-000001"


@pytest.fixture
def gateway() -> RememberingGateway:
    made = RememberingGateway()
    made.responses = {
        "resident_record": lambda inquiry: given(inquiry, RECORD),
        "local_tax": lambda inquiry: given(inquiry, TAX),
    }
    return made


@pytest.fixture
def office(gateway):
    with Database.open("sqlite://", metadata=store.metadata) as db:
        with db.writing() as conn:
            people = [("7", "見本 和子", date(1961, 11, 2)), ("9", "架空 <b>進</b>", date(1960, 3, 30))]
            register.enter_insured(
                conn,
                [
                    Insured(own_number=number, name=name, kana="ミホン", birth=birth, months=Months(paid=407))
                    for number, name, birth in people
                ],
                now=NOW,
            )
            homes = [Residence(date(1999, 4, 1), "m-011002"), Residence(date(2026, 2, 14), "m-131121")]
            register.set_residences(conn, [("7", home) for home in homes])
        yield PensionOffice(db, gateway=gateway, addressees=RememberingLedger(), clock=MovableClock(NOW))


@pytest.fixture
def sessions(office):
    metadata = MetaData()
    table = define_rp_session_table(metadata)
    with Database.open("sqlite://", metadata=metadata) as db:
        yield RpSessions(db, table, key=b"k" * 32, clock=office.clock, path="/pension", cookie="pension_session")


@pytest.fixture
def visitor(office, sessions):
    """A browser in which nobody is signed in."""
    kit = WebKit([PACKAGE])
    rp, _ = made(office.clock, redirect_uri="https://office.example/pension/return")
    handlers = routes(
        kit=kit,
        office=office,
        words=Words(Directory([]), LawBook.load()),
        evidence_href=lambda number: f"/evidence/{number}.json",
        rp=rp,
        sessions=sessions,
        workplace=Workplace("jps", "pension-claims"),
        claimants=["9"],
        samples=[DemoClerk("jps", "見本 職員", "jps", "pension-claims", "見どころ", "what to see")],
    )
    app = Litestar([page_router(kit, handlers)], exception_handlers=error_pages(kit), openapi_config=None)
    with TestClient(app) as client:
        client.headers.update({"accept-language": "en", "sec-fetch-site": "same-origin"})
        yield client


def sign_in(client, sessions, **changes: object) -> None:
    """As after the provider's answer."""
    values: dict[str, object] = {
        "staff_id": "clerk-1", "name": "見本 職員", "body_id": "jps", "section": "pension-claims",
        "affairs": frozenset(("73",)), "roles": frozenset(("asker", "decider")), "terminal": "t-1", "sid": "sid-1",
        "acr": Acr.CARD, "auth_ms": 0, "test": True,
    }  # fmt: skip
    user = StaffUser(**{**values, **changes})  # type: ignore[arg-type]
    given = Grant(sub="s", sid=user.sid, acr="aal3", auth_ms=0, access_token="a", expires_ms=0, dpop_key=b"d" * 32)
    client.cookies.set("pension_session", asyncio.run(sessions.create(given, msgspec.json.encode(user))))


@pytest.fixture
def client(visitor, sessions):
    sign_in(visitor, sessions)
    return visitor


def filed(client, **more: str):
    return client.post("/pension/claims", data={"own_number": "7", **more})


def asked(client):
    filed(client)
    return client.post(f"{CLAIM}/ask")


def state(office) -> State:
    return office.db.read_now(lambda conn: queries.claim(conn, "2026-000001")).state


def test_a_claim_is_filed_asked_and_granted_without_a_paper(client, office) -> None:
    page = filed(client)
    assert page.status_code == 200
    assert "Before: 2 papers" in page.text
    assert "Now: not asked yet" in page.text
    page = client.post(f"{CLAIM}/ask")
    assert "Now: none" in page.text
    assert page.text.count("Given") >= 2
    page = client.post(f"{CLAIM}/decision", data={"decision": "grant"})
    assert "The pension is granted" in page.text
    assert "¥718,440" in page.text
    assert state(office) is State.GRANTED


def test_an_answer_shows_source_age_law_number_and_evidence(client) -> None:
    page = asked(client).text
    for shown in (
        "m-131121",
        "m-011002",
        "copy made 1 day ago",
        "row 73",
        NUMBER,
        f"/evidence/{NUMBER}.json",
        "¥370,000",
    ):
        assert shown in page, shown


def test_the_copies_are_no_longer_shown_after_the_decision(client) -> None:
    assert "見本町1-1" in asked(client).text
    page = client.post(f"{CLAIM}/decision", data={"decision": "grant"}).text
    assert "見本町1-1" not in page
    assert "The copy is erased" in page
    assert "¥370,000" in page  # what the decision rests on stays
    assert NUMBER in page


@pytest.mark.parametrize(
    ("outcome", "reason", "words"),
    [
        (Outcome.PENDING, "waiting_for_clerk", "a clerk there decides"),
        (Outcome.NONE, "no_copy", "no such data"),
        (Outcome.NONE, "withheld", "a clerk decided not to give"),
        (Outcome.REFUSED, "no_code", "no linkage code"),
        (Outcome.REFUSED, "case_missing", "cannot be asked"),
        (Outcome.LAPSED, "permit_expired", "not answered in time"),
        (Outcome.FAILED, "exchange_interrupted", "we failed; it goes on by itself"),
    ],
)
def test_every_standing_has_its_own_words(client, gateway, outcome: Outcome, reason: str, words: str) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, outcome, reason)
    page = asked(client).text
    card = page[page.index('aria-labelledby="need-income"') :]
    assert words in card
    assert catalogue()[reason].en.partition("{")[0].replace("'", "&#39;") in card


def test_no_two_standings_look_alike() -> None:
    """Neither by drawing, in forced colours and on paper, nor by their words (tested above)."""
    assert set(LOOKS) == set(Standing)
    assert len({look.icon for look in LOOKS.values()}) == len(LOOKS)
    assert set(STATE_TONES) == set(State)


def test_a_paper_that_is_still_needed_must_be_ticked(client, gateway, office) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, Outcome.NONE, "no_copy")
    assert "Now: 1 paper" in asked(client).text
    page = client.post(f"{CLAIM}/decision", data={"decision": "grant"})
    assert page.status_code == 422
    assert 'href="#field-decision"' in page.text
    assert state(office) is State.READY
    client.post(f"{CLAIM}/decision", data={"decision": "grant", "papers": "income"})
    assert state(office) is State.GRANTED


def test_several_papers_are_ticked(client, gateway, office) -> None:
    for information in ("local_tax", "resident_record"):
        gateway.responses[information] = lambda inquiry: without(inquiry, Outcome.NONE, "no_copy")
    assert "Now: 2 papers" in asked(client).text
    client.post(f"{CLAIM}/decision", data={"decision": "grant", "papers": ["income", "residence"]})
    assert state(office) is State.GRANTED


@pytest.mark.parametrize(
    ("decision", "reached"),
    [
        ("hold:record_to_be_corrected", State.HELD),
        ("refuse:not_resident", State.REFUSED),
        ("withdraw", State.WITHDRAWN),
        ("", State.READY),
        ("refuse:<script>", State.READY),
        ("nonsense", State.READY),
    ],
)
def test_only_what_can_be_decided_is_decided(client, office, decision: str, reached: State) -> None:
    asked(client)
    page = client.post(f"{CLAIM}/decision", data={"decision": decision})
    assert state(office) is reached
    assert page.status_code == (422 if reached is State.READY else 200)
    assert "<script>" not in page.text


def test_a_broken_line_is_said_and_the_claim_goes_on(client, gateway, office) -> None:
    filed(client)
    gateway.broken = True
    page = client.post(f"{CLAIM}/ask")
    assert page.status_code == 200
    assert "The inquiry was interrupted" in page.text
    assert "Now: not known yet" in page.text
    assert state(office) is State.WAITING
    gateway.broken = False
    assert "Now: none" in client.post(f"{CLAIM}/ask").text


def test_a_line_broken_while_filing_still_opens_the_claim(client, gateway) -> None:
    """The claim is written down before the gateway hears of its case."""
    gateway.broken = True
    assert filed(client).status_code == 503
    gateway.broken = False
    assert "Now: none" in client.post(f"{CLAIM}/ask").text


def test_a_form_sent_twice_leads_to_the_claim_that_stands(client) -> None:
    """One claim, not two; the page says that it was filed already."""
    filed(client)
    page = filed(client)
    assert page.status_code == 200
    assert page.url.path == CLAIM
    assert page.url.query == b"already=1"
    assert CLAIM.rpartition("/")[2] in page.text
    assert client.get("/pension").text.count("/pension/claims/2026-") == 1


def test_the_list_shows_claims_and_offers_the_people_of_the_demonstration_first(client) -> None:
    page = client.get("/pension").text
    assert "No claims yet" in page
    assert re.findall(r'<option value="(\d)"', page) == ["9", "7"]
    assert "&lt;b&gt;進&lt;/b&gt;" in page
    filed(client, family="yes")
    page = client.get("/pension").text
    assert CLAIM in page
    assert re.findall(r'<option value="(\d)"', page) == ["9"]


def test_a_third_paper_is_replaced_where_a_supplement_is_claimed(client, gateway) -> None:
    page = filed(client, family="yes")
    assert "Before: 3 papers" in page.text


def test_an_unknown_claim_is_a_page_with_its_code(client) -> None:
    for page in (client.get("/pension/claims/2026-999999"), client.post("/pension/claims/2026-999999/ask")):
        assert page.status_code == 404
        assert "claim_unknown" in page.text


def test_an_outstanding_answer_appears_when_the_page_is_opened_again(client, gateway) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, Outcome.PENDING, "waiting_for_clerk")
    assert "a clerk there decides" in asked(client).text
    gateway.responses["local_tax"] = lambda inquiry: given(inquiry, TAX)
    assert "Now: none" in client.get(CLAIM).text


def test_the_page_is_there_in_japanese(client) -> None:
    asked(client)
    page = client.get(CLAIM + "?lang=ja").text
    for shown in (
        "前は：2枚",
        "今は：なし",
        "住民票の写し",
        "番号法19条8号",
        "73の項",
        "国民年金法による給付に係る申請",
    ):
        assert shown in page, shown


def test_an_interrupted_refresh_still_shows_the_page(client, gateway, office) -> None:
    gateway.responses["local_tax"] = lambda inquiry: without(inquiry, Outcome.PENDING, "waiting_for_clerk")
    asked(client)

    async def broken(batch: str) -> None:
        raise ExchangeInterrupted()

    gateway.result = broken  # type: ignore[method-assign]
    page = client.get(CLAIM)
    assert page.status_code == 200
    assert "The inquiry was interrupted" in page.text
    with pytest.raises(ExchangeInterrupted):
        asyncio.run(office.refresh("2026-000001"))


# --- staff ---

PAGES = (("GET", "/pension"), ("GET", CLAIM), ("POST", "/pension/claims"), ("POST", f"{CLAIM}/ask"))


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_nobody_but_staff_who_are_signed_in_sees_or_does_anything(visitor, sessions, method: str, path: str) -> None:
    """番号法12条: the way in, and the people of a demonstration whose cards lie ready."""
    page = visitor.request(method, path, data={"own_number": "7"} if method == "POST" else None)
    assert page.status_code == (200 if path == "/pension" and method == "GET" else 403)
    assert "Sign in as staff" in page.text
    assert "what to see" in page.text
    assert "見本 和子" not in page.text


@pytest.mark.parametrize("place", [{"body_id": "m-131121"}, {"section": "desk"}])
def test_staff_of_another_body_or_section_are_shown_the_way_out(visitor, sessions, place) -> None:
    sign_in(visitor, sessions, **place)
    page = visitor.get("/pension")
    assert page.status_code == 403
    assert "another body or section" in page.text
    assert "/pension/sign-out" in page.text


def test_a_clerk_does_what_the_role_covers_and_nothing_else(visitor, sessions, office) -> None:
    """Least privilege: who may not ask does not ask, who may not decide does not decide."""
    sign_in(visitor, sessions, roles=frozenset(("decider",)))
    assert visitor.get("/pension").status_code == 200
    page = visitor.post("/pension/claims", data={"own_number": "7"})
    assert page.status_code == 403
    assert "role of asking" in page.text
    visitor.cookies.clear()
    sign_in(visitor, sessions, roles=frozenset(("asker",)))
    asked(visitor)
    page = visitor.post(f"{CLAIM}/decision", data={"decision": "grant"})
    assert page.status_code == 403
    assert "role of deciding" in page.text
    assert state(office) is State.READY


def test_what_a_clerk_does_is_recorded_under_the_staff_id(client, gateway) -> None:
    page = asked(client)
    assert gateway.sent[-1].user == "clerk-1"
    assert "見本 職員" in page.text
    assert "Signed in with a test card" in page.text
