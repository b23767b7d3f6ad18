"""Records of proofing on both databases, and the clerk's pages over them."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from litestar.testing import TestClient
from tests.contract.proofing.screen import NOW, Desk, app_of, staff

from renkei.base.time import to_ms
from renkei.contracts.proofing import ProofingUnknown, ProofingWithdrawn
from renkei.institutions.proofing import operations, queries, store
from renkei.institutions.proofing.errors import ItemsNotMatched, ProofingInsufficient, WithdrawalRefused
from renkei.institutions.proofing.model.rules import Holder, Proof
from renkei.institutions.proofing.model.sufficient import Shown
from renkei.institutions.proofing.service import ProofingOffice
from renkei.platform.audit_store import audited
from renkei.platform.clock import MovableClock

CARD = Shown(kind="personal_number_card", holder=Holder.PERSON, issuer="見本市長", valid_until=date(2030, 4, 1))
TWO = [
    Shown(kind="health_eligibility_certificate", holder=Holder.PERSON, valid_until=date(2027, 3, 31)),
    Shown(kind="pension_number_notice", holder=Holder.PERSON),
]
BY = {"case_id": "person_counter", "body_id": "m-131121", "section": "residents", "clerk": "s-1", "now": NOW}


@pytest.fixture
def db(open_database):
    return open_database(store.metadata)


def test_a_record_says_what_was_seen_and_nothing_more(db) -> None:
    with db.writing() as conn:
        number = Shown(kind="notification_card", holder=Holder.PERSON, issuer="見本市長")
        kept = operations.record_proofing(
            conn, [number, *TWO], evidence_id="PF-AAAA-BBBB-CCCC", matched=True,
            difficult=frozenset((Proof.IDENTITY, Proof.NUMBER)), reference="2026-17", **BY,
        )  # fmt: skip
        assert kept.measures == ("number_paper", "two_papers")
        assert kept.sources[1] == "施行規則2条3項"
        assert kept.difficult == ("identity",), "a difficulty on which nothing rests is not claimed"
        assert kept.documents == (number, *TWO)
        [event] = audited(conn, store.audit_table, name="proofing.recorded")
        assert event.fields["measures"] == ["number_paper", "two_papers"]
        assert queries.records(conn, "m-131121")[0].evidence_id == kept.evidence_id
        assert queries.records(conn, "m-131130") == []
        proven = queries.proven(conn, kept.evidence_id)
        assert (proven.case, proven.clerk, proven.at_ms) == ("person_counter", "s-1", to_ms(NOW))


def test_nothing_is_kept_of_what_does_not_suffice(db) -> None:
    with db.writing() as conn:
        for shown, matched, error in ((TWO, True, ProofingInsufficient), ([CARD], False, ItemsNotMatched)):
            with pytest.raises(error):
                operations.record_proofing(conn, shown, evidence_id="PF-AAAA-BBBB-CCCC", matched=matched, **BY)
        assert queries.records(conn, "m-131121") == []
        assert audited(conn, store.audit_table) == []


def test_a_record_is_withdrawn_once_and_by_its_own_body(db) -> None:
    with db.writing() as conn:
        operations.record_proofing(conn, [CARD], evidence_id="PF-AAAA-BBBB-CCCC", matched=True, **BY)
        with pytest.raises(WithdrawalRefused):
            operations.withdraw(conn, "PF-AAAA-BBBB-CCCC", body_id="m-131130", clerk="s-9", now=NOW)
        operations.withdraw(conn, "PF-AAAA-BBBB-CCCC", body_id="m-131121", clerk="s-2", now=NOW)
        with pytest.raises(WithdrawalRefused):
            operations.withdraw(conn, "PF-AAAA-BBBB-CCCC", body_id="m-131121", clerk="s-2", now=NOW)
        with pytest.raises(ProofingWithdrawn):
            queries.proven(conn, "PF-AAAA-BBBB-CCCC")
        with pytest.raises(ProofingUnknown):
            queries.proven(conn, "PF-AAAA-BBBB-CCCD")


def test_the_office_gives_new_ids_and_takes_them_in_any_width(db) -> None:
    async def run() -> None:
        office = ProofingOffice(db, clock=MovableClock(NOW))
        first = await office.record([CARD], case_id="person_counter", matched=True, staff=staff())
        second = await office.record([CARD], case_id="person_counter", matched=True, staff=staff())
        assert first.evidence_id != second.evidence_id
        found = await office.evidence(first.evidence_id.lower().replace("-", ""))
        assert found.evidence_id == first.evidence_id
        await office.withdraw(first.evidence_id, staff=staff())
        with pytest.raises(ProofingWithdrawn):
            await office.evidence(first.evidence_id)

    asyncio.run(run())


class Screen:
    """A clerk's screen."""

    def __init__(self, db) -> None:
        self.desk = Desk()
        self.client = TestClient(app_of(db, self.desk))

    def get(self, path: str, **kwargs):
        return self.client.get(path, follow_redirects=False, **kwargs)

    def post(self, path: str, **kwargs):
        return self.client.post(path, follow_redirects=False, **kwargs)


