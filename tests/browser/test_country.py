"""The country as people use it: by hand, without JavaScript, from the claim to the person's own list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.country import Live, sign_in

from renkei.assembly.trust import TRUST_FILE, read_trust
from renkei.assembly.verify import verify_file
from renkei.law import LawBook

Visit = Callable[..., Page]
CLAIMANT = re.compile("見本")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    opened = Live(tmp_path_factory.mktemp("country"))
    yield opened
    opened.close()


def be_clerk(page: Page, live: Live, slug: str) -> None:
    live.be(page, "/gateway", slug)
    expect(page).to_have_url(f"{live.url}/gateway/console")


def be_person(page: Page, live: Live, slug: str) -> None:
    live.be(page, "/portal", slug)
    page.goto(f"{live.url}/portal/access")


def ask(page: Page, case: str, information: str, provider: str) -> None:
    """Ask at the console about a prepared case."""
    page.locator(f"input[name=target][value^='{case}/']").check()
    page.select_option("[name=information]", information)
    page.select_option("[name=provider]", provider)
    page.get_by_role("button", name="照会する", exact=True).click()


def test_a_claim_without_a_paper_from_the_front_page_to_the_claimants_list(live: Live, visit: Visit) -> None:
    """国民年金法16条の裁定請求: what two papers proved is asked under 番号法19条8号, and the claimant sees it."""
    page = visit(live.url)
    before = int(page.locator(".figures__item", has_text="やりとりの記録").locator(".figures__value").inner_text())
    page.get_by_role("link", name="1. 年金事務所で請求を受け付ける").click()
    sign_in(page, "/pension", "jps-clerk-01")
    page.get_by_role("button", name="受け付ける").click()
    expect(page.locator(".problems")).to_contain_text("請求者が選ばれていません")
    option = page.locator("#field-own_number option", has_text=CLAIMANT).get_attribute("value")
    page.select_option("#field-own_number", option)
    page.get_by_role("button", name="受け付ける").click()
    expect(page.get_by_role("heading", name="前は：2枚")).to_be_visible()
    expect(page.get_by_role("heading", name="今は：まだ照会していません")).to_be_visible()

    page.get_by_role("button", name="情報連携で照会する").click()
    expect(page.get_by_role("heading", name="今は：なし")).to_be_visible()
    for body, age in (("東京都世田谷区", "9日前の写し"), ("北海道札幌市", "20日前の写し")):
        card = page.locator(".record", has_text=body)
        expect(card.locator(".chip")).to_have_text("提供あり")
        expect(card).to_contain_text(age)
        expect(card).to_contain_text("番号法19条8号、令和6年デジタル庁・総務省令9号2条の表73の項")

    page.get_by_label("裁定する").check()
    page.get_by_role("button", name="記録する").click()
    expect(page.locator("main")).to_contain_text("年金を裁定しました")
    expect(page.locator("main")).not_to_contain_text("東京都世田谷区手本町")  # the copy is erased with the decision

    page.get_by_role("link", name="請求者として見る").click()
    be_person(page, live, "claimant")
    sentences = page.locator(".record__sentence").all_inner_texts()
    assert sentences == [
        "日本年金機構（年金給付課）が、年金の請求の審査のために、北海道札幌市から「地方税関係情報」を受け取りました。",
        "日本年金機構（年金給付課）が、年金の請求の審査のために、東京都世田谷区から「住民票関係情報」を受け取りました。",
    ]
    first = page.locator(".record").first
    expect(first.get_by_text("処理通番", exact=True)).to_be_hidden()
    first.locator("summary").click()
    expect(first.get_by_text("処理通番", exact=True)).to_be_visible()
    expect(first).to_contain_text(
        "国民年金法による給付に係る申請、届出その他の行為に係る事実についての審査に関する事務"
    )
    expect(first).to_contain_text("署名された台帳の値と照らして確かめました")

    page.locator(".header__leave button").click()
    page.goto(f"{live.url}/portal/access")
    expect(page.locator("main")).not_to_contain_text("地方税関係情報")
    page.goto(live.url)
    after = int(page.locator(".figures__item", has_text="やりとりの記録").locator(".figures__value").inner_text())
    assert after == before + 2


def test_evidence_is_saved_as_a_file_and_holds_offline(live: Live, visit: Visit) -> None:
    page = visit(live.url)
    be_clerk(page, live, "jps-clerk-01")
    ask(page, "sample-2", "local_tax", "m-011002")
    with page.expect_download() as saved:
        page.get_by_role("link", name="証拠をファイルに保存する").click()
    assert re.fullmatch(r"evidence-\d{20}\.json", saved.value.suggested_filename)
    content = Path(str(saved.value.path())).read_bytes()
    now = live.demonstration.country.clock.now()
    verdict = verify_file(content, read_trust(live.folder / TRUST_FILE), book=LawBook.load(), now=now)
    assert verdict.as_json()["holds"] is True


@pytest.mark.parametrize("decision", ["withhold", "give"])
def test_a_protected_person_is_answered_only_when_a_clerk_decides(live: Live, visit: Visit, decision: str) -> None:
    """支援措置: an address must not reach anybody by machine, and the requester is not told why it does not."""
    page = visit(live.url)
    be_clerk(page, live, "jps-clerk-01")
    ask(page, "sample-1", "resident_record", "m-203211")
    asked = page.url
    expect(page.locator("h1 .chip")).to_have_text("職員の判断待ち")
    expect(page.locator("main")).not_to_contain_text("住所")

    be_person(page, live, "protected")
    expect(page.locator(".record").first.locator(".chip")).to_have_text("照会を受付・まだ渡されていません")

    nobody = visit(f"{live.url}/gateway")
    expect(nobody.locator(".cards__item", has_text="長野県軽井沢町").first).to_contain_text("判断を待つ照会 1件")
    be_clerk(page, live, "m-203211-desk-01")
    page.locator("#waiting ~ table a").first.click()
    expect(page.locator("main")).to_contain_text("自動では回答しない人です")
    expect(page.locator("main")).to_contain_text("回答すると伝わること：氏名、氏名のカナ、住所")
    waiting = page.url
    page.get_by_role("button", name="記録する").click()
    expect(page.locator(".problems")).to_contain_text("回答するかしないかを選んでください")
    page.locator(f"input[value='{decision}']").check()
    if decision == "give":
        page.get_by_role("button", name="記録する").click()
        expect(page.locator(".problems")).to_contain_text("伝わってよいことを確かめて")
        page.locator("input[name=checked]").check()
    page.get_by_role("button", name="記録する").click()
    expect(page.locator(".banner[data-kind=success]")).to_contain_text("判断を記録しました")

    page.goto(waiting)  # the back button, or a colleague who had it open
    expect(page.locator("main")).to_contain_text("すでに判断されたか、回答期限を過ぎました")

    be_clerk(page, live, "jps-clerk-01")
    live.run(live.demonstration.country.settle())
    words = "提供あり" if decision == "give" else "職員の判断で提供なし"
    for _ in range(50):
        page.goto(asked)
        if page.locator("h1 .chip").inner_text() == words:
            break
    expect(page.locator("h1 .chip")).to_have_text(words)
    if decision == "give":
        expect(page.locator("main")).to_contain_text("長野県軽井沢町練習町")
    be_person(page, live, "protected")
    chip = "渡されました" if decision == "give" else "渡されていません"
    expect(page.locator(".record").first.locator(".chip")).to_have_text(chip)


@pytest.mark.parametrize(
    ("provider", "words", "because"),
    [
        ("m-011002", "該当する情報なし", "副本を登録していません"),
        ("m-203211", "符号がない", "符号を持っていません"),
        ("jhia", "法律上認められない", "提供者（全国健康保険協会）に「地方税関係情報」を求めることを認める規定が"),
    ],
)
def test_what_is_not_given_says_why_in_words_of_its_own(
    live: Live, visit: Visit, provider: str, words: str, because: str
) -> None:
    page = visit(live.url)
    be_clerk(page, live, "jps-clerk-01")
    ask(page, "sample-2", "local_tax", provider)
    expect(page.locator("h1 .chip")).to_have_text(words)
    expect(page.locator("main")).to_contain_text(because)


def test_a_case_that_is_not_open_is_refused(live: Live, visit: Visit) -> None:
    """Full width, hyphens and spaces are taken; the gateway refuses, and keeps that it did."""
    page = visit(live.url)
    be_clerk(page, live, "jps-clerk-01")
    page.get_by_label("一覧にない事案", exact=False).first.check()
    page.locator("summary", has_text="番号を入力して照会する").click()
    page.fill("#field-address_number", "一二三")
    page.fill("#field-case", "ないもの")
    page.select_option("[name=affairs]", "73.2")
    page.select_option("[name=information]", "local_tax")
    page.select_option("[name=provider]", "m-011002")
    page.get_by_role("button", name="照会する", exact=True).click()
    expect(page.locator(".problems")).to_contain_text("数字だけで15桁まで")
    expect(page.locator("#field-address_number")).to_be_visible()
    expect(page.locator("#field-case")).to_have_value("ないもの")
    page.fill("#field-address_number", "００－００ １")
    page.get_by_role("button", name="照会する", exact=True).click()
    expect(page.locator("h1 .chip")).to_have_text("照会できない")
    expect(page.locator("main")).to_contain_text("開いている事案がありません")


def test_a_form_sent_twice_asks_once(live: Live, visit: Visit) -> None:
    """A double click: one record, one answer."""
    page = visit(live.url)
    be_clerk(page, live, "jps-clerk-01")
    form = {
        "once": str(page.locator("input[name=once]").get_attribute("value")),
        "target": str(page.locator("input[name=target][value^='sample-2/']").get_attribute("value")),
        "information": "local_tax",
        "provider": "m-011002",
    }
    rows = page.locator("#recent ~ table tbody tr")
    count = rows.count()
    answers = [
        page.request.post(f"{live.url}/gateway/console/ask", form=form, headers={"Origin": live.url}) for _ in range(2)
    ]
    assert answers[0].url == answers[1].url
    assert "/results/" in answers[0].url
    page.reload()
    assert rows.count() == count + 1
    ask(page, "sample-2", "local_tax", "m-011002")  # a form opened anew is a new question
    assert page.url != answers[0].url


def test_another_sections_inquiry_is_not_shown(live: Live, visit: Visit) -> None:
    page = visit(live.url)
    be_clerk(page, live, "jps-clerk-01")
    ask(page, "sample-2", "local_tax", "m-011002")
    asked = page.url
    be_clerk(page, live, "m-131121-child-01")
    page.goto(asked)
    expect(page.locator("h1")).to_have_text("見つかりません")
    expect(page.locator("main")).not_to_contain_text("地方税関係情報")


def test_a_long_access_list_is_read_page_by_page(live: Live, visit: Visit) -> None:
    live.ask("no-copy", batch="many-1", count=60)
    page = visit(live.url)
    be_person(page, live, "no-copy")
    seen: list[str] = []
    pages = 1
    while True:
        seen += [str(entry.get_attribute("id")) for entry in page.locator(".record h3").all()]
        older = page.get_by_role("link", name="もっと古い記録を見る")
        if not older.count():
            break
        older.click()
        pages += 1
    assert pages == 2
    assert len(seen) >= 60
    assert seen == sorted(set(seen), reverse=True)
    page.get_by_role("link", name="新しい記録に戻る").click()
    assert page.locator(".record h3").first.get_attribute("id") == seen[0]


def test_what_may_not_be_shown_is_counted_and_explained(live: Live, visit: Visit) -> None:
    """番号法23条2項: not even to the person; but the person learns how many there are."""
    live.ask("mother", batch="shown-1")
    live.ask("mother", batch="hidden-1", hidden=True)
    page = visit(live.url)
    be_person(page, live, "mother")
    expect(page.locator(".record")).to_have_count(1)
    expect(page.locator(".record__sentence")).to_contain_text("児童手当の請求の審査のために、日本年金機構から")
    expect(page.locator(".banner")).to_contain_text("表示できない記録が1件あります")
    expect(page.locator(".banner")).to_contain_text("番号法23条2項")


def test_someone_without_a_code_is_told_so(live: Live, visit: Visit) -> None:
    page = visit(live.url)
    be_person(page, live, "no-code")
    expect(page.locator(".banner")).to_contain_text("符号がまだ届いていない")


def test_english_says_the_same(live: Live, visit: Visit) -> None:
    live.ask("mother", batch="english-1")
    page = visit(live.url, language="en")
    be_person(page, live, "mother")
    expect(page.locator(".record__sentence").first).to_contain_text(
        "(Children and families) received your “Pension benefits and contributions” from Japan Pension Service"
    )
    page.locator("summary").first.click()
    expect(page.locator(".facts span[lang=ja]").first).to_contain_text("児童手当法")
