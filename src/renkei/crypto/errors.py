"""Errors of crypto: what a verifier found, in one plain sentence for the sender.

A verifier raises one of these and never returns False. None of the sentences tells the sender more than which
check failed: bytes, keys and identifiers stay in `private`.
"""

from __future__ import annotations

from renkei.base.errors import Invalid

# --- messages and their signatures ---


class SignatureMissing(Invalid):
    """No signature by a key that we look for."""

    code = "signature_missing"
    http = 401
    ja = "必要な署名がありません。登録された鍵で署名してから送り直してください。"
    en = "A required signature is missing. Sign with a registered key and send again."


class SignatureInvalid(Invalid):
    """A signature that should verify does not."""

    code = "signature_invalid"
    http = 401
    ja = "署名を検証できません。内容が途中で変わったか、別の鍵で署名されています。正しい鍵で署名し直してください。"
    en = (
        "The signature does not verify: the content was changed on the way or another key signed it. "
        "Sign again with the right key."
    )


class ClockSkew(Invalid):
    """The time in the message and our clock are more than 5 minutes apart."""

    code = "clock_skew"
    http = 401
    ja = "署名の時刻が5分を超えてずれているため受け付けません。時計を合わせて送り直してください。"
    en = "The signature's time is more than 5 minutes off, so it is not accepted. Set the clock and send again."


class DigestMismatch(Invalid):
    """The body does not have the digest that the header states (RFC 9530)."""

    code = "digest_mismatch"
    ja = "本文が要約値と一致しません。本文が途中で変わっています。もう一度送ってください。"
    en = "The body does not match its digest: it was changed on the way. Send it again."


class ResponseUnbound(Invalid):
    """A validly signed response that does not answer our request."""

    code = "response_unbound"
    ja = "応答がこの要求に対するものと確認できません。応答を捨て、要求を送り直してください。"
    en = "The response is not bound to this request. Discard the response and send the request again."


# --- certificates ---


class CertificateInvalid(Invalid):
    """A certificate outside the network's chain, or not made for this use."""

    code = "certificate_invalid"
    http = 401
    ja = "証明書がこのネットワークの認証局のものと確認できません。発行された証明書を使ってください。"
    en = "The certificate does not chain to this network's authority. Use the certificate that it issued."


class CertificateExpired(Invalid):
    """A certificate outside its period of validity."""

    code = "certificate_expired"
    http = 401
    ja = "証明書が有効期間の外にあります。新しい証明書の発行を受けてから送り直してください。"
    en = "The certificate is outside its period of validity. Obtain a new certificate and send again."


# --- sealing and codes ---


class SealBroken(Invalid):
    """A sealed payload that our key cannot open, or that was altered."""

    code = "seal_broken"
    ja = "封を開けません。宛先の鍵が違うか、内容が途中で変わっています。正しい宛先に封をし直してください。"
    en = (
        "The seal does not open: it was made for another key or the content was changed on the way. "
        "Seal it again for the right receiver."
    )


class CodeForeign(Invalid):
    """Not a linkage code (符号) under this body's key."""

    code = "code_foreign"
    ja = "この機関の符号ではありません。自機関に発行された符号を使ってください。"
    en = "This is not a linkage code of this body. Use a code that was issued to the body itself."


# --- manifests, proofs and logs ---


class ProofInvalid(Invalid):
    """An inclusion or consistency proof that does not lead to the stated root (RFC 9162 §2.1.3.2, §2.1.4.2)."""

    code = "proof_invalid"
    ja = "証明が木の根と一致しません。証明か対象が変わっています。証明を取り直してください。"
    en = "The proof does not lead to the stated root: the proof or its subject was changed. Obtain the proof again."


class ManifestMalformed(Invalid):
    """A manifest field that is not `root=:BASE64:;leaves=N`."""

    code = "manifest_malformed"
    ja = "目録の書式が正しくありません。「root=:BASE64:;leaves=件数」の形で送り直してください。"
    en = "The manifest is malformed. Send it again in the form root=:BASE64:;leaves=COUNT."


class ManifestMismatch(Invalid):
    """A header, an item or a sheet that is not under the signed manifest."""

    code = "manifest_mismatch"
    ja = "項目か見出しが署名された目録と一致しません。署名の後に変わっています。元のものを取り直してください。"
    en = (
        "An item or its header is not under the signed manifest: it was changed after signing. "
        "Obtain the original again."
    )


class NoteMalformed(Invalid):
    """Not a signed note, a verifier key or a checkpoint by the letter of C2SP."""

    code = "note_malformed"
    ja = "署名付き文書（チェックポイント）の書式が正しくありません。発行元から取り直してください。"
    en = "The signed note or checkpoint is malformed. Obtain it again from its issuer."


class TilePathMalformed(Invalid):
    """Not the path of a tile or an entry bundle by the letter of C2SP tlog-tiles."""

    code = "tile_path_malformed"
    http = 404
    ja = "記録簿のタイルの場所として正しくありません。C2SP tlog-tiles の書き方で指定してください。"
    en = "This is not the place of a tile of the log. Write it as C2SP tlog-tiles says."


class LogDamaged(Invalid):
    """A log whose published parts do not agree with each other; `step` names the first part that fails."""

    code = "log_damaged"
    ja = "記録簿が検証できません（{step}）。記録が変わったか失われています。写しと照合し、監督機関に知らせてください。"
    en = (
        "The log does not verify ({step}): records were changed or lost. "
        "Compare it with a copy and tell the supervising commission."
    )


class RecordAltered(Invalid):
    """A record and salt that are not what the log committed to."""

    code = "record_altered"
    ja = "記録が記録簿の値と一致しません。記録が後から変わっています。写しと照合してください。"
    en = "The record does not match what the log holds: it was changed afterwards. Compare it with a copy."