@pytest.fixture
def screen(db):
    return Screen(db)


DETAILS = "/proofing/new/person_counter/details"
FORM = {
    "person": "personal_number_card", "person-personal_number_card-issuer": "見本市長",
    "person-personal_number_card-until": "2030-04-01", "matched": "yes", "reference": "",
}  # fmt: skip


def test_from_the_case_to_the_number(screen) -> None:
    assert "/proofing/new/person_counter" in screen.get("/proofing").text
    step = screen.get("/proofing/new/person_counter?person=personal_number_card&next=1")
    assert step.status_code == 303
    assert step.headers["location"] == f"{DETAILS}?person=personal_number_card"
    page = screen.get(step.headers["location"])
    assert 'name="person-personal_number_card-until"' in page.text
    done = screen.post(DETAILS, data=FORM)
    assert done.status_code == 303
    record = screen.get(done.headers["location"])
    assert "番号法16条1号" in record.text
    assert "見本市長" in record.text
    for _ in range(2):
        assert screen.post(done.headers["location"] + "/withdraw").status_code == 303
    assert "取消し" in screen.get(done.headers["location"]).text
    screen.desk.staff = staff("m-131130")
    assert screen.get(done.headers["location"]).status_code == 404
    assert screen.post(done.headers["location"] + "/withdraw").status_code == 409


def test_what_is_missing_is_said_in_words(screen) -> None:
    page = screen.get("/proofing/new/person_counter?person=driving_licence&next=1")
    assert page.status_code == 422
    assert "番号確認" in page.text
    assert "住民票の写し・住民票記載事項証明書（個人番号入り）" in page.text
    assert "checked" in page.text
    none = screen.get("/proofing/new/person_counter?next=1")
    assert none.status_code == 422
    assert "提示を受けたものを選んでください" in none.text
    expired = screen.post(DETAILS, data=FORM | {"person-personal_number_card-until": "2020-01-01"})
    assert expired.status_code == 422
    assert "有効期限が切れています" in expired.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"matched": ""}, "一致することを確かめていません"),
        ({"reference": "123456789018"}, "個人番号は入力しないでください"),
        ({"person-personal_number_card-issuer": "免許 123456789012"}, "番号は入力しないでください"),
        ({"person-personal_number_card-until": "いつか"}, "日付は"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(screen, change, sentence) -> None:
    page = screen.post(DETAILS, data=FORM | change)
    assert page.status_code == 422
    assert sentence in page.text
    assert "field__error" in page.text


def test_forms_that_no_page_made(screen) -> None:
    assert screen.get("/proofing/new/nowhere").status_code == 404
    assert screen.post(DETAILS, data={}).status_code == 422
    assert screen.post(DETAILS, data={"person": ["x" * 500, "passport"] * 40, "matched": "yes"}).status_code == 422
    assert screen.get("/proofing/records/PF-AAAA-BBBB-CCCC").status_code == 404


def test_nobody_without_a_sign_in(screen) -> None:
    screen.desk.staff = None
    assert screen.get("/proofing").headers["location"] == "/sign-in?back=/proofing"
    assert screen.post(DETAILS, data=FORM).status_code == 303
