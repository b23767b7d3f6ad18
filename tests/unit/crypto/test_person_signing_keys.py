"""Signing keys: in a file, in a hardware module, and behind the builders of X.509."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.card_authority import NOW, YEAR, answer, authorities, key, person, question, read

from renkei.crypto.codes import KeyUse
from renkei.crypto.errors import SignatureInvalid
from renkei.crypto.person_authority import PersonAuthority, Standing
from renkei.crypto.person_certificates import Use, check
from renkei.crypto.pkcs11_keys import Pkcs11Keys
from renkei.crypto.revocation import StatusKind, read_crl, read_ocsp
from renkei.crypto.signing_keys import (
    SigningKeyExposed,
    SigningKeyUnusable,
    SigningKeyUseMismatch,
    SoftwareKey,
    SoftwareKeys,
    as_private_key,
    from_jose,
    hash_of,
    to_jose,
)

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "7391-hsm"
DEMO = KeyUse.DEMONSTRATION


# --- files ---


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384"])
def test_a_key_survives_its_file(tmp_path: Path, algorithm) -> None:
    made, path = key("file", algorithm), tmp_path / "key.json"
    made.save(path, use=DEMO)
    assert path.stat().st_mode & 0o777 == 0o600
    kept = SoftwareKey.load(path, use=DEMO)
    assert (kept.algorithm, kept.public_key) == (algorithm, made.public_key)
    check(made.public_key, kept.sign(b"data"), b"data", hash_of(algorithm))
    with pytest.raises(SigningKeyUnusable):
        made.save(path, use=DEMO)


def test_files_that_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    with pytest.raises(SigningKeyUnusable):
        SoftwareKey.load(path, use=DEMO)
    key("file", "ES256").save(path, use=DEMO)
    with pytest.raises(SigningKeyUseMismatch):
        SoftwareKey.load(path, use=KeyUse.PRODUCTION)
    path.chmod(0o640)
    with pytest.raises(SigningKeyExposed):
        SoftwareKey.load(path, use=DEMO)
    path.chmod(0o600)
    for content in (b"", b"{}", path.read_bytes()[:-40], path.read_bytes().replace(b" v1", b" v9")):
        path.write_bytes(content)
        with pytest.raises(SigningKeyUnusable):
            SoftwareKey.load(path, use=DEMO)


def test_keys_by_name(tmp_path: Path) -> None:
    keys = SoftwareKeys(tmp_path / "keys")
    first = keys.obtain("a", "ES256")
    assert SoftwareKeys(tmp_path / "keys").obtain("a", "ES256").public_key == first.public_key
    assert keys.obtain("b", "ES256").public_key != first.public_key
    with pytest.raises(SigningKeyUnusable):
        keys.obtain("a", "ES384")
    assert keys.stand_in


def test_weak_and_foreign_keys() -> None:
    for weak in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())):
        with pytest.raises(ValueError, match="2048"):
            SoftwareKey(weak)


# --- the form of signatures ---


@given(st.binary(max_size=100))
def test_the_form_of_jws_and_back(data: bytes) -> None:
    for algorithm in ("ES256", "ES384"):
        der = key("jose", algorithm).sign(data)
        raw = to_jose(algorithm, der)
        assert len(raw) == (64 if algorithm == "ES256" else 96)
        assert from_jose(algorithm, raw) == der
    assert from_jose("RS256", to_jose("RS256", b"as it is")) == b"as it is"


@given(st.binary(max_size=120))
def test_what_is_no_signature(data: bytes) -> None:
    if len(data) != 64:
        with pytest.raises(SignatureInvalid):
            from_jose("ES256", data)
    try:
        to_jose("ES256", data)
    except SignatureInvalid:
        return


# --- a hardware module ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the token and the files with PINs are."""
    return tmp_path_factory.mktemp("hsm")


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[Pkcs11Keys]:
    """A token of SoftHSM 2, made for this run."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "renkei", "--so-pin", "0000-so", "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "pin").write_text(PIN + "\n")
    (folder / "pin").chmod(0o600)
    (folder / "wrong").write_text("wrong")
    (folder / "wrong").chmod(0o600)
    (folder / "open").write_text(PIN)
    (folder / "open").chmod(0o644)
    keys = Pkcs11Keys(MODULE, token="renkei", pin_file=folder / "pin")
    yield keys
    keys.close()
    del os.environ["SOFTHSM2_CONF"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384"])
def test_a_key_in_a_module(module: Pkcs11Keys, algorithm) -> None:
    made = module.obtain(f"key-{algorithm}", algorithm)
    again = module.obtain(f"key-{algorithm}", algorithm)
    assert made.algorithm == algorithm
    assert made.public_key == again.public_key
    check(made.public_key, again.sign(b"data"), b"data", hash_of(algorithm))
    with pytest.raises(SigningKeyUnusable):
        module.obtain(f"key-{algorithm}", "ES256" if algorithm != "ES256" else "ES384")


def test_a_key_never_leaves_the_module(module: Pkcs11Keys) -> None:
    private = as_private_key(module.obtain("key-RS256", "RS256"))
    with pytest.raises(TypeError):
        private.private_numbers()
    with pytest.raises(TypeError):
        private.sign(b"data", padding.PKCS1v15(), hash_of("ES384"))


def test_several_threads(module: Pkcs11Keys) -> None:
    made = module.obtain("key-ES256", "ES256")
    with ThreadPoolExecutor(4) as threads:
        for number, signature in enumerate(threads.map(lambda at: made.sign(b"%d" % at), range(40))):
            check(made.public_key, signature, b"%d" % number, hash_of("ES256"))


@pytest.mark.usefixtures("module")
def test_the_pin_comes_from_a_file_of_its_owner(folder: Path) -> None:
    with pytest.raises(SigningKeyExposed):
        Pkcs11Keys(MODULE, token="renkei", pin_file=folder / "open")
    for changes in ({"token": "nobody"}, {"pin_file": folder / "missing"}, {"pin_file": folder / "wrong"}):
        with pytest.raises(SigningKeyUnusable) as caught:
            Pkcs11Keys(MODULE, **{"token": "renkei", "pin_file": folder / "pin", **changes})
        assert PIN not in f"{caught.value} {caught.value.private}"
    with pytest.raises(SigningKeyUnusable):
        Pkcs11Keys(folder / "no-module.so", token="renkei", pin_file=folder / "pin")


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_an_authority_whose_keys_are_in_the_module(module: Pkcs11Keys, algorithm) -> None:
    """Certificates, OCSP answers and lists are the same whether a key lies in a file or in a module."""
    own, responder = module.obtain(f"ca-{algorithm}", algorithm), module.obtain("ca-ocsp", "ES256")
    made = PersonAuthority.create(Use.SIGNATURE, own, not_before=NOW - 3 * YEAR, not_after=NOW + 7 * YEAR)
    der = made.delegate(responder.public_key, not_before=NOW - YEAR, not_after=NOW + YEAR)
    by = PersonAuthority.open(made.certificate, own, responder=der, responder_key=responder)
    shown = read(person(by, holder=key("person", algorithm)), by)
    trusted = authorities(by)
    request, asked = question(shown, trusted)
    found = read_ocsp(answer(by, asked), certificate=shown, authorities=trusted, at=NOW, request=request)
    assert found.kind is StatusKind.GOOD
    entries = [(shown.serial, Standing(NOW))]
    crl = by.revocation_list(entries, number=1, now=NOW, next_update=NOW + timedelta(days=1))
    assert read_crl(crl, certificate=shown, authorities=trusted, at=NOW).kind is StatusKind.REVOKED
