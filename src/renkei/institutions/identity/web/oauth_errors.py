"""Errors as OAuth clients read them: JSON (RFC 6749 §5.2) with our stable code beside."""

from __future__ import annotations

import secrets

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from renkei.base.errors import Family, RenkeiError
from renkei.institutions.identity.errors.asks import AskDenied
from renkei.institutions.identity.errors.protocol import EndpointFault, RequestMalformed
from renkei.institutions.identity.model.jose import ALGORITHMS
from renkei.platform.logging import get_logger
from renkei.platform.web.pages import COMMON_HEADERS, AnyRequest

JSON = "application/json"
NO_STORE = COMMON_HEADERS | {"Cache-Control": "no-store", "Pragma": "no-cache"}
FAMILY_ERROR = {
    Family.REFUSED: "access_denied",
    Family.INVALID: "invalid_request",
    Family.FAILED: "temporarily_unavailable",
}


class OAuthError(msgspec.Struct, frozen=True):
    """An error answer."""

    error: str
    error_description: str
    code: str
    """Ours, stable; listed with every other error code."""


def oauth_code(error: RenkeiError) -> str:
    """Error code of the RFCs for an error of ours."""
    if isinstance(error, AskDenied):
        return error.public["reason"]
    found: str = getattr(error, "oauth", "")
    return found or FAMILY_ERROR[error.family]


def description(error: RenkeiError) -> str:
    """The English sentence in the characters that RFC 6749 §5.2 allows."""
    sentence = error.sentence("en").replace('"', "'").replace("\\", "/")
    return "".join(one if " " <= one <= "~" else "?" for one in sentence)


def oauth_error(error: RenkeiError) -> Response[bytes]:
    """An error as an answer."""
    code, status = oauth_code(error), error.status.http
    headers = dict(NO_STORE)
    if status == 401:
        algorithms = " ".join(ALGORITHMS)
        headers["WWW-Authenticate"] = f'DPoP error="{code}", algs="{algorithms}"'
    body = OAuthError(error=code, error_description=description(error), code=error.code)
    return Response(msgspec.json.encode(body), status_code=status, media_type=JSON, headers=headers)


def oauth_errors() -> ExceptionHandlersMap:
    """Exception handlers of endpoints that programs call."""

    def refuse(_request: AnyRequest, error: RenkeiError) -> Response[bytes]:
        if error.family is Family.FAILED:
            get_logger("identity").error("endpoint_failed", code=error.code, private=error.private)
        return oauth_error(error)

    def refuse_http(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
        answer = oauth_error(RequestMalformed(parameter="body"))
        answer.status_code = error.status_code if 400 <= error.status_code < 500 else 400
        return answer

    def fail(_request: AnyRequest, error: Exception) -> Response[bytes]:
        request_id = secrets.token_hex(4)
        get_logger("identity").error("fault_inside", request_id=request_id, exc_info=error)
        return oauth_error(EndpointFault(request_id=request_id))

    return {RenkeiError: refuse, HTTPException: refuse_http, Exception: fail}


def json_answer(content: msgspec.Struct | bytes, *, status: int = 200, kept_s: int = 0) -> Response[bytes]:
    """JSON as an answer, kept by nobody unless `kept_s` says how long."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    headers = NO_STORE if not kept_s else COMMON_HEADERS | {"Cache-Control": f"public, max-age={kept_s}"}
    return Response(body, status_code=status, media_type=JSON, headers=headers)
