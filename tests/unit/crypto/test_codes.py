"""Linkage codes (符号): 番号法施行令 26条–27条の4."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from tests.vectors_messages import FOLDER, octets, render

from renkei.crypto.codes import (
    CODE_TEXT_CHARS,
    CodeKeys,
    KeyFileExposed,
    KeyFileUnusable,
    KeyUse,
    KeyUseMismatch,
    code_from_text,
    code_to_text,
    codes_to_text,
    demonstration_keys,
    generate_keys,
    load_keys,
    save_keys,
)
from renkei.crypto.errors import CodeForeign

KEYS = demonstration_keys("test")
ROTATED = KEYS.next_epoch(octets("second master"))

handles = st.binary(min_size=16, max_size=16)
bodies = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[0-9]{1,6})?", fullmatch=True)
two_bodies = st.tuples(bodies, bodies).filter(lambda pair: pair[0] != pair[1])


@given(handles, two_bodies)
def test_two_bodies_never_share_a_code(handle: bytes, pair: tuple[str, str]) -> None:
    """One person's codes differ from body to body, so that bodies cannot join their records by themselves."""
    assert KEYS.issue(pair[0], handle) != KEYS.issue(pair[1], handle)


@given(st.lists(handles, unique=True, max_size=20), two_bodies)
def test_translation_is_a_bijection(people: list[bytes], pair: tuple[str, str]) -> None:
    """Every person keeps one code at each body, and there and back is the same code."""
    codes = KEYS.issue_many(pair[0], people)
    there = KEYS.translate_many(codes, *pair)
    assert len(set(there)) == len(people)
    assert there == KEYS.issue_many(pair[1], people)
    back = KEYS.translate_many([code for code in there if code is not None], pair[1], pair[0])
    assert back == codes
    assert [KEYS.translate(code, *pair) for code in codes] == there
    assert KEYS.handles_of(pair[0], codes) == people


@given(handles, two_bodies)
def test_a_code_opens_at_its_own_body_only(handle: bytes, pair: tuple[str, str]) -> None:
    """A body that shows another body's code learns nothing and reaches nobody."""
    code = KEYS.issue(pair[0], handle)
    assert KEYS.handle_of(pair[0], code) == handle
    with pytest.raises(CodeForeign):
        KEYS.handle_of(pair[1], code)


@given(handles, st.integers(0, 33 * 8 - 1))
def test_a_code_with_any_bit_altered_is_refused(handle: bytes, bit: int) -> None:
    """Includes the epoch's bits: with several epochs held, a code names exactly the one it was issued under."""
    altered = bytearray(ROTATED.issue("jps", handle))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CodeForeign):
        ROTATED.handle_of("jps", bytes(altered))
    assert ROTATED.handles_of("jps", [bytes(altered)]) == [None]


@given(st.binary(max_size=40))
def test_arbitrary_bytes_are_no_code(junk: bytes) -> None:
    with pytest.raises(CodeForeign):
        KEYS.handle_of("jps", junk)


def test_a_foreign_code_in_a_batch_fails_alone() -> None:
    """One wrong line of a batch inquiry does not stop the others."""
    mine, other = KEYS.issue("jps", bytes(16)), KEYS.issue("moj", bytes(16))
    assert KEYS.handles_of("jps", [mine, other, b"", mine]) == [bytes(16), None, None, bytes(16)]
    assert KEYS.translate_many([other, mine], "jps", "moj") == [None, other]


def test_codes_of_an_old_epoch_open_until_it_is_dropped() -> None:
    """After a change of keys, bodies bring their codes up to date at their own pace."""
    handle = KEYS.handle("12345678901")
    old, new = KEYS.issue("jps", handle), ROTATED.issue("jps", handle)
    assert (old[0], new[0]) == (1, 2)
    assert ROTATED.handle_of("jps", old) == handle
    assert ROTATED.reissue("jps", old) == new == ROTATED.reissue("jps", new)
    with pytest.raises(CodeForeign):
        ROTATED.without_epochs_before(2).handle_of("jps", old)


def test_handles_need_the_key() -> None:
    """The code is not reversible, and the resident record code's 10^11 values cannot be tried without the key."""
    assert KEYS.handle("12345678901") != demonstration_keys("other").handle("12345678901")
    assert len(KEYS.handle("12345678901")) == 16


@pytest.mark.parametrize(
    "wrong", ["1234567890", "123456789012", "1234567890a", "１２３４５６７８９０１", "12345678901\n"]
)
def test_a_malformed_resident_record_code_has_no_handle(wrong: str) -> None:
    with pytest.raises(ValueError, match="11 digits"):
        KEYS.handle(wrong)


