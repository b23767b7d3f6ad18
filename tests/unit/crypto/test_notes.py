"""Signed notes, checkpoints and cosignatures, against published examples of other implementations."""

from __future__ import annotations

import dataclasses
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.crypto.errors import NoteMalformed, SignatureInvalid, SignatureMissing
from renkei.crypto.notes import (
    SIGNATURES_MAX,
    Checkpoint,
    KeyKind,
    Note,
    NoteSigner,
    VerifierKey,
    add_signatures,
    cosign,
    format_checkpoint,
    format_note,
    format_vkey,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    sign_text,
    verify_checkpoint,
    verify_note,
)

# The example of c2sp.org/signed-note.
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The documentation example of the Go package golang.org/x/mod/sumdb/note, its published private key included.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# A published checkpoint of a Certificate Transparency log, cosigned by several witnesses, and two of the keys.
CT_LOG_VKEY = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
CT_WITNESS_VKEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
CT_CHECKPOINT = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev \
zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev \
ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden \
2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— remora.n621.de \
2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
TIME_S = 1_795_000_000


def signer(name: str, kind: KeyKind = KeyKind.ED25519) -> NoteSigner:
    """A key of a test, made from its name."""
    return NoteSigner(name, kind, Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"\0")[:32]))


LOG = signer("linkage.example/log")
WITNESSES = [signer(f"commission.example/w{number}", KeyKind.COSIGNATURE) for number in range(3)]
HEAD = Checkpoint("linkage.example/log", 42, bytes(range(32)))


def cosigned(count: int) -> bytes:
    raw = sign_checkpoint(HEAD, LOG)
    return add_signatures(raw, [cosign(raw, witness, time_s=TIME_S) for witness in WITNESSES[:count]])


@pytest.mark.parametrize("vkey", [SPEC_VKEY, GO_VKEY, CT_LOG_VKEY, CT_WITNESS_VKEY])
def test_published_verifier_keys_are_read_and_written(vkey: str) -> None:
    assert format_vkey(parse_vkey(vkey)) == vkey


def test_the_example_of_the_specification_verifies() -> None:
    note = parse_note(SPEC_NOTE.encode())
    assert note.text == "This is an example message.\n"
    assert [found.key for found in verify_note(note, [parse_vkey(SPEC_VKEY)])] == [parse_vkey(SPEC_VKEY)]
    assert format_note(note) == SPEC_NOTE.encode()


def test_we_sign_the_same_bytes_as_the_go_package() -> None:
    peter = NoteSigner("PeterNeumann", KeyKind.ED25519, Ed25519PrivateKey.from_private_bytes(GO_SEED))
    assert format_vkey(peter.verifier) == GO_VKEY
    assert sign_text(GO_TEXT, peter).line == GO_LINE


def test_a_published_cosigned_checkpoint_verifies() -> None:
    """Signatures of a type or by a witness that we do not know are passed over."""
    signed = verify_checkpoint(
        CT_CHECKPOINT.encode(), parse_vkey(CT_LOG_VKEY), witnesses=[parse_vkey(CT_WITNESS_VKEY)], witnesses_min=1
    )
    assert signed.checkpoint.size == 1_432_088_532
    assert [(found.key.name, found.time_s) for found in signed.cosignatures] == [("remora.n621.de", 1_779_573_024)]
    changed = CT_CHECKPOINT.replace("1432088532", "1432088533")
    with pytest.raises(SignatureInvalid):
        verify_checkpoint(changed.encode(), parse_vkey(CT_LOG_VKEY))


def test_the_message_of_a_cosignature_is_that_of_the_specification() -> None:
    """tlog-cosignature: two lines of its own, then the whole checkpoint text."""
    witness = WITNESSES[0]
    line = cosign(sign_checkpoint(HEAD, LOG), witness, time_s=1_679_315_147)
    assert line.signature[:8] == (1_679_315_147).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1679315147\n" + format_checkpoint(HEAD).encode()
    witness.private.public_key().verify(line.signature[8:], message)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_quorum_of_witnesses_is_counted(count: int) -> None:
    keys = [witness.verifier for witness in WITNESSES]
    signed = verify_checkpoint(cosigned(count), LOG.verifier, witnesses=keys, witnesses_min=count)
    assert signed.checkpoint == HEAD
    assert [found.time_s for found in signed.cosignatures] == [TIME_S] * count
    with pytest.raises(SignatureMissing):
        verify_checkpoint(cosigned(count), LOG.verifier, witnesses=keys, witnesses_min=count + 1)


def test_one_witness_that_signs_twice_counts_once() -> None:
    raw = cosigned(1)
    raw = add_signatures(raw, [cosign(raw, WITNESSES[0], time_s=TIME_S + 1)])
    assert len(parse_note(raw).signatures) == 3
    with pytest.raises(SignatureMissing):
        verify_checkpoint(raw, LOG.verifier, witnesses=[WITNESSES[0].verifier], witnesses_min=2)


