"""The published interface of a body's gateway to its own business systems: OpenAPI 3.1 and a plain page.

Generated from what the gateway runs: paths and summaries from its endpoints, schemas from the messages' types, error
answers from the catalogue of errors. A test compares the list below with the routes that are mounted.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

import renkei
from renkei.base.errors import RenkeiError
from renkei.contracts.errors import (
    BatchUnknown,
    CallerMismatch,
    MessageMalformed,
    PersonUnknown,
    RequestConflict,
    TooManyItems,
)
from renkei.contracts.exchange import ITEMS_MAX, Accepted
from renkei.contracts.information import SCHEMAS
from renkei.contracts.inquiries import (
    PATH_CASES,
    PATH_COPIES,
    PATH_INQUIRIES,
    PATH_PERSONS,
    CaseBatch,
    CopyBatch,
    CopyReceipt,
    InquiryBatch,
    InquiryResults,
    PersonMarksBatch,
)
from renkei.contracts.numbering import PATH_ACQUISITIONS, AcquisitionBatch
from renkei.crypto.certificates import Purpose
from renkei.crypto.errors import (
    CertificateExpired,
    CertificateInvalid,
    ClockSkew,
    DigestMismatch,
    SignatureInvalid,
    SignatureMissing,
)
from renkei.crypto.evidence import ALGORITHM, REQUEST_ID_FIELD
from renkei.crypto.messages import CLOCK_TOLERANCE, authority_of
from renkei.institutions.gateway.web.business import BusinessEndpoints
from renkei.platform import problems
from renkei.platform.errors import BodyTooLarge, FaultInside, MessageReplayed, Overloaded, StoreFailed
from renkei.platform.signed_app import BODY_BYTES_MAX, TAG_REPLY, TAG_REQUEST

Json = dict[str, Any]
"""A part of a JSON document that is only written, never read here."""

PATH_SCHEMA = "/schema"
PATH_DOCUMENT = "/schema/openapi.json"
_REF = "#/components/schemas/{name}"


class Endpoint(NamedTuple):
    """One signed endpoint of a gateway, as a business system sees it."""

    method: Literal["GET", "POST"]
    path: str
    handler: Callable[..., object]
    """Its docstring is the summary."""
    request: type[msgspec.Struct] | None
    answer: type[msgspec.Struct]
    errors: tuple[type[RenkeiError], ...]
    """Besides those that every endpoint may answer with (`COMMON_ERRORS`)."""


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST", PATH_INQUIRIES, BusinessEndpoints.inquiries, InquiryBatch, InquiryResults,
        (MessageMalformed, TooManyItems, RequestConflict),
    ),
    Endpoint(
        "GET", PATH_INQUIRIES + "/{batch}", BusinessEndpoints.inquiry_results, None, InquiryResults, (BatchUnknown,)
    ),
    Endpoint(
        "POST", PATH_COPIES, BusinessEndpoints.copies, CopyBatch, CopyReceipt, (MessageMalformed, RequestConflict)
    ),
    Endpoint("POST", PATH_CASES, BusinessEndpoints.cases, CaseBatch, Accepted, (MessageMalformed, PersonUnknown)),
    Endpoint(
        "POST", PATH_PERSONS, BusinessEndpoints.persons, PersonMarksBatch, Accepted, (MessageMalformed, PersonUnknown)
    ),
    Endpoint(
        "POST", PATH_ACQUISITIONS, BusinessEndpoints.acquisitions, AcquisitionBatch, Accepted, (MessageMalformed,)
    ),
)  # fmt: skip

COMMON_ERRORS: tuple[type[RenkeiError], ...] = (
    SignatureMissing, SignatureInvalid, DigestMismatch, ClockSkew, CertificateInvalid, CertificateExpired,
    CallerMismatch, MessageReplayed, BodyTooLarge, Overloaded, StoreFailed, FaultInside,
)  # fmt: skip


# --- the document ---


@cache
def openapi_document() -> Json:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Renkei gateway: interface for business systems (業務システム接続)",
            "version": renkei.__version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": f"https://{authority_of('body', Purpose.GATEWAY)}".replace("body", "{body_id}", 1),
                "description": "The authority of a body's gateway: what the signature covers and the Host field says, "
                "whatever address the connection goes to.",
                "variables": {"body_id": {"default": "jps", "description": "Body id, such as m-131121."}},
            }
        ],
        "security": [{"messageSignature": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "messageSignature": {"type": "apiKey", "in": "header", "name": "signature", "description": _SIGNATURE}
            },
            "parameters": {name: _parameter(name, *told) for name, told in _FIELDS.items()},
            "schemas": _schemas(),
        },
    }


_DESCRIPTION = (
    "What a body's own business systems send to its gateway. Every request and every answer is signed (RFC 9421) and "
    "carries the digest of its content (RFC 9530). Errors are RFC 9457 problem documents, signed too, with a stable "
    f"`code` and a sentence in Japanese and English. At most {ITEMS_MAX:,} items fit one message, "
    f"{BODY_BYTES_MAX:,} bytes one body. A message repeated under the same batch id gets the same answer and makes "
    "one record."
)
_SIGNATURE = (
    "One RFC 9421 signature by the key of a business-system certificate, over: @method, @authority, @path, @query, "
    "content-digest, content-type (with a body), and every renkei-* field. Parameters: created (at most "
    f"{int(CLOCK_TOLERANCE.total_seconds() // 60)} minutes off), keyid (SHA-256 of the certificate, hexadecimal), "
    f'nonce (never used twice), alg="{ALGORITHM}", tag="{TAG_REQUEST}". The answer is signed likewise with '
    f'tag="{TAG_REPLY}" (problems: "{problems.TAG}"), over @status, content-digest, content-type, every renkei-* '
    "field, and content-digest;req and signature;req, which bind it to its request."
)
_FIELDS: dict[str, tuple[str, str]] = {
    "signature-input": ("What the signature covers, and its parameters (RFC 9421 §4.1).", r"^[\x20-\x7e]+$"),
    "signature": ("The signature (RFC 9421 §4.2).", r"^[A-Za-z0-9-]+=:[A-Za-z0-9+/]+=*:$"),
    "content-digest": ("SHA-256 of the body, also of an empty one (RFC 9530 §2).", r"^sha-256=:[A-Za-z0-9+/]{43}=:$"),
    REQUEST_ID_FIELD: ("Id of the request; the answer repeats it.", r"^[A-Za-z0-9._:-]{1,64}$"),
}


def _parameter(name: str, description: str, pattern: str) -> Json:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}


def _paths() -> Json:
    paths: defaultdict[str, Json] = defaultdict(dict)
    for endpoint in ENDPOINTS:
        paths[endpoint.path][endpoint.method.lower()] = _operation(endpoint)
    return dict(paths)


def _operation(endpoint: Endpoint) -> Json:
    summary = (endpoint.handler.__doc__ or "").strip().partition("\n")[0]
    parameters: list[Json] = [{"$ref": f"#/components/parameters/{name}"} for name in _FIELDS]
    if "{batch}" in endpoint.path:
        parameters.append(
            {"name": "batch", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        )
    operation: Json = {
        "operationId": endpoint.handler.__name__, "summary": summary, "parameters": parameters,
        "responses": {"200": _answer("Done.", "application/json", _ref(endpoint.answer)), **_refusals(endpoint)},
    }  # fmt: skip
    if endpoint.request is not None:
        content = {"application/json": {"schema": _ref(endpoint.request)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answer(description: str, media_type: str, schema: Json) -> Json:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def errors_of(endpoint: Endpoint) -> dict[int, list[type[RenkeiError]]]:
    """Every error that an endpoint may answer with, by HTTP status, in the order of the codes."""
    found: defaultdict[int, list[type[RenkeiError]]] = defaultdict(list)
    for error in sorted({*endpoint.errors, *COMMON_ERRORS}, key=lambda kind: kind.code):
        found[status_of(error)].append(error)
    return dict(sorted(found.items()))


def status_of(error: type[RenkeiError]) -> int:
    """HTTP status of an error."""
    return error().status.http


def _refusals(endpoint: Endpoint) -> Json:
    responses: Json = {}
    for status, errors in errors_of(endpoint).items():
        codes = [error.code for error in errors]
        schema = {"allOf": [_ref(problems.Problem), {"properties": {"code": {"enum": codes}}}]}
        told = " ".join(f"`{error.code}`: {error.en}" for error in errors)
        responses[str(status)] = _answer(told, problems.CONTENT_TYPE, schema)
    return responses


# --- schemas ---


def _ref(kind: type[msgspec.Struct]) -> Json:
    return {"$ref": _REF.format(name=kind.__name__)}


def _schemas() -> Json:
    kinds = [kind for endpoint in ENDPOINTS for kind in (endpoint.request, endpoint.answer) if kind is not None]
    shown = [_shown(kind) for kind in dict.fromkeys([*kinds, problems.Problem])]
    _, components = msgspec.json.schema_components(shown, ref_template=_REF)
    return dict(components)


@cache
def _shown(kind: Any) -> Any:
    """`kind` with every raw member in the type that it holds: the body of a copy, or null for none."""
    if get_origin(kind) is list:
        return list[_shown(get_args(kind)[0])]  # type: ignore[misc]
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return kind
    fields = msgspec.structs.fields(kind)
    types = [_body(required=field.required) if field.type is msgspec.Raw else _shown(field.type) for field in fields]
    if types == [field.type for field in fields]:
        return kind
    members: list[Any] = []
    for field, shown in zip(fields, types, strict=True):
        if field.type is msgspec.Raw and not field.required:
            members.append((field.name, shown, None))
        elif field.default is not msgspec.NODEFAULT:
            members.append((field.name, shown, field.default))
        elif field.default_factory is not msgspec.NODEFAULT:
            members.append((field.name, shown, msgspec.field(default_factory=field.default_factory)))
        else:
            members.append((field.name, shown))
    return msgspec.defstruct(
        kind.__name__, members, frozen=True, kw_only=True, forbid_unknown_fields=True,
        array_like=kind.__struct_config__.array_like, namespace={"__doc__": kind.__doc__},
    )  # fmt: skip


def _body(*, required: bool) -> Any:
    bodies = [schema.body for schema in SCHEMAS]
    return Union[tuple(bodies)] if required else Union[(*bodies, None)]  # noqa: UP007  # made at run time


# --- the page ---

_STYLE = """
:root{color-scheme:light dark;font:1rem/1.7 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1rem}
code,pre{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
pre{white-space:pre-wrap;border:1px solid;padding:1rem}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
h2{margin-top:3rem;border-top:2px solid}
a{color:inherit}
"""
_POLICY = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}


@cache
def schema_page() -> str:
    """The same as a page: no script, no picture, nothing from elsewhere."""
    document = openapi_document()
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(document['info']['title'])}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{escape(document['info']['title'])}</h1><p>{escape(_DESCRIPTION)}</p><p>{escape(_SIGNATURE)}</p>",
        f'<p><a href="{PATH_DOCUMENT}">OpenAPI 3.1 (JSON)</a></p><nav aria-label="Endpoints"><ul>',
        *(f'<li><a href="#{one.handler.__name__}">{one.method} {escape(one.path)}</a></li>' for one in ENDPOINTS),
        "</ul></nav>",
        *(_section(endpoint, document) for endpoint in ENDPOINTS),
        "<h2>Schemas</h2>",
        *(_schema_section(name, schema) for name, schema in document["components"]["schemas"].items()),
        "</main></body></html>",
    ]
    return "".join(parts)


def _section(endpoint: Endpoint, document: Json) -> str:
    operation = document["paths"][endpoint.path][endpoint.method.lower()]
    request = f"<p>Request: {_link(endpoint.request)}</p>" if endpoint.request else ""
    rows = "".join(
        f"<tr><td>{status}</td><td><code>{error.code}</code></td>"
        f'<td><span lang="ja">{escape(error.ja)}</span><br>{escape(error.en)}</td></tr>'
        for status, errors in errors_of(endpoint).items()
        for error in errors
    )
    return (
        f'<h2 id="{endpoint.handler.__name__}">{endpoint.method} {escape(endpoint.path)}</h2>'
        f"<p>{escape(operation['summary'])}</p>{request}<p>Answer: {_link(endpoint.answer)}</p>"
        f"<table><thead><tr><th>HTTP</th><th>code</th><th>ja / en</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _link(kind: type[msgspec.Struct]) -> str:
    return f'<a href="#schema-{kind.__name__}"><code>{kind.__name__}</code></a>'


def _schema_section(name: str, schema: Json) -> str:
    text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
    return f'<h3 id="schema-{escape(name)}">{escape(name)}</h3><pre>{escape(text)}</pre>'


# --- handlers ---


@get(PATH_SCHEMA, media_type=MediaType.HTML, sync_to_thread=False)
def schema_html() -> Response[str]:
    """The interface as a page."""
    return Response(schema_page(), headers=_HEADERS, media_type=MediaType.HTML)


@get(PATH_DOCUMENT, sync_to_thread=False)
def schema_json() -> Response[bytes]:
    """The interface as an OpenAPI document."""
    content = msgspec.json.encode(openapi_document())
    return Response(content, headers=_HEADERS, media_type="application/json")


def schema_handlers() -> list[HTTPRouteHandler]:
    """Handlers for the country's port, or for a gateway's."""
    return [schema_html, schema_json]
