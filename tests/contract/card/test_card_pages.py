"""The authority over HTTP, asked by OpenSSL as well as by us."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from litestar import Litestar
from litestar.testing import TestClient
from tests.card_authority import NOW, application, opened

from renkei.crypto.person_certificates import read_person_certificate
from renkei.crypto.revocation import StatusKind, ocsp_request, read_crl, read_ocsp
from renkei.institutions.card.model.standing import Held
from renkei.institutions.card.service import CardAuthority
from renkei.institutions.card.web import handlers

HEADERS = {"content-type": "application/ocsp-request"}


@pytest.fixture
def site(tmp_path: Path):
    authority, _ = asyncio.run(opened(tmp_path))
    held = asyncio.run(authority.issue(application(), user="clerk-1")).signature
    with TestClient(Litestar(route_handlers=handlers(authority))) as client:
        yield client, authority, held
    authority.db.close()


def test_the_addresses_in_the_certificate_lead_there(site: tuple[TestClient, CardAuthority, Held]) -> None:
    client, authority, held = site
    trusted = authority.authorities()
    shown = read_person_certificate(held.der, authorities=trusted, at=NOW)
    extensions = x509.load_der_x509_certificate(held.der).extensions
    points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    crl_at = points[0].full_name[0].value.removeprefix("https://card.example")
    where = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    ocsp_at = where[0].access_location.value.removeprefix("https://card.example")
    answer = client.post(ocsp_at, content=ocsp_request(shown, authorities=trusted), headers=HEADERS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response")
    assert read_ocsp(answer.content, certificate=shown, authorities=trusted, at=NOW).kind is StatusKind.GOOD
    crl = client.get(crl_at)
    assert (crl.status_code, crl.headers["content-type"]) == (200, "application/pkix-crl")
    assert read_crl(crl.content, certificate=shown, authorities=trusted, at=NOW).kind is StatusKind.GOOD
    ca = client.get(f"/jpki/ca/{held.issuer_id}.cer")
    assert ca.content == authority.ca(held.issuer_id)


def test_bad_requests(site: tuple[TestClient, CardAuthority, Held]) -> None:
    client, _, held = site
    assert (client.post("/jpki/ocsp", content=b"x", headers={"content-type": "text/plain"})).status_code == 415
    assert (client.post("/jpki/ocsp", content=b"x" * 5000, headers=HEADERS)).status_code == 413
    assert (client.post("/jpki/ocsp", content=b"x", headers=HEADERS)).content == bytes.fromhex("30030a0101")
    for path in (
        f"/jpki/crl/{held.issuer_id}", f"/jpki/crl/{'0' * 64}.crl", "/jpki/ca/x.cer", f"/jpki/ca/{held.issuer_id}.crl",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "card_generation_unknown"


def test_openssl_reads_the_answers(site: tuple[TestClient, CardAuthority, Held], tmp_path: Path) -> None:
    """A program that we did not write asks in its own words (SHA-1 names, own nonce) and verifies what it gets."""
    client, authority, held = site
    ca, shown = authority.ca(held.issuer_id), held.der
    for name, der in (("ca.pem", ca), ("person.pem", shown)):
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        (tmp_path / name).write_bytes(pem)

    def run(*command: str) -> str:
        done = subprocess.run(["openssl", *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    moment = str(int(NOW.timestamp()) + 60)
    common = ("-issuer", "ca.pem", "-cert", "person.pem")
    run("ocsp", *common, "-reqout", "request.der")
    answer = client.post("/jpki/ocsp", content=(tmp_path / "request.der").read_bytes(), headers=HEADERS)
    (tmp_path / "answer.der").write_bytes(answer.content)
    verify = ("-respin", "answer.der", "-no_nonce", "-CAfile", "ca.pem", "-attime", moment)
    said = run("ocsp", *common, *verify, "-validity_period", "9999999")
    assert "Response verify OK" in said
    assert "person.pem: good" in said
    crl = client.get(f"/jpki/crl/{held.issuer_id}.crl")
    (tmp_path / "list.crl").write_bytes(crl.content)
    assert "verify OK" in run("crl", "-inform", "DER", "-in", "list.crl", "-CAfile", "ca.pem", "-noout")
    told = run("verify", "-attime", moment, "-CAfile", "ca.pem", "person.pem")
    assert "person.pem: OK" in told
