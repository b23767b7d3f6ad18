"""Pages over HTTP: language, security headers, protection of forms, error pages and static files, for Litestar.

Forms are protected against being sent from another site by what the browser itself says of the sender, not by a hidden
token: `Sec-Fetch-Site`, which no script can set and which every browser since 2023 sends, else `Origin`. A token
would have to be kept for each reader before sign-in, breaks forms kept open over night or opened twice, and is
forgotten in the one form that matters; the header covers every handler without a line in a form. Browsers send it over
TLS and to localhost; elsewhere `Origin` decides. Whoever sends neither is no browser in use: with a cookie they are
refused, without one they hold no one's authority that could be misused.
Pages therefore must not change anything on GET, and session cookies are `SameSite=Lax` besides.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from litestar import Request, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from renkei.base.errors import RenkeiError
from renkei.platform.errors import FaultInside, MethodUnknown, RouteUnknown
from renkei.platform.logging import get_logger
from renkei.platform.web.assets import PREFIX
from renkei.platform.web.catalogue import Language, choose_language
from renkei.platform.web.errors import (
    FormFromElsewhere,
    FormTooLarge,
    FormUnreadable,
    PageTakesNothing,
    PageUnknown,
)
from renkei.platform.web.kit import WebKit

AnyRequest: TypeAlias = Request[Any, Any, Any]
AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]

LANGUAGE_COOKIE = "lang"
LANGUAGE_COOKIE_AGE_S = 365 * 24 * 3600
WORD_MAX = 128
ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?", re.ASCII)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_policy(*, form_origins: Sequence[str] = (), scripts: bool = False) -> str:
    """The content security policy of a page.

    Args:
        form_origins: origins to which its forms may lead besides the site, each `scheme://host[:port]`.
        scripts: our own script files run; inline ones never do, and none may talk to anybody.

    Raises:
        ValueError: something else than an origin, which could smuggle in a rule of its own.
    """
    if strange := [origin for origin in form_origins if not ORIGIN.fullmatch(origin)]:
        raise ValueError(f"not an origin: {strange[0]!r}")
    forms = " ".join(["'self'", *dict.fromkeys(form_origins)])
    running = "script-src 'self'; " if scripts else ""
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self' data:; {running}form-action {forms}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


# No script runs, nothing is framed, forms go nowhere else, and no machine keeps a page. The referrer stays within the
# site; "no-referrer" would also blank the Origin of our own forms.
PAGE_HEADERS = COMMON_HEADERS | {
    "Content-Security-Policy": content_policy(),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}
ASSET_HEADERS = COMMON_HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}


def language_of(request: AnyConnection) -> Language:
    """The language to answer in: `?lang=`, else the cookie, else `Accept-Language`, else Japanese."""
    return choose_language(
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language"),
    )


def respond(
    kit: WebKit,
    request: AnyRequest,
    template: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
    cookies: Sequence[Cookie] = (),
    form_origins: Sequence[str] = (),
    scripts: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """A page as an answer: rendered in the reader's language, under the security headers.

    A language asked for by link is kept in a cookie, which says nothing else about the reader.

    Args:
        form_origins: where else its forms may lead: other sites of the same act, such as a card agent. Browsers hold
            the whole chain of redirects after a form against this list.
        scripts: the page names script files of ours (`content_policy`).
        headers: further headers.
    """
    language = language_of(request)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in SAFE_METHODS:
        here = page_before(request) or kit.site.home  # a language link must not open the address of a form
    kept = list(cookies)
    if request.query_params.get("lang") in set(Language):
        kept.append(_language_cookie(request, language))
    policy = {"Content-Security-Policy": content_policy(form_origins=form_origins, scripts=scripts)}
    if form_origins:
        # With "same-origin" the form would arrive there under `Origin: null` (Fetch, "append a request Origin header").
        policy["Referrer-Policy"] = "origin"
    return Response(
        kit.page(template, language=language, here=here, **context),
        status_code=status,
        media_type=MediaType.HTML,
        headers=PAGE_HEADERS | policy | dict(headers or {}),
        cookies=kept,
    )


def see_other(path: str, *, cookies: Sequence[Cookie] = (), headers: Mapping[str, str] | None = None) -> Response[str]:
    """Send the reader on after a form (303), so that a reload does not send it twice.

    Raises:
        ValueError: `path` leads out of the site.
    """
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/\\")):
        raise ValueError("a redirect stays within the site")
    sent = PAGE_HEADERS | dict(headers or {}) | {"Location": path}
    return Response("", status_code=303, media_type=MediaType.TEXT, headers=sent, cookies=list(cookies))


def download(content: bytes, name: str, media_type: str = "application/json") -> Response[bytes]:
    """A file that the browser saves under `name`, which is our own and plain ASCII."""
    headers = COMMON_HEADERS | {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


def word(text: str) -> str:
    """What an address or a form names, where it can be a name at all; empty where it cannot."""
    return text if text.isascii() and text.isprintable() and len(text) <= WORD_MAX else ""


def session_cookie(request: AnyRequest, name: str, value: str, *, path: str) -> Cookie:
    """A cookie that ends with the browser; an empty value ends it now. No script reads it, no other site sends it."""
    return Cookie(
        key=name, value=value, path=path, max_age=None if value else 0, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def page_before(request: AnyRequest) -> str:
    """Path and query of the page of this site that the reader comes from; empty where it is not told."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.headers.get("host") or not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def own_forms_only(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Litestar guard: a request that may change something comes from a page of this site.

    Raises:
        FormFromElsewhere: the browser names another sender, or no sender although it brings a cookie.
    """
    if connection.scope.get("method", "") in SAFE_METHODS:
        return
    headers = connection.headers
    site = headers.get("sec-fetch-site")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    elif (origin := headers.get("origin")) is not None:
        allowed = urlsplit(origin).netloc == headers.get("host")
    else:
        allowed = "cookie" not in headers
    if not allowed:
        raise FormFromElsewhere(private=f"sec-fetch-site={site!r}")


def page_router(kit: WebKit, handlers: Sequence[ControllerRouterHandler], *, path: str = "/") -> Router:
    """A router whose handlers answer with pages: forms guarded, errors as pages, left out of the OpenAPI document."""
    return Router(
        path=path,
        route_handlers=handlers,
        guards=[own_forms_only],
        exception_handlers=error_pages(kit),
        include_in_schema=False,
    )


def static_handler(kit: WebKit) -> HTTPRouteHandler:
    """The handler of every style sheet and picture, kept by browsers for ever."""

    @get(PREFIX + "{name:str}", sync_to_thread=False, include_in_schema=False)
    def static(name: FromPath[str]) -> Response[bytes]:
        asset = kit.assets.served.get(name)
        if asset is None:
            raise RouteUnknown()
        return Response(asset.content, media_type=asset.media_type, headers=ASSET_HEADERS)

    return static


def error_pages(kit: WebKit) -> ExceptionHandlersMap:
    """Exception handlers that answer with a page: what happened, why, what to do, and the code to quote.

    For a page router; give them to the application as well, so that an address that no router knows gets a page too.
    """

    def refuse(request: AnyRequest, error: RenkeiError) -> Response[str]:
        return _error_page(kit, request, error, error.status.http)

    def refuse_http(request: AnyRequest, error: HTTPException) -> Response[str]:
        return _error_page(kit, request, _translate(error, request.method), error.status_code)

    def fail(request: AnyRequest, error: Exception) -> Response[str]:
        request_id = secrets.token_hex(4)
        get_logger("web").error("fault_inside", request_id=request_id, exc_info=error)
        return _error_page(kit, request, FaultInside(request_id=request_id), 500)

    return {RenkeiError: refuse, HTTPException: refuse_http, Exception: fail}


def _error_page(kit: WebKit, request: AnyRequest, error: RenkeiError, status: int) -> Response[str]:
    language = language_of(request)
    back = page_before(request)
    kind = "missing" if status == 404 else error.family.value
    context: dict[str, object] = {
        "title": kit.text(language, f"kit.error.{kind}"),
        "kind": kind,
        "sentence": error.sentence(language.value),
        "code": error.code,
        "back": "" if back.partition("?")[0] in (request.url.path, kit.site.home) else back,
    }
    return respond(kit, request, "kit/error.html", context, status=status)


def _translate(error: HTTPException, method: str) -> RenkeiError:
    if error.status_code == 404:
        return PageUnknown()
    if error.status_code == 405:
        headers: Mapping[str, str] = error.headers or {}
        return PageTakesNothing() if method == "GET" else MethodUnknown(allowed=headers.get("Allow", "GET"))
    if error.status_code == 413:
        return FormTooLarge()
    return FormUnreadable(private=type(error).__name__)


def _language_cookie(request: AnyRequest, language: Language) -> Cookie:
    return Cookie(
        key=LANGUAGE_COOKIE,
        value=language.value,
        max_age=LANGUAGE_COOKIE_AGE_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
