"""Sealing: what one body sends another stays unreadable to the core and to everyone on the way."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vectors_messages import FOLDER, octets, render

from renkei.crypto.errors import DigestMismatch, SealBroken
from renkei.crypto.sealing import (
    Opener,
    Sealer,
    SealingPrivateKey,
    SealingPublicKey,
    SealingSuite,
    check_payload,
    commit_payload,
    commit_payloads,
    seal_info,
)

SUITES = list(SealingSuite)
KEYS = {suite: SealingPrivateKey.from_seed(octets(suite.name), suite) for suite in SUITES}
INFO = seal_info("answer", sender="jps", recipient="m-131121", batch_id="b-1")


@pytest.fixture(params=SUITES, ids=lambda suite: suite.name)
def key(request: pytest.FixtureRequest) -> SealingPrivateKey:
    return KEYS[request.param]


def test_the_receiver_opens_what_was_sealed_to_it(key: SealingPrivateKey) -> None:
    sealer = Sealer(key.public, INFO)
    plaintexts, aads = [b"", b"income", bytes(5000)], [b"0", b"1", b"2"]
    sealed = sealer.seal_many([0, 3, 70_000], plaintexts, aads)
    opener = Opener(key, sealer.wrap, INFO)
    assert opener.open_many([0, 3, 70_000], sealed, aads) == plaintexts
    assert [len(item) - len(plain) for item, plain in zip(sealed, plaintexts, strict=True)] == [16] * 3


def test_nobody_else_opens_it(key: SealingPrivateKey) -> None:
    """The core relays or records an exchange, but holds no key that opens its payload."""
    sealer = Sealer(key.public, INFO)
    for other in (*KEYS.values(), SealingPrivateKey.generate(key.suite)):
        if other is not key:
            with pytest.raises(SealBroken):
                Opener(other, sealer.wrap, INFO)


@pytest.mark.parametrize(
    "info",
    [
        seal_info("permit", sender="jps", recipient="m-131121", batch_id="b-1"),
        seal_info("answer", sender="moj", recipient="m-131121", batch_id="b-1"),
        seal_info("answer", sender="jps", recipient="m-131130", batch_id="b-1"),
        seal_info("answer", sender="jps", recipient="m-131121", batch_id="b-2"),
    ],
)
def test_a_wrap_opens_in_its_own_exchange_only(key: SealingPrivateKey, info: bytes) -> None:
    """A sealed batch shown again in another exchange, or under another sender's name, stays shut."""
    with pytest.raises(SealBroken):
        Opener(key, Sealer(key.public, INFO).wrap, info)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SUITES), st.data())
