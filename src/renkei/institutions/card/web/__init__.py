"""What the authority publishes over HTTP: OCSP (RFC 6960 appendix A), CRLs and its own certificates (RFC 5280).

Anyone may ask: an answer says how a serial number stands, and nothing of whose it is.
"""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from renkei.base.errors import RenkeiError
from renkei.crypto.person_authority import REQUEST_BYTES_MAX
from renkei.institutions.card.errors import GenerationUnknownHere
from renkei.institutions.card.service import PATH, CardAuthority
from renkei.platform.problems import CONTENT_TYPE, encode_problem

OCSP_REQUEST, OCSP_RESPONSE = "application/ocsp-request", "application/ocsp-response"
CRL, CERTIFICATE = "application/pkix-crl", "application/pkix-cert"
_ISSUER_ID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def handlers(authority: CardAuthority, *, path: str = PATH) -> list[ControllerRouterHandler]:
    """`POST {path}/ocsp`, `GET {path}/crl/{issuer id}.crl`, `GET {path}/ca/{issuer id}.cer`."""

    @post(f"{path}/ocsp", request_max_body_size=REQUEST_BYTES_MAX, status_code=200)
    async def ocsp(request: Request[Any, Any, Any]) -> Response[bytes]:
        if request.headers.get("content-type", "").partition(";")[0].strip() != OCSP_REQUEST:
            return Response(b"", status_code=415, media_type=OCSP_RESPONSE)
        answer = await authority.ocsp(await request.body())
        return Response(answer, media_type=OCSP_RESPONSE, headers={"cache-control": "no-store"})

    @get(f"{path}/crl/{{name:str}}")
    async def crl(name: FromPath[str]) -> Response[bytes]:
        try:
            return Response(await authority.crl(_issuer_id(name, ".crl")), media_type=CRL)
        except RenkeiError as error:
            return _problem(error)

    @get(f"{path}/ca/{{name:str}}")
    async def ca(name: FromPath[str]) -> Response[bytes]:
        try:
            return Response(authority.ca(_issuer_id(name, ".cer")), media_type=CERTIFICATE)
        except RenkeiError as error:
            return _problem(error)

    return [ocsp, crl, ca]


def _issuer_id(name: str, ending: str) -> str:
    issuer_id = name.removesuffix(ending)
    if issuer_id == name or _ISSUER_ID.fullmatch(issuer_id) is None:
        raise GenerationUnknownHere()
    return issuer_id


def _problem(error: RenkeiError) -> Response[bytes]:
    return Response(encode_problem(error), status_code=error.status.http, media_type=CONTENT_TYPE)
