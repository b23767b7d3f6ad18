"""Programs that we did not write use our card: OpenSC, OpenSSL, python-pkcs11, pyHanko."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.contract.card_reader.conftest import Tools
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, PASSWORD, issuer_key, made

from renkei.institutions.card.chip.orders import Unlock, sign_order

SIGNATURE = made().keys.signature
assert SIGNATURE is not None
AUTHENTICATION = made().keys.authentication
ENGINE = list(Path("/usr/lib").glob("*/engines-3/pkcs11.so"))


def public_key(der: bytes) -> rsa.RSAPublicKey:
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def tries_left(tools: Tools, reader: str) -> list[str]:
    """Of PIN and password, as OpenSC tells them."""
    listed = tools.run("pkcs15-tool", "--reader", reader, "--list-pins")
    return [line.split(":")[1].strip() for line in listed.splitlines() if "Tries left" in line]


@pytest.fixture(autouse=True)
def unlocked(tools: Tools) -> None:
    """Each test begins with all tries and the known PINs."""
    pins = {"authentication": AUTHENTICATION_PIN, "signature": PASSWORD}
    for secret, pin in pins.items():
        act = Unlock(secret=secret, new_pin=pin)
        tools.citizen.counter(sign_order(act, challenge=tools.citizen.counter_challenge(), issuer=issuer_key()))


def test_it_is_recognised(tools: Tools) -> None:
    for reader in ("0", "1"):
        assert "jpki" in tools.run("opensc-tool", "--reader", reader, "-n").lower()


def test_pins_are_listed_with_their_tries(tools: Tools) -> None:
    listed = tools.run("pkcs15-tool", "--reader", "0", "--list-pins")
    assert "User Authentication PIN" in listed
    assert "Digital Signature PIN" in listed
    assert tries_left(tools, "0") == ["3", "5"]
    assert tries_left(tools, "1") == ["3", "0"], "the child's password was never set"


def test_certificates_are_listed_and_read(tools: Tools) -> None:
    listed = tools.run("pkcs15-tool", "--reader", "0", "--list-certificates")
    assert listed.count("X.509 Certificate") == 4
    read = tools.run("pkcs15-tool", "--reader", "0", "--read-certificate", "1")
    pem = read[read.index("-----BEGIN") : read.index("-----END CERTIFICATE-----") + 25]
    assert x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) == AUTHENTICATION.certificate


def test_the_signature_certificate_only_with_its_password(tools: Tools) -> None:
    """Without it, nothing of name, address, birth date and sex leaves the card."""
    refused = tools.run("pkcs15-tool", "--reader", "0", "--read-certificate", "2", fails=True)
    assert "BEGIN CERTIFICATE" not in refused
    read = tools.run(
        "pkcs15-tool", "--reader", "0", "--verify-pin", "--auth-id", "2", "--pin", PASSWORD, "--read-certificate", "2"
    )
    assert "BEGIN CERTIFICATE" in read


def test_three_wrong_pins_lock(tools: Tools) -> None:
    for left in ("2", "1", "0"):
        tools.run("pkcs15-tool", "--reader", "0", "--verify-pin", "--auth-id", "1", "--pin", "0000", fails=True)
        assert tries_left(tools, "0")[0] == left
    right = ("pkcs15-tool", "--reader", "0", "--verify-pin", "--auth-id", "1", "--pin", AUTHENTICATION_PIN)
    tools.run(*right, fails=True)
    order = sign_order(
        Unlock(secret="authentication"), challenge=tools.citizen.counter_challenge(), issuer=issuer_key()
    )
    tools.citizen.counter(order)
    tools.run(*right)


def test_a_pin_is_changed_by_plain_apdus(tools: Tools) -> None:
    """OpenSC's driver cannot change a PIN of this card; its tool sends the commands."""

    def hexed(pin: str) -> str:
        return f"{len(pin):02X}{pin.encode().hex()}"

    head = ("opensc-tool", "--reader", "0", "-s", "00A4040C0AD392F000260100000001", "-s", "00A4020C020018")
    told = tools.run(*head, "-s", f"00200080{hexed(AUTHENTICATION_PIN)}", "-s", f"00240180{hexed('8642')}")
    assert told.count("SW1=0x90, SW2=0x00") == 4
    tools.run("pkcs15-tool", "--reader", "0", "--verify-pin", "--auth-id", "1", "--pin", "8642")
    tools.run("pkcs15-tool", "--reader", "0", "--verify-pin", "--auth-id", "1", "--pin", AUTHENTICATION_PIN, fails=True)


def test_tokens_and_objects(tools: Tools) -> None:
    tokens = tools.run("pkcs11-tool", "--module", tools.module, "-T")
    assert tokens.count("JPKI (User Authentication PIN)") == 2
    assert "user PIN locked" in tokens, "the child's password, which was never set"
    objects = tools.run("pkcs11-tool", "--module", tools.module, "--slot-index", "0", "-O")
    assert "User Authentication Certificate" in objects


