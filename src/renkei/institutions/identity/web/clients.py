"""Requests of clients at the edge: their form, who they are, which key they hold.

For the other areas: `authenticated` at an endpoint that a client calls for itself, `presented` at one that takes an
access token of ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qsl

from renkei.contracts.identity import Realm
from renkei.institutions.identity.errors.protocol import (
    ClientUnproven,
    ParameterTwice,
    ProofWrong,
    RequestMalformed,
    ScopeMissing,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.proofs import Proof
from renkei.institutions.identity.model.tokens import Grant, OwnClaims
from renkei.institutions.identity.operations import dpop, grants, replay
from renkei.institutions.identity.operations.client_auth import Proved, prove
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.platform.errors import BodyTooLarge
from renkei.platform.web.pages import AnyRequest

FORM = "application/x-www-form-urlencoded"
BODY_BYTES_MAX = 32_768
PARAMETERS_MAX = 40


class Presented(NamedTuple):
    """An access token that holds, and the grant behind it."""

    claims: OwnClaims
    grant: Grant


async def authenticated(means: Means, request: AnyRequest) -> tuple[Client, dict[str, str]]:
    """The client that sends this form, and its parameters without the assertion, which is used up.

    Raises:
        ClientUnproven, ClientStopped, RequestMalformed, ParameterTwice, BodyTooLarge.
    """
    found = await proved(means, request)
    await admit(means, found)
    return found.client, found.parameters


async def proved(means: Means, request: AnyRequest) -> Proved:
    """As `authenticated`; the caller has to use the assertion up (`admit`)."""
    form = await form_of(request)
    if "authorization" in request.headers:
        raise ClientUnproven(reason="method")
    realm = realm_of(means, request)
    issuer, now = means.settings.issuer(realm), means.clock.now()
    return means.db.read_now(lambda conn: prove(conn, form, realm=realm, issuer=issuer, now=now))


async def admit(means: Means, found: Proved | None = None, proof: Proof | None = None) -> None:
    """Use proofs up.

    Raises:
        ClientUnproven, ProofWrong: used before.
    """
    marks = [one.mark for one in (found, proof) if one is not None]
    if not await means.db.write(lambda conn: replay.admitted(conn, marks), brief=True):
        raise ProofWrong(reason="replayed") if found is None else ClientUnproven(reason="replayed")


async def presented(means: Means, keys: ProviderKeys, request: AnyRequest, *, scope: str = "") -> Presented:
    """The access token of a request to a resource of the provider itself, with its DPoP proof.

    Raises:
        TokenWrong, ProofWrong: it does not hold, or the proof was used before.
        ScopeMissing: it does not reach to `scope`.
    """
    now = means.clock.now()
    found = dpop.present(
        keys, request.headers.get("authorization", ""), proofs_in(request), method=request.method,
        url=own_url(means, request), now=now,
    )  # fmt: skip
    grant = means.db.read_now(lambda conn: grants.of_token(conn, found.claims, now))
    await admit(means, proof=found.proof)
    if scope and scope not in grant.scopes:
        raise ScopeMissing(scope=scope)
    return Presented(found.claims, grant)


def token_of(means: Means, keys: ProviderKeys) -> Callable[[AnyRequest], Awaitable[Presented]]:
    """`presented` with its means given."""

    async def found(request: AnyRequest) -> Presented:
        return await presented(means, keys, request)

    return found


def key_of(means: Means, request: AnyRequest) -> Proof | None:
    """The DPoP proof of a request of a client; None where it brings none.

    Raises:
        ProofWrong: it brings one that does not hold.
    """
    proofs = proofs_in(request)
    if not proofs:
        return None
    return dpop.prove_key(proofs, method=request.method, url=own_url(means, request), now=means.clock.now())


def proofs_in(request: AnyRequest) -> list[str]:
    """Every `DPoP` field of a request; fields may have been joined on the way (RFC 9110 §5.3)."""
    return [proof.strip() for field in request.headers.getall("dpop", []) for proof in field.split(",")]


def own_url(means: Means, request: AnyRequest) -> str:
    """This endpoint as it is published: whatever a proxy in front made of host and scheme."""
    return means.settings.origin + request.url.path


def realm_of(means: Means, request: AnyRequest) -> Realm:
    """The realm to whose endpoints a request came.

    Raises:
        RequestMalformed: none.
    """
    name = request.url.path.removeprefix(f"{means.settings.path}/realms/").partition("/")[0]
    if name not in set(Realm):
        raise RequestMalformed(parameter="realm")
    return Realm(name)


async def form_of(request: AnyRequest) -> dict[str, str]:
    """Parameters of a form, each once; empty ones are as if they were not there (RFC 6749 §3.1).

    Raises:
        RequestMalformed: no form, or one that cannot be read.
        ParameterTwice, BodyTooLarge.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise RequestMalformed(parameter="content-type")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > BODY_BYTES_MAX:
        raise BodyTooLarge(limit_bytes=BODY_BYTES_MAX)
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        raise BodyTooLarge(limit_bytes=BODY_BYTES_MAX)
    return read_form(body)


def read_form(body: bytes) -> dict[str, str]:
    """As `form_of`, of bytes.

    Raises:
        RequestMalformed, ParameterTwice.
    """
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise RequestMalformed(parameter="body") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            raise ParameterTwice(parameter=name if name.isascii() and name.isprintable() and len(name) < 60 else "?")
        form[name] = value
    return {name: value for name, value in form.items() if value}
