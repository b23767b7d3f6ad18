"""Errors of signed documents and timestamps."""

from __future__ import annotations

from renkei.base.errors import Invalid


class TimestampRequestMalformed(Invalid):
    """Not a timestamp request (RFC 3161 §2.4.1), or more than one may be."""

    code = "timestamp_request_malformed"
    ja = "タイムスタンプの要求を読み取れません。RFC 3161 の形式(DER)で作り直してください。"
    en = "This is not a timestamp request. Make it as RFC 3161 describes (DER) and send it again."


class TimestampAlgorithmRefused(Invalid):
    """The imprint is of a hash that we do not stamp."""

    code = "timestamp_algorithm_refused"
    ja = "このハッシュ方式にはタイムスタンプを発行しません。SHA-256、SHA-384、SHA-512 のいずれかで要求してください。"
    en = "No timestamp is given over this kind of hash. Use SHA-256, SHA-384 or SHA-512."


class TimestampInvalid(Invalid):
    """A timestamp token that does not prove what it is said to prove."""

    code = "timestamp_invalid"
    ja = "タイムスタンプを確認できません（{step}）。署名の時刻は証明されません。タイムスタンプを取り直してください。"
    en = "The timestamp does not verify ({step}), so the time of signing is not proved. Obtain a new timestamp."


class DocumentUnreadable(Invalid):
    """Not a signed document of the format that it is said to be."""

    code = "document_unreadable"
    ja = (
        "署名付きの文書として読み取れません（{what}）。ファイルが壊れていないか、形式が合っているかを確かめてください。"
    )
    en = "This cannot be read as a signed document ({what}). Check that the file is whole and of the right kind."


class DocumentTooLarge(Invalid):
    """Larger than we read."""

    code = "document_too_large"
    http = 413
    ja = "文書が大きすぎます（上限 {limit_mb} MB）。分けるか、画像を小さくしてから署名し直してください。"
    en = "The document is too large (at most {limit_mb} MB). Split it, or make its pictures smaller, and sign again."


class DocumentNotSigned(Invalid):
    """There is no signature in it."""

    code = "document_not_signed"
    ja = "この文書には電子署名がありません。署名してから、もう一度送ってください。"
    en = "There is no electronic signature in this document. Sign it and send it again."
