"""What every verifier may fetch from an issuer: its keys and its status lists. Nothing here names a holder."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from renkei.institutions.credentials.errors import CredentialUnknown
from renkei.institutions.credentials.operations import CredentialIssuer

STATUS_MEDIA_TYPE = "application/statuslist+jwt"


def credential_handlers(
    issuers: Mapping[str, CredentialIssuer], *, path: str = "/credentials"
) -> list[HTTPRouteHandler]:
    """Keys (`{path}/{issuer}/keys`) and status lists (`{path}/{issuer}/status/{n}`) of the issuers, by body."""

    def issuer(issuer_id: str) -> CredentialIssuer:
        if issuer_id not in issuers:
            raise CredentialUnknown()
        return issuers[issuer_id]

    @get(path + "/{issuer_id:str}/keys")
    async def keys(issuer_id: FromPath[str]) -> Response[bytes]:
        public = issuer(issuer_id).key.as_dict(private=False)
        found = {"issuer": issuer(issuer_id).url, "jwks": {"keys": [public]}}
        return Response(msgspec.json.encode(found), media_type="application/json")

    @get(path + "/{issuer_id:str}/status/{number:int}")
    async def status(issuer_id: FromPath[str], number: FromPath[int]) -> Response[str]:
        if not 1 <= number <= 1_000_000:
            raise CredentialUnknown()
        return Response(await issuer(issuer_id).status_list(number), media_type=STATUS_MEDIA_TYPE)

    return [keys, status]
