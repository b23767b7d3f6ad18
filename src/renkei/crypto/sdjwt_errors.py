"""Errors of selectively disclosable credentials."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class CredentialMalformed(Invalid):
    """Not an SD-JWT VC, or one that contradicts itself."""

    code = "credential_malformed"
    ja = "電子的な証明書（資格情報）として読み取れません（{what}）。発行元から受け取り直してください。"
    en = "This cannot be read as a credential ({what}). Obtain it from its issuer again."


class CredentialNotTrusted(Refused):
    """Nobody whom the verifier trusts has issued it."""

    code = "credential_not_trusted"
    ja = "この種類の証明書の発行元として確認できない相手が発行しています。受け付けられません。"
    en = "It was issued by someone who is not known as an issuer of such credentials. It cannot be accepted."


class CredentialExpired(Refused):
    """Outside its period."""

    code = "credential_expired"
    ja = "証明書の有効期間外です。発行元から新しい証明書を受け取ってください。"
    en = "The credential is outside its period of validity. Obtain a new one from its issuer."


class CredentialRevoked(Refused):
    """Its issuer has revoked or suspended it."""

    code = "credential_revoked"
    ja = "この証明書は、発行元が失効または一時停止しています。発行元に確かめてください。"
    en = "Its issuer has revoked or suspended this credential. Ask the issuer."


class CredentialStatusUnknown(Refused):
    """The status list does not say, or is too old."""

    code = "credential_status_unknown"
    ja = "証明書が有効かどうかを確かめられないため、受け付けられません。しばらくしてから、もう一度提示してください。"
    en = "Whether the credential stands could not be established, so it is not accepted. Present it again later."


class PresentationNotBound(Invalid):
    """The presentation was not made by the holder, for this verifier, now."""

    code = "presentation_not_bound"
    ja = "この提示は、今回の求めに対して本人の鍵で行われたものと確認できません。もう一度、提示し直してください。"
    en = "The presentation was not made by the holder's key for this request. Present the credential again."


class PresentationLacks(Invalid):
    """What the verifier needs was not disclosed."""

    code = "presentation_lacks"
    ja = "必要な項目（{missing}）が示されていません。示す項目を確かめて、もう一度提示してください。"
    en = "What is needed ({missing}) was not disclosed. Check what you disclose and present it again."