def test_wrong_sizes_are_programming_errors() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        KEYS.issue("jps", bytes(15))
    with pytest.raises(ValueError, match="16 bytes"):
        KEYS.issue_many("jps", [bytes(16), bytes(17)])
    with pytest.raises(ValueError, match="33 bytes"):
        codes_to_text([bytes(32)])
    with pytest.raises(ValueError, match="32 bytes"):
        CodeKeys(bytes(31), {1: bytes(32)})
    with pytest.raises(ValueError, match="epoch"):
        CodeKeys(bytes(32), {256: bytes(32)})


@given(st.lists(st.binary(min_size=33, max_size=33), max_size=5))
def test_the_text_form_round_trips(codes: list[bytes]) -> None:
    texts = codes_to_text(codes)
    assert texts == [code_to_text(code) for code in codes]
    assert all(len(text) == CODE_TEXT_CHARS and not set(text) & set("+/=") for text in texts)
    assert [code_from_text(text) for text in texts] == codes


@pytest.mark.parametrize("text", ["", "A" * 43, "A" * 45, "A" * 43 + "=", "A" * 43 + "+", "A" * 43 + "/", "あ" * 44])
def test_other_texts_are_no_code(text: str) -> None:
    with pytest.raises(CodeForeign):
        code_from_text(text)


def test_keys_are_never_shown() -> None:
    shown = repr(KEYS)
    assert "***" in shown
    assert KEYS._handle_key.hex() not in shown


def test_the_key_file_round_trips_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "codes.key.json"
    keys = generate_keys(use=KeyUse.PRODUCTION).next_epoch(octets("next"))
    save_keys(keys, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load_keys(path, use=KeyUse.PRODUCTION)
    assert loaded.issue("jps", bytes(16)) == keys.issue("jps", bytes(16))
    assert loaded.use is KeyUse.PRODUCTION
    with pytest.raises(KeyFileUnusable):
        save_keys(keys, path)


def test_demonstration_keys_do_not_serve_in_production(tmp_path: Path) -> None:
    """A stand-in announces itself and is refused in a production role, and the other way round."""
    save_keys(KEYS, tmp_path / "demo.json")
    with pytest.raises(KeyUseMismatch, match=r"demo\.json are made for demonstration"):
        load_keys(tmp_path / "demo.json", use=KeyUse.PRODUCTION)
    save_keys(generate_keys(use=KeyUse.PRODUCTION), tmp_path / "real.json")
    with pytest.raises(KeyUseMismatch):
        load_keys(tmp_path / "real.json", use=KeyUse.DEMONSTRATION)


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    save_keys(KEYS, tmp_path / "k.json")
    (tmp_path / "k.json").chmod(0o640)
    with pytest.raises(KeyFileExposed):
        load_keys(tmp_path / "k.json", use=KeyUse.DEMONSTRATION)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "renkei code keys v9"},
        {"handle_key": "AAAA"},
        {"handle_key": "not base64"},
        {"masters": {}},
        {"masters": {"x": "AAAA"}},
        {"use": "unknown"},
        {"more": 1},
    ],
)
def test_a_malformed_key_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "k.json"
    save_keys(KEYS, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(KeyFileUnusable):
        load_keys(path, use=KeyUse.DEMONSTRATION)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match=r"none\.json"):
        load_keys(tmp_path / "none.json", use=KeyUse.DEMONSTRATION)


def test_vectors_are_what_the_code_makes() -> None:
    assert (FOLDER / "codes.json").read_text("utf-8") == render("codes.json")


def test_vectors_follow_from_the_primitives_alone() -> None:
    """What an implementer of another core would write, without this module."""
    vectors = json.loads((FOLDER / "codes.json").read_text("utf-8"))
    for case in vectors["cases"]:
        label = bytes([case["epoch"]]) + case["body_id"].encode()
        master = bytes.fromhex(vectors["masters"][str(case["epoch"])])
        key = HKDF(hashes.SHA256(), 64, None, b"renkei code key v1" + label).derive(master)
        sealed = AESSIV(key).encrypt(bytes.fromhex(case["handle"]), [label])
        assert bytes([case["epoch"]]) + sealed == bytes.fromhex(case["code"])
    masters = {int(epoch): bytes.fromhex(master) for epoch, master in vectors["masters"].items()}
    keys = CodeKeys(bytes.fromhex(vectors["handle_key"]), masters)
    for refused in vectors["refused_with_code_foreign"]:
        with pytest.raises(CodeForeign):
            keys.handle_of(refused["body_id"], bytes.fromhex(refused["code"]))
