"""The trust file: what whoever checks evidence believes beforehand. The country writes it at its start."""

from __future__ import annotations

from pathlib import Path

import msgspec

from renkei.contracts.evidence import TRUST_FORM, Trust, TrustInvalid, TrustMissing
from renkei.contracts.register import Register

TRUST_FILE = "trust.json"


def write_trust(
    path: Path, *, anchors: list[bytes], register: Register, synthetic: bool, revocations: tuple[bytes, ...] = ()
) -> None:
    """Write a whole trust file or none.

    Args:
        path: the file; usually `trust.json` in the country's data folder.
        anchors: certificates of the network's authorities, DER.
        register: as the core publishes it, with every body's log key.
        synthetic: the network is a demonstration.
        revocations: lists of revoked certificates, DER.
    """
    trust = Trust(
        v=TRUST_FORM, synthetic=synthetic, anchors=tuple(anchors), register=register, revocations=revocations
    )  # fmt: skip
    temporary = path.with_suffix(".new")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(trust, order="deterministic"), indent=1) + b"\n")
    temporary.replace(path)


def read_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        TrustMissing: there is none.
        TrustInvalid: not a trust file of this form.
    """
    try:
        trust = msgspec.json.decode(path.read_bytes(), type=Trust)
    except OSError as error:
        raise TrustMissing(private=str(error)) from error
    except msgspec.ValidationError as error:
        raise TrustInvalid(where=str(error).rpartition(" - at `")[2].rstrip("`"), private=str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrustInvalid(where="JSON") from error
    if trust.v != TRUST_FORM:
        raise TrustInvalid(where="v")
    return trust


def find_trust(beside: Path) -> Path:
    """The trust file beside a file or folder, or in the nearest folder above it.

    Raises:
        TrustMissing: there is none.
    """
    start = beside.resolve()
    for folder in [start, *start.parents]:
        candidate = folder / TRUST_FILE
        if candidate.is_file():
            return candidate
    raise TrustMissing()
