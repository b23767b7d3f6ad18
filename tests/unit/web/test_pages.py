"""Pages over HTTP: headers, language, forms from elsewhere, error pages, static files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from litestar import Litestar, Response, get, post
from litestar.testing import TestClient

from renkei.platform.web import WebKit
from renkei.platform.web.gallery import PACKAGE, PATH, gallery_handlers
from renkei.platform.web.pages import (
    AnyRequest,
    content_policy,
    error_pages,
    page_router,
    respond,
    see_other,
    static_handler,
    word,
)

KIT = WebKit([PACKAGE])
HOST = "nation.example"


@post("/change", sync_to_thread=False)
def change() -> Response[str]:
    return see_other("/kit")


@get("/broken", sync_to_thread=False)
def broken(request: AnyRequest) -> Response[str]:
    raise ValueError("9999 1234 5678 is somebody's number")


@get("/leading", sync_to_thread=False)
def leading(request: AnyRequest) -> Response[str]:
    context = {"title": "x", "kind": "missing", "sentence": "", "code": "", "back": ""}
    origins = ["http://127.0.0.1:35970"]
    return respond(KIT, request, "kit/error.html", context, form_origins=origins, headers={"X-More": "1"})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    handlers = [page_router(KIT, [*gallery_handlers(KIT), change, broken, leading]), static_handler(KIT)]
    app = Litestar(handlers, exception_handlers=error_pages(KIT), openapi_config=None)
    with TestClient(app, base_url=f"http://{HOST}") as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Cookie": "s=1"}, 303),
        ({"Sec-Fetch-Site": "none", "Cookie": "s=1"}, 303),
        ({"Sec-Fetch-Site": "same-site", "Cookie": "s=1"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": f"http://{HOST}", "Cookie": "s=1"}, 303),
        ({"Origin": "http://other.example", "Cookie": "s=1"}, 403),
        ({"Origin": f"http://{HOST}.other.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Cookie": "s=1"}, 403),
        ({}, 303),
    ],
)
def test_a_form_comes_from_a_page_of_this_site(
    client: TestClient[Litestar], headers: dict[str, str], status: int
) -> None:
    answer = client.post("/change", headers=headers, follow_redirects=False)
    assert answer.status_code == status
    assert ("form_from_elsewhere" in answer.text) == (status == 403)


def test_every_page_carries_the_security_headers(client: TestClient[Litestar]) -> None:
    client.cookies.clear()
    for path in (PATH, "/nowhere", "/broken"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_a_page_may_name_where_else_its_forms_lead_and_that_it_has_a_script(client: TestClient[Litestar]) -> None:
    agent = "http://127.0.0.1:35970"
    plain = client.get(PATH).headers["content-security-policy"]
    assert content_policy() == plain
    assert "script-src" not in plain
    assert f"form-action 'self' {agent};" in content_policy(form_origins=[agent, agent])
    assert "script-src 'self'; form-action" in content_policy(scripts=True)
    assert "unsafe" not in content_policy(form_origins=[agent], scripts=True)


@pytest.mark.parametrize(
    "origin", ["*", "http://a.example;", "http://a.example 'unsafe-inline'", "data:", "http://a/b"]
)
def test_a_policy_takes_origins_only(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        content_policy(form_origins=[origin])


def test_a_form_for_another_site_arrives_under_our_origin(client: TestClient[Litestar]) -> None:
    headers = client.get("/leading").headers
    assert headers["referrer-policy"] == "origin"
    assert headers["x-more"] == "1"


def test_language_of_link_is_kept_in_a_cookie(client: TestClient[Litestar]) -> None:
    client.cookies.clear()
    answer = client.get(PATH, params={"lang": "en"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("lang=en;")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert 'lang="en"' in client.get(PATH).text
    client.cookies.clear()
    assert "set-cookie" not in client.get(PATH, params={"lang": '"><script>'}).headers


@pytest.fixture
def fresh_log(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """The log set up anew, so that it writes where this test listens."""
    structlog.reset_defaults()
    yield capsys
    structlog.reset_defaults()


def test_a_fault_tells_neither_the_reader_nor_the_log_its_inside(
    client: TestClient[Litestar], fresh_log: pytest.CaptureFixture[str]
) -> None:
    """An exception's own words may quote the number that it choked on."""
    answer = client.get("/broken")
    logged = fresh_log.readouterr().err
    assert "ValueError" in logged
    assert "9999" not in logged
    assert answer.status_code == 500
    assert "9999" not in answer.text
    assert "fault_inside" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "page_unknown"),
        ("GET", "/change", 405, "page_takes_nothing"),
        ("DELETE", PATH, 405, "method_unknown"),
    ],
)
def test_unknown_addresses_get_a_page(
    client: TestClient[Litestar], method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert code in answer.text


def test_static_files(client: TestClient[Litestar]) -> None:
    answer = client.get(KIT.assets.url("kit/kit.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/kit-kit.0000000000000000.css").status_code == 404
    assert client.get("/static/..%2fkit.py").status_code == 404


def test_a_form_with_errors_comes_back_filled_in(client: TestClient[Litestar]) -> None:
    answer = client.post(PATH, data={"reason": "<late>"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "&lt;late&gt;" in answer.text


@pytest.mark.parametrize("path", ["https://other.example/", "//other.example", "/\\other.example", "other", ""])
def test_a_redirect_stays_within_the_site(path: str) -> None:
    with pytest.raises(ValueError, match="within the site"):
        see_other(path)


def test_a_form_of_any_size_gets_a_page(client: TestClient[Litestar]) -> None:
    answer = client.post(PATH, data={"reason": "x" * 11_000_000})
    assert answer.status_code == 413
    assert "form_too_large" in answer.text


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        (f"http://{HOST}/kit?page=2", "/kit?page=2"),
        ("http://other.example/kit", ""),
        (f"http://{HOST}//other.example", ""),
        (f"http://{HOST}/nowhere", ""),
        ("", ""),
    ],
)
def test_an_error_page_leads_back_to_the_page_before(client: TestClient[Litestar], referer: str, back: str) -> None:
    """Within the site only, and not to the page that just failed."""
    text = client.get("/nowhere", headers={"Referer": referer, "Accept-Language": "en"}).text
    assert ("Back to the page before" in text) == bool(back)
    assert not back or f'href="{back}"' in text
    assert "other.example" not in text


def test_a_language_link_never_opens_the_address_of_a_form(client: TestClient[Litestar]) -> None:
    answer = client.post("/change", headers={"Origin": "null", "Referer": f"http://{HOST}/kit"})
    assert 'href="/kit?lang=en"' in answer.text
    assert 'href="/?lang=en"' in client.post("/change", headers={"Origin": "null"}).text


@pytest.mark.parametrize(("text", "kept"), [("2026-000001", True), ("a\x00", False), ("あ", False), ("x" * 129, False)])
def test_a_word_of_an_address(text: str, kept: bool) -> None:
    assert word(text) == (text if kept else "")
