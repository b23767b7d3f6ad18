"""The stamping authority over HTTP (RFC 3161 §3.4)."""

from __future__ import annotations

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from renkei.crypto.timestamps import REQUEST_BYTES_MAX
from renkei.institutions.timestamps.operations import Timestamps
from renkei.platform.web.pages import AnyRequest

PATH = "/tsa"
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


def timestamp_handler(timestamps: Timestamps, *, path: str = PATH) -> HTTPRouteHandler:
    """Takes `application/timestamp-query`, answers `application/timestamp-reply`."""

    @post(path, request_max_body_size=REQUEST_BYTES_MAX, status_code=200)
    async def stamp(request: AnyRequest) -> Response[bytes]:
        if request.headers.get("content-type", "").partition(";")[0].strip() != QUERY:
            return Response(b"", status_code=415, media_type=REPLY)
        return Response(await timestamps.stamp(await request.body()), media_type=REPLY)

    return stamp
