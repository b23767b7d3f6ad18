"""The evidence file: what a third party needs to check one answer offline, and nothing of the others of its batch.

Everything in the file is signed, hashed under a signature, or held against what the reader trusts; a member that is
none of these would be believed for nothing, so an unknown member is refused. White space is free, everything else
has one form: members in the declared order, base64 and escapes in their only spelling.

Headers and items are JSON text as it was hashed; certificates, signatures, hashes and salts are standard base64.
"""

from __future__ import annotations

from typing import Final

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.base.errors import Failed, Invalid, Refused
from renkei.contracts.register import Register
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import ItemProof

EVIDENCE_FORM: Final = "renkei-evidence/1"
TRUST_FORM: Final = "renkei-trust/1"
EVIDENCE_BYTES_MAX: Final = 16 << 20


class EvidenceMalformed(Invalid):
    code = "evidence_malformed"
    ja = "証拠ファイルの形式が正しくありません（{where}）。保存したままのファイルを使ってください。"
    en = "The evidence file is malformed ({where}). Use the file as it was saved."


class EvidenceMemberUnknown(Invalid):
    code = "evidence_member_unknown"
    ja = "証拠ファイルに、署名されていない余分な項目があります。保存したままのファイルを使ってください。"
    en = "The evidence file holds an extra member that nobody signed. Use the file as it was saved."


class EvidenceForeign(Invalid):
    code = "evidence_foreign"
    ja = "この証拠は、信頼ファイルとは別のネットワークのものです。そのネットワークの信頼ファイルを指定してください。"
    en = "This evidence is of another network than the trust file. Name that network's trust file."


class EvidenceInconsistent(Invalid):
    code = "evidence_inconsistent"
    ja = (
        "証拠の各部分で「{fact}」が一致しません。別々のやり取りから組み合わされています。元の証拠を取り直してください。"
    )
    en = (
        "The parts of the evidence disagree about “{fact}”: they come from different exchanges. "
        "Obtain the original evidence."
    )


class EvidenceOutOfTime(Invalid):
    code = "evidence_out_of_time"
    ja = "回答の時刻が、許可の有効期間の外にあります（{fact}）。許可のない提供です。委員会に知らせてください。"
    en = "The answer was given outside the permit's period ({fact}): it was not permitted. Tell the commission."


class EvidenceFromFuture(Invalid):
    code = "evidence_from_future"
    ja = (
        "証拠の署名の時刻が現在より先です。確かめる側の時計を合わせてください。合っていれば、証拠を信じないでください。"
    )
    en = "A signature of the evidence lies in the future. Set this clock; if it is right, do not believe the evidence."


class EvidenceMissing(Refused):
    code = "evidence_missing"
    http = 404
    ja = "この照会について、この機関に保存された署名はありません。照会した機関の側で、処理通番を確かめてください。"
    en = "This body keeps no signatures of that inquiry. Check the processing number at the body that asked."


class EvidenceIncomplete(Failed):
    code = "evidence_incomplete"
    ja = "証拠に必要な証明書または記録簿の証明がまだ揃いません。しばらくしてから、もう一度保存してください。"
    en = "A certificate or a proof of the log that the evidence needs is not here yet. Save it again later."


class TrustMissing(Failed):
    code = "trust_missing"
    ja = (
        "信頼ファイル（trust.json）が見つかりません。国のデータフォルダにあるものを、このファイルの隣か上の"
        "フォルダに置くか、--trust で指定してください。"
    )
    en = (
        "No trust file (trust.json) was found. Put the one of the country's data folder beside the file or in a folder "
        "above it, or name it with --trust."
    )


class TrustInvalid(Invalid):
    code = "trust_invalid"
    ja = "信頼ファイルを読み取れません（{where}）。国が書き出したままのものを使ってください。"
    en = "The trust file cannot be read ({where}). Use it as the country wrote it."


class _Part(MaskedStruct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class SignedItem(_Part, frozen=True):
    """One item of a signed batch, with its header and the paths to the root that was signed."""

    signed: SignedMessage
    header: str
    item: str
    proof: ItemProof


class PermitPart(SignedItem, frozen=True):
    """One item of a sheet of the core's reply: a permit, or in sheet 0 a refusal."""

    roots: tuple[bytes, ...]
    """Roots of all sheets of the reply, in order; the signed manifest stands over them."""
    at: int
    """Which of them is the item's sheet."""


class Payload(_Part, frozen=True):
    """What was provided, opened: it fits the commitment in the signed answer."""

    salt: bytes
    body: str


class RecordPart(_Part, frozen=True):
    """The requester's own record, and the proof that it stands in its log (RFC 9162 §2.1.3)."""

    leaf: str
    salt: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    """C2SP signed note; says the log's origin, size and root."""


class Evidence(_Part, frozen=True):
    """One inquiry from the question to the record. A part is null where that step never came."""

    v: str
    synthetic: bool
    """The network is a demonstration without real persons; must be what the trust file says."""
    certificates: tuple[bytes, ...]
    """Certificates (DER) of those who signed, in the order of their first signature in the file; believed only as far
    as the reader's own authority vouches for them."""
    asked: SignedItem
    """The requester's request for a permit (header `PermitRequestHeader`, item `PermitAsk`)."""
    permit: PermitPart
    """The core's reply (`PermitHeader`, `PermitItem`; or `RefusalHeader`, `RefusalItem`)."""
    presented: SignedMessage | None
    """The requester's presentation, to which the answer is bound."""
    answer: SignedItem | None
    """The provider's answer (`AnswerHeader`, `AnswerItem`)."""
    late: SignedItem | None
    """The provider's later answer, where a clerk decided."""
    payload: Payload | None
    record: RecordPart | None
    """None where the core refused: nothing was recorded."""


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the reader of evidence believes beforehand: the authorities of a network, and its register."""

    v: str
    synthetic: bool
    anchors: tuple[bytes, ...]
    """Certificates of the network's authorities, DER."""
    register: Register
    """Names, legal capacities and log keys of the bodies, and the core's log key."""
    revocations: tuple[bytes, ...] = ()
    """Lists of revoked certificates (CRL), DER."""


def write_evidence(evidence: Evidence) -> bytes:
    """The file, UTF-8 JSON in lines."""
    return msgspec.json.format(msgspec.json.encode(evidence), indent=1) + b"\n"


def read_evidence(data: bytes) -> Evidence:
    """Read a file in its one form; nothing of it is verified yet.

    Raises:
        EvidenceMemberUnknown: a member that the form does not have.
        EvidenceMalformed: too large, not JSON, another form, or a value in another spelling.
    """
    if len(data) > EVIDENCE_BYTES_MAX:
        raise EvidenceMalformed(where=f"> {EVIDENCE_BYTES_MAX} bytes")
    try:
        evidence = msgspec.json.decode(data, type=Evidence)
        bare = msgspec.json.format(data, indent=-1)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `")
        if "unknown field" in text:
            raise EvidenceMemberUnknown(private=text) from error
        raise EvidenceMalformed(where=place.rstrip("`") or "top level") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceMalformed(where="JSON") from error
    if evidence.v != EVIDENCE_FORM:
        raise EvidenceMalformed(where="v")
    if bare != msgspec.json.encode(evidence):
        raise EvidenceMalformed(where="spelling")
    return evidence
