"""The published interface: the document is valid, says what is mounted, and the endpoints keep to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from schemathesis import GenerationMode
from tests.contract.filedrop.country import country
from tests.network import JPS, Network

from renkei.assembly.cli_gateway import read_key
from renkei.assembly.peers import gateway_authority
from renkei.assembly.rest import ENDPOINTS, Endpoint, errors_of, openapi_document, schema_handlers, schema_page
from renkei.assembly.trust import read_trust
from renkei.base.errors import catalogue
from renkei.contracts.directory import Directory
from renkei.crypto.certificates import Purpose
from renkei.platform.clock import SystemClock
from renkei.platform.http_client import HttpWire
from renkei.platform.problems import CONTENT_TYPE, Problem
from renkei.platform.signed_client import SignedClient, SignedReply

SCHEMA = schemathesis.openapi.from_dict(openapi_document())
AUTHORITY = gateway_authority(JPS)
OPERATIONS = [pytest.param(endpoint, id=f"{endpoint.method} {endpoint.path}") for endpoint in ENDPOINTS]
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a running country, and the key of a business system."""
    with country(tmp_path_factory.mktemp("country"), http=True) as way:
        options = way(JPS)
        yield options[1], Path(options[3])


def cases(endpoint: Endpoint) -> st.SearchStrategy[schemathesis.Case]:
    operation = SCHEMA[endpoint.path][endpoint.method]
    return st.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)


def documented(endpoint: Endpoint) -> set[tuple[int, str]]:
    return {(status, error.code) for status, errors in errors_of(endpoint).items() for error in errors}


def test_the_document_is_valid_openapi() -> None:
    SCHEMA.validate()
    assert openapi_document()["openapi"] == "3.1.0"


def test_it_lists_exactly_what_business_systems_may_call(tmp_path: Path) -> None:
    net = Network(tmp_path)
    app = net.gateways[JPS].app
    systems = frozenset((Purpose.BUSINESS,))
    mounted = {place for place, route in app._fixed.items() if route.purposes == systems}
    mounted |= {(method, route.template) for method, _, route in app._templated if route.purposes == systems}
    asyncio.run(net.stop())
    assert mounted == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


def test_every_error_that_is_documented_is_in_the_catalogue() -> None:
    for endpoint in ENDPOINTS:
        assert {code for _, code in documented(endpoint)} <= set(catalogue())


def test_document_and_page_are_served_without_anything_from_elsewhere() -> None:
    with TestClient(Litestar(schema_handlers(), openapi_config=None)) as client:
        page, document = client.get("/schema"), client.get("/schema/openapi.json")
    assert document.json() == openapi_document()
    assert document.headers["content-type"].startswith("application/json")
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"<script|<img|<link|(?:src|href)=\"(?:https?:)?//", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    targets = set(re.findall(r' id="([^"]+)"', page.text))
    assert set(re.findall(r'href="#([^"]+)"', schema_page())) <= targets, "no dead link"


@pytest.mark.parametrize("endpoint", OPERATIONS)
def test_unsigned_calls_get_a_problem_never_a_fault(endpoint: Endpoint, running: tuple[str, Path]) -> None:
    """Whoever cannot sign learns why, and nothing else; whatever is sent, the gateway does not break."""
    url, _ = running

    @few
    @given(case=cases(endpoint))
    def check(case: schemathesis.Case) -> None:
        answer = case.call(base_url=url, headers={"Host": AUTHORITY})
        assert answer.headers["content-type"] == [CONTENT_TYPE]
        problem = msgspec.json.decode(answer.content, type=Problem)
        assert problem.code in catalogue()
        assert problem.status == answer.status_code < 500
        assert problem.family != "failed"
        assert problem.code in {"signature_missing", "signature_invalid", "digest_mismatch"}

    check()


@pytest.mark.parametrize("endpoint", OPERATIONS)
def test_signed_calls_answer_as_documented(endpoint: Endpoint, running: tuple[str, Path]) -> None:
    """Whatever an entitled business system sends: the documented answer, or a documented problem; never a fault."""
    url, key = running
    allowed = documented(endpoint)
    seen: set[int] = set()

    @few
    @given(case=cases(endpoint))
    def check(case: schemathesis.Case) -> None:
        body = b"" if isinstance(case.body, schemathesis.core.NotSet) else _json(case.body)
        path = case.formatted_path if endpoint.request is None else endpoint.path
        if not re.fullmatch(r"/[!-~]+", path) or path.count("/") != endpoint.path.count("/"):
            return
        reply = asyncio.run(signed(url, key, endpoint.method, path, body))
        if reply.problem is None:
            assert reply.status == 200
            msgspec.json.decode(reply.body, type=endpoint.answer)
        else:
            assert (reply.status, reply.problem.code) in allowed
        seen.add(reply.status)

    check()
    assert seen


def _json(body: Any) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError):
        return b"{"


async def signed(url: str, key: Path, method: str, path: str, body: bytes) -> SignedReply:
    """One call by a business system with a good key."""
    clock = SystemClock()
    trust = read_trust(key.parent.parent / "trust.json")
    directory = Directory(list(trust.anchors))
    directory.update(trust.register, at=clock.now())
    wire = HttpWire(lambda _: url)
    try:
        client = SignedClient(wire=wire, signer=read_key(key), lookup=directory.lookup, clock=clock)
        return await client.exchange(AUTHORITY, method, path.partition("?")[0], body)
    finally:
        await wire.close()