@pytest.mark.parametrize(
    ("slot", "pin", "pair"), [("0", AUTHENTICATION_PIN, AUTHENTICATION), ("1", PASSWORD, SIGNATURE)]
)
def test_both_keys_sign_and_openssl_verifies(tools: Tools, slot: str, pin: str, pair) -> None:
    document, signature = tools.write("document", b"to be signed"), tools.folder / "signature"
    tools.run(
        "pkcs11-tool", "--module", tools.module, "--slot-index", slot, "--login", "--pin", pin, "--sign",
        "--mechanism", "SHA256-RSA-PKCS", "--input-file", str(document), "--output-file", str(signature),
    )  # fmt: skip
    spki = public_key(pair.certificate).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = tools.write("key.pem", spki)
    verified = tools.run(
        "openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(signature), str(document)
    )  # fmt: skip
    assert "Verified OK" in verified


def test_openssl_signs_a_document_with_the_signature_key(tools: Tools) -> None:
    """CMS through libengine-pkcs11; the key asks for its password at each use: opensc.conf lets the engine keep it."""
    if not ENGINE:
        pytest.fail("no pkcs11 engine") if os.environ.get("CI") else pytest.skip("no pkcs11 engine")
    assert SIGNATURE is not None
    tools.write("opensc.conf", b"app default { framework pkcs15 { pin_cache_ignore_user_consent = true; } }\n")
    config = tools.write(
        "openssl.cnf",
        f"""openssl_conf = all
[all]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = {ENGINE[0]}
MODULE_PATH = {tools.module}
PIN = {PASSWORD}
init = 0
""".encode(),
    )
    document, certificate = tools.write("plain", b"a contract\n"), tools.write("s.der", SIGNATURE.certificate)
    pem = x509.load_der_x509_certificate(SIGNATURE.authority).public_bytes(Encoding.PEM)
    authority, out = tools.write("ca.pem", pem), tools.folder / "out.p7"
    more = {"OPENSSL_CONF": str(config), "OPENSC_CONF": str(tools.folder / "opensc.conf")}
    with_engine = Tools(tools.citizen, tools.child, tools.environment | more, tools.folder)
    with_engine.run(
        "openssl", "cms", "-sign", "-engine", "pkcs11", "-keyform", "engine", "-inkey", "slot_1-id_02", "-signer",
        str(certificate), "-in", str(document), "-out", str(out), "-outform", "DER", "-nodetach", "-md", "sha256",
    )  # fmt: skip
    tools.run(
        "openssl", "cms", "-verify", "-in", str(out), "-inform", "DER", "-CAfile", str(authority), "-purpose", "any",
        "-attime", "1790000000", "-out", str(tools.folder / "verified"),
    )  # fmt: skip
    assert (tools.folder / "verified").read_bytes().replace(b"\r\n", b"\n") == b"a contract\n"


def test_pyhanko_signs_a_pdf_through_pkcs11(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SIGNATURE is not None
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", tools.environment["PCSCLITE_CSOCK_NAME"])
    import pkcs11
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter, generic
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigFieldSpec
    from pyhanko.sign.pkcs11 import PKCS11Signer

    writer = PdfFileWriter()
    stream = writer.add_object(generic.StreamObject(stream_data=b""))
    writer.insert_page(
        PageObject(contents=stream, media_box=generic.ArrayObject(map(generic.NumberObject, (0, 0, 99, 99))))
    )
    plain = io.BytesIO()
    writer.write(plain)
    token = pkcs11.lib(tools.module).get_slots(token_present=True)[1].get_token()
    with token.open(user_pin=PASSWORD) as session:
        signer = PKCS11Signer(session, cert_label="Digital Signature Certificate", key_label="Digital Signature Key")
        metadata = signers.PdfSignatureMetadata(field_name="Signature", md_algorithm="sha256")
        pdf = signers.sign_pdf(
            IncrementalPdfFileWriter(plain), metadata, signer=signer, new_field_spec=SigFieldSpec("Signature")
        )
    signature = PdfFileReader(pdf).embedded_signatures[0]
    info = signature.signer_info
    assert signature.signer_cert.dump() == SIGNATURE.certificate
    public_key(SIGNATURE.certificate).verify(
        info["signature"].native, info["signed_attrs"].untag().dump(), padding.PKCS1v15(), hashes.SHA256()
    )
    digest = next(each["values"][0].native for each in info["signed_attrs"] if each["type"].native == "message_digest")
    begin, length, second, rest = signature.byte_range
    whole = pdf.getbuffer()
    assert (
        digest == hashlib.sha256(bytes(whole[begin : begin + length]) + bytes(whole[second : second + rest])).digest()
    )