def test_an_altered_wrap_stays_shut(suite: SealingSuite, data: st.DataObject) -> None:
    wrap = bytearray(Sealer(KEYS[suite].public, INFO).wrap)
    bit = data.draw(st.integers(0, len(wrap) * 8 - 1))
    # The top bit of an X25519 share is ignored (RFC 7748 §5), yet HPKE binds the share as sent (RFC 9180 §4.1).
    wrap[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        Opener(KEYS[suite], bytes(wrap), INFO)


@pytest.mark.parametrize("wrap", [b"", b"\x01", b"\x02" + bytes(79), b"\x02" + bytes(80), b"\x01" + bytes(1168)])
def test_a_malformed_wrap_stays_shut(key: SealingPrivateKey, wrap: bytes) -> None:
    with pytest.raises(SealBroken):
        Opener(key, wrap, INFO)


@given(st.binary(max_size=64), st.binary(max_size=16), st.data())
def test_an_altered_or_moved_item_does_not_open(plaintext: bytes, aad: bytes, data: st.DataObject) -> None:
    key = KEYS[SealingSuite.X25519]
    sealer = Sealer(key.public, INFO)
    first, second = sealer.seal(0, plaintext, aad), sealer.seal(1, plaintext, aad)
    opener = Opener(key, sealer.wrap, INFO)
    altered = bytearray(first)
    bit = data.draw(st.integers(0, len(first) * 8 - 1))
    altered[bit // 8] ^= 1 << bit % 8
    for index, item, said in ((0, bytes(altered), aad), (1, first, aad), (0, second, aad), (0, first, aad + b"x")):
        with pytest.raises(SealBroken):
            opener.open(index, item, said)
    with pytest.raises(SealBroken):
        opener.open_many([0, 1], [second, first], [aad, aad])
    for index, item in ((-1, first), (0, b""), (2**96, first)):
        with pytest.raises(SealBroken):
            opener.open(index, item, aad)


def test_no_index_is_sealed_twice() -> None:
    """One nonce for two texts would give both away, and the key of the seal with them."""
    sealer = Sealer(KEYS[SealingSuite.X25519].public, INFO)
    sealer.seal(5, b"a", b"")
    for index in (5, 4, -1):
        with pytest.raises(ValueError, match="each index once"):
            sealer.seal(index, b"b", b"")
    sealer.seal(6, b"c", b"")


def test_every_batch_has_its_own_content_key(key: SealingPrivateKey) -> None:
    first, second = Sealer(key.public, INFO), Sealer(key.public, INFO)
    assert first.wrap != second.wrap
    assert first.seal(0, b"x", b"") != second.seal(0, b"x", b"")


def test_public_keys_round_trip(key: SealingPrivateKey) -> None:
    read = SealingPublicKey.from_bytes(key.public.encoded)
    assert (read, read.suite) == (key.public, key.suite)
    sealer = Sealer(read, INFO)
    sealed = sealer.seal(0, b"x", b"")
    assert Opener(SealingPrivateKey.from_seed(key.seed, key.suite), sealer.wrap, INFO).open(0, sealed, b"") == b"x"


@pytest.mark.parametrize("encoded", [b"", b"\x00", b"\x02" + bytes(31), b"\x01" + bytes(1215), b"\x03" + bytes(32)])
def test_other_bytes_are_no_public_key(encoded: bytes) -> None:
    with pytest.raises(SealBroken):
        SealingPublicKey.from_bytes(encoded)


def test_private_keys_are_never_shown(key: SealingPrivateKey) -> None:
    assert key.seed.hex() not in repr(key)
    assert repr(key.seed) not in repr(key)
    with pytest.raises(ValueError, match="32 bytes"):
        SealingPrivateKey.from_seed(bytes(31))


@pytest.mark.parametrize("part", ["", "a\0b"])
def test_the_parts_of_an_info_cannot_run_into_each_other(part: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        seal_info("answer", sender=part, recipient="b", batch_id="c")


@given(st.binary(max_size=50), st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_a_commitment_binds_payload_and_salt(payload: bytes, salt: bytes, other: bytes) -> None:
    commitment = commit_payload(salt, payload)
    assert commit_payloads([salt], [payload]) == [commitment]
    check_payload(commitment, salt, payload)
    wrong = [(salt, payload + b"x"), (salt[:-1], payload), (salt + payload[:1] + b"y", payload[1:])]
    for wrong_salt, wrong_payload in wrong + ([(other, payload)] if other != salt else []):
        with pytest.raises(DigestMismatch):
            check_payload(commitment, wrong_salt, wrong_payload)
    with pytest.raises(ValueError, match="16 bytes"):
        commit_payload(salt[:15], salt[15:] + payload)


# --- against RFC 9180 and X-Wing written out by hand ---


def hkdf_extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), ikm, "sha256")


def hkdf_expand(prk: bytes, info: bytes, size: int) -> bytes:
    block, output = b"", b""
    while len(output) < size:
        block = hmac.digest(prk, block + info + bytes((len(output) // 32 + 1,)), "sha256")
        output += block
    return output[:size]


def labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    return hkdf_expand(prk, size.to_bytes(2) + b"HPKE-v1" + suite + label + info, size)


def decapsulate(suite: SealingSuite, seed: bytes, enc: bytes) -> bytes:
    """RFC 9180 §4.1 for X25519; draft-connolly-cfrg-xwing-kem §5.5 for the hybrid."""
    if suite is SealingSuite.X25519:
        private = X25519PrivateKey.from_private_bytes(seed)
        shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
        kem = b"KEM\x00\x20"
        prk = labeled_extract(kem, b"", b"eae_prk", shared)
        return labeled_expand(kem, prk, b"shared_secret", enc + private.public_key().public_bytes_raw(), 32)
    expanded = hashlib.shake_256(seed).digest(96)
    x_private = X25519PrivateKey.from_private_bytes(expanded[64:])
    x_public = x_private.public_key().public_bytes_raw()
    shared_m = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).decapsulate(enc[:1088])
    shared_x = x_private.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    return hashlib.sha3_256(shared_m + shared_x + enc[1088:] + x_public + rb"\.//^\ ".replace(b" ", b"")).digest()


def unwrap(suite: SealingSuite, seed: bytes, wrap: bytes, info: bytes) -> bytes:
    """RFC 9180 §5.1 (key schedule, base mode) and §5.2 with sequence number 0."""
    kem_id = b"\x00\x20" if suite is SealingSuite.X25519 else b"\x64\x7a"
    hpke = b"HPKE" + kem_id + b"\x00\x01" + b"\x00\x02"
    enc, ciphertext = wrap[1:-48], wrap[-48:]
    context = b"\x00" + labeled_extract(hpke, b"", b"psk_id_hash", b"") + labeled_extract(hpke, b"", b"info_hash", info)
    secret = labeled_extract(hpke, decapsulate(suite, seed, enc), b"secret", b"")
    key = labeled_expand(hpke, secret, b"key", context, 32)
    return AESGCM(key).decrypt(labeled_expand(hpke, secret, b"base_nonce", context, 12), ciphertext, b"")


def test_wraps_are_hpke_to_the_letter(key: SealingPrivateKey) -> None:
    """Another implementation that follows the two documents opens what we seal."""
    sealer = Sealer(key.public, INFO)
    content_key = unwrap(key.suite, key.seed, sealer.wrap, INFO)
    assert AESGCM(content_key).decrypt(bytes(12), sealer.seal(0, b"income", b"aad"), b"aad") == b"income"


def test_vectors_are_what_the_code_makes() -> None:
    assert (FOLDER / "sealing.json").read_text("utf-8") == render("sealing.json")


def test_vectors_open() -> None:
    vectors = json.loads((FOLDER / "sealing.json").read_text("utf-8"))
    for batch in vectors["batches"]:
        suite, info = SealingSuite[batch["suite"]], bytes.fromhex(batch["info"])
        key = SealingPrivateKey.from_seed(bytes.fromhex(batch["seed"]), suite)
        wrap = bytes.fromhex(batch["wrap"])
        assert key.public.encoded.hex() == batch["public_key"]
        assert unwrap(suite, key.seed, wrap, info).hex() == batch["content_key"]
        opener = Opener(key, wrap, info)
        for item in batch["items"]:
            opened = opener.open(item["index"], bytes.fromhex(item["sealed"]), bytes.fromhex(item["aad"]))
            assert opened.hex() == item["plaintext"]
    for case in vectors["commitments"]:
        check_payload(*(bytes.fromhex(case[name]) for name in ("commitment", "salt", "payload")))