def test_witnesses_alone_do_not_make_a_checkpoint() -> None:
    note = parse_note(cosigned(2))
    without_log = format_note(Note(note.text, note.signatures[1:]))
    with pytest.raises(SignatureMissing):
        verify_checkpoint(without_log, LOG.verifier, witnesses=[witness.verifier for witness in WITNESSES])
    with pytest.raises(SignatureMissing):
        verify_note(note, [signer("someone.else").verifier])


def test_a_checkpoint_of_another_log_is_refused() -> None:
    text = format_checkpoint(dataclasses.replace(HEAD, origin="other.example/log"))
    with pytest.raises(SignatureInvalid):
        verify_checkpoint(format_note(Note(text, (sign_text(text, LOG),))), LOG.verifier)


def test_one_key_under_two_types_is_two_keys() -> None:
    """A log's signature must not count as a witness's, although the key bytes are the same."""
    plain = LOG.verifier
    as_witness = dataclasses.replace(plain, kind=KeyKind.COSIGNATURE)
    assert plain.key_id != as_witness.key_id
    with pytest.raises(SignatureMissing):
        verify_checkpoint(sign_checkpoint(HEAD, LOG), plain, witnesses=[as_witness], witnesses_min=1)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_any_changed_bit_of_a_cosigned_checkpoint_is_refused(at: int, bit: int) -> None:
    raw = bytearray(cosigned(2))
    raw[at % len(raw)] ^= 1 << bit
    keys = [witness.verifier for witness in WITNESSES[:2]]
    with pytest.raises((NoteMalformed, SignatureInvalid, SignatureMissing)):
        verify_checkpoint(bytes(raw), LOG.verifier, witnesses=keys, witnesses_min=2)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"\n\n\xe2\x80\x94 name AAAAAAAA\n",
        "text\n\n— name AAAAAAAA".encode(),
        "text\n\n— name AAAAAAAA\n\n".encode(),
        b"text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAAAA==\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        "text\n\n— name AAAA AAAA\n".encode(),
        "text\n\n— na+me AAAAAAAA\n".encode(),
        "text\n\n— na\N{IDEOGRAPHIC SPACE}me AAAAAAAA\n".encode(),
        "text\n\n—  AAAAAAAA\n".encode(),
        "te\rxt\n\n— name AAAAAAAA\n".encode(),
        b"\xff\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"x" * (1 << 20) + "\n\n— name AAAAAAAA\n".encode(),
        ("text\n\n" + "— name AAAAAAAA\n" * (SIGNATURES_MAX + 1)).encode(),
    ],
)
def test_a_malformed_note_is_refused(raw: bytes) -> None:
    with pytest.raises(NoteMalformed):
        parse_note(raw)


def test_the_last_empty_line_ends_the_text() -> None:
    assert parse_note("one\n\ntwo\n\n— name AAAAAAAA\n".encode()).text == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        f"\n1\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n01\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n-1\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n1\n{b64encode(bytes(31)).decode()}\n",
        f"origin\n1\n{b64encode(bytes(32)).decode()}",
        f"origin\n1\n{b64encode(bytes(32)).decode()}\n\n",
        f"origin\n1\n{b64encode(bytes(32)).decode()}\n\nmore\n",
        "origin\n1\nnot base64\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_checkpoint(text)


def test_checkpoints_are_written_as_they_are_read() -> None:
    for checkpoint in (HEAD, Checkpoint("o", 0, bytes(32)), dataclasses.replace(HEAD, extensions=("one", "two"))):
        assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint
    for wrong in (
        dataclasses.replace(HEAD, origin="two\nlines"),
        dataclasses.replace(HEAD, origin=""),
        dataclasses.replace(HEAD, extensions=("",)),
        dataclasses.replace(HEAD, size=-1),
        dataclasses.replace(HEAD, root=b"short"),
    ):
        with pytest.raises(NoteMalformed):
            format_checkpoint(wrong)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name+12345678",
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("530d903a", "53 0d903"),
        SPEC_VKEY.replace("example.com/foo", "example.com/fop"),
        SPEC_VKEY[:-4],
        SPEC_VKEY + "=",
        "na me" + SPEC_VKEY[SPEC_VKEY.index("+") :],
        "name+00000000+AgAA",
    ],
)
def test_a_malformed_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_vkey(vkey)


def test_a_text_that_would_not_survive_is_not_written() -> None:
    signature = sign_text("text\n", LOG)
    for text in ("text", "", "te\txt\n"):
        with pytest.raises(NoteMalformed):
            format_note(Note(text, (signature,)))
    with pytest.raises(NoteMalformed):
        format_note(Note("text\n", ()))


def test_only_a_cosignature_carries_a_time() -> None:
    with pytest.raises(ValueError, match="carries a time"):
        sign_text("text\n", LOG, time_s=1)
    with pytest.raises(ValueError, match="carries a time"):
        sign_text("text\n", WITNESSES[0])


def test_a_signer_does_not_show_its_key() -> None:
    assert repr(LOG) == "NoteSigner('linkage.example/log')"


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(NoteMalformed):
        VerifierKey("name", KeyKind.ED25519, bytes(31))
