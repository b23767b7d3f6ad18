"""What an issuer of credentials refuses."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class CredentialKindUnknown(Invalid):
    """No such kind."""

    code = "credential_kind_unknown"
    ja = "この種類の証明書は発行していません。種類の名前を確かめてください。"
    en = "There is no such kind of credential. Check its name."


class IssuerNotCompetent(Refused):
    """The body is not the one that may say so."""

    code = "issuer_not_competent"
    ja = "この機関は、この種類の証明書を発行する権限がありません（{basis}）。権限のある機関が発行してください。"
    en = "This body is not competent to issue credentials of this kind ({basis}). The competent body must issue it."


class CredentialContentInvalid(Invalid):
    """The content is not that of the kind."""

    code = "credential_content_invalid"
    ja = "証明書に書く内容が、種類の定めに合いません（{field}）。項目を直して、もう一度発行してください。"
    en = "The content does not fit the kind of credential ({field}). Correct it and issue again."


class CredentialUnknown(Invalid):
    """No credential under that number here."""

    code = "credential_unknown"
    http = 404
    ja = "この番号の証明書は、この機関では発行していません。番号を確かめてください。"
    en = "This body has issued no credential under that number. Check the number."


class HolderKeyInvalid(Invalid):
    """The holder's key cannot be used."""

    code = "holder_key_invalid"
    ja = "証明書を結び付ける本人の鍵を読み取れません（P-256 の公開鍵が必要です）。端末で鍵を作り直してください。"
    en = "The holder's key cannot be read: a public key on P-256 is needed. Make the key on the device again."
