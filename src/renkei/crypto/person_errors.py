"""Errors of person certificates and their status: each sentence tells the holder what to do next.

None of them carries anything that a certificate says.
"""

from __future__ import annotations

from enum import Enum

from renkei.base.errors import Failed, Invalid, Refused


class Reason(Enum):
    """Why a certificate no longer stands; the value is the word in our records."""

    UNSPECIFIED = "unspecified"
    APPLIED = "applied"  # the holder asked for it (公的個人認証法9条)
    KEY_COMPROMISE = "key_compromise"  # leak, loss or damage of the key, notified by the holder (10条)
    CONTENT_CHANGED = "content_changed"  # a change of name, birth, sex or address (12条1号)
    CESSATION = "cessation"  # the holder is no longer a resident on record
    DEATH = "death"  # 住民票の消除 by death (12条2号)
    RECORD_ERROR = "record_error"  # what was certified was never so (13条)
    RENEWED = "renewed"  # a newer certificate took its place
    AUTHORITY_COMPROMISE = "authority_compromise"  # the authority's own key (14条)
    SUSPENDED = "suspended"  # for the time being: the card is lost


class CertificateMalformed(Invalid):
    """Not an X.509 certificate, or larger than one may be."""

    code = "person_certificate_malformed"
    http = 401
    ja = "電子証明書を読み取れません。カードを置き直してやり直してください。続く場合は窓口でカードを確かめてください。"
    en = (
        "The certificate cannot be read. Place the card again and retry; "
        "if it goes on, have the card checked at a counter."
    )


class AuthorityUnknown(Invalid):
    """No authority that we trust has issued it."""

    code = "person_authority_unknown"
    http = 401
    ja = "この電子証明書は、ここで信頼する認証局のものではありません。発行を受けたマイナンバーカードを使ってください。"
    en = "No authority that is trusted here has issued this certificate. Use the personal-number card issued to you."


class GenerationUnknown(AuthorityUnknown):
    """The issuer bears the authority's name, and none of its keys that we trust made the signature.

    Every generation of the authority bears the same name, so this is a generation that is not trusted here, or
    someone who only uses the name; the two cannot be told apart.
    """

    code = "person_generation_unknown"
    ja = (
        "この電子証明書は、認証局の名を示していますが、ここで信頼する世代の鍵で署名されていません。"
        "カードの電子証明書の有効期限を確かめ、窓口で更新を受けてください。"
    )
    en = (
        "This certificate names the authority, but none of its keys that are trusted here has signed it. "
        "Check until when the card's certificate is valid and have it renewed at a counter."
    )


class WrongProfile(Invalid):
    """Issued by an authority that we trust, but not a certificate of this kind."""

    code = "person_certificate_wrong_profile"
    http = 401
    ja = "この電子証明書は、この用途（{use}）のものではありません。求められた種類の電子証明書を使ってください。"
    en = "This certificate is not made for this use ({use}). Use the certificate of the kind that is asked for."


class CertificateNotYetValid(Invalid):
    """Before the period of validity."""

    code = "person_certificate_not_yet_valid"
    http = 401
    ja = "電子証明書の有効期間がまだ始まっていません。端末の時計を確かめ、後でやり直してください。"
    en = "The certificate is not valid yet. Check the clock of your device and try again later."


class CertificateExpired(Invalid):
    """After the period of validity."""

    code = "person_certificate_expired"
    http = 401
    ja = "電子証明書の有効期限が過ぎています。住民票のある市区町村の窓口で新しい電子証明書の発行を受けてください。"
    en = "The certificate has expired. Obtain a new one at the counter of the municipality where you are registered."


# --- status ---


class StatusInvalid(Invalid):
    """A statement about a certificate's status that does not prove anything about it."""

    code = "certificate_status_invalid"
    http = 401
    ja = "電子証明書の状態を示す応答を確認できません（{step}）。受け付けずに止めました。やり直してください。"
    en = "The answer about the certificate's status does not verify ({step}), so nothing was accepted. Try again."


class StatusUnknown(Invalid):
    """The authority says that it does not know the certificate."""

    code = "certificate_status_unknown"
    http = 401
    ja = "認証局にこの電子証明書の記録がありません。発行を受けたカードを使うか、窓口でカードを確かめてください。"
    en = "The authority has no record of this certificate. Use the card issued to you, or have it checked at a counter."


class StatusStale(Failed):
    """A statement that is too old, or says that it is from the future."""

    code = "certificate_status_stale"
    ja = (
        "電子証明書の状態を示す情報が古いため、確認できません。受け付けずに止めました。しばらくしてやり直してください。"
    )
    en = "What is known of the certificate's status is out of date, so nothing was accepted. Try again in a while."


class StatusRefused(Failed):
    """The responder answered that it cannot answer."""

    code = "certificate_status_refused"
    ja = "認証局が電子証明書の状態の照会に答えませんでした（{status}）。しばらくしてやり直してください。"
    en = "The authority did not answer the question about the certificate's status ({status}). Try again in a while."


class CertificateSuspended(Refused):
    """On hold: the holder reported the card as lost."""

    code = "certificate_suspended"
    http = 401
    ja = (
        "カードの一時停止の届出があるため、この電子証明書は使えません。カードが見つかったときは、市区町村の窓口で"
        "一時停止の解除を受けてください（署名用電子証明書は、新しく発行を受けてください）。"
    )
    en = (
        "The card was reported lost, so its certificates are on hold. If the card has been found, have the hold lifted "
        "at the counter of your municipality (and a signature certificate issued anew)."
    )


class CertificateRevoked(Refused):
    """Revoked. `reason` tells why; the commonest reasons have their own class and sentence."""

    code = "certificate_revoked"
    http = 401
    ja = "この電子証明書は失効しています。市区町村の窓口で新しい電子証明書の発行を受けてください。"
    en = "This certificate has been revoked. Obtain a new one at the counter of your municipality."
    reason: Reason = Reason.UNSPECIFIED


class CertificateContentChanged(CertificateRevoked):
    """Name or address changed (公的個人認証法12条1号): what the certificate says is no longer so."""

    code = "certificate_content_changed"
    ja = (
        "氏名や住所などが変わったため、署名用電子証明書は失効しています。"
        "市区町村の窓口で、新しい内容の電子証明書の発行を受けてください。"
    )
    en = (
        "The name or address has changed, so the signature certificate was revoked. "
        "Obtain one with the new content at the counter of your municipality."
    )
    reason = Reason.CONTENT_CHANGED


class CertificateRenewed(CertificateRevoked):
    """A newer certificate took its place."""

    code = "certificate_renewed"
    ja = "この電子証明書は更新され、古いものになっています。新しい電子証明書の入ったカードを使ってください。"
    en = "This certificate was renewed and is the old one. Use the card with the new certificate."
    reason = Reason.RENEWED


class CertificateKeyCompromised(CertificateRevoked):
    """The key was reported as leaked, lost or damaged (公的個人認証法10条)."""

    code = "certificate_key_compromised"
    ja = (
        "秘密鍵の漏えいや紛失の届出により、この電子証明書は失効しています。"
        "心当たりがないときは、市区町村の窓口に知らせてください。"
    )
    en = (
        "The key was reported leaked or lost, so this certificate was revoked. "
        "If you do not know of it, tell the counter of your municipality."
    )
    reason = Reason.KEY_COMPROMISE


class CertificateHolderGone(CertificateRevoked):
    """The holder died or left the registers (公的個人認証法12条2号, 31条)."""

    code = "certificate_holder_gone"
    ja = (
        "住民票が消除されたため、この電子証明書は失効しています。"
        "心当たりがないときは、市区町村の窓口に知らせてください。"
    )
    en = (
        "The holder's resident record was closed, so this certificate was revoked. "
        "If that is a mistake, tell the counter of your municipality."
    )
    reason = Reason.CESSATION


_BY_REASON: dict[Reason, type[CertificateRevoked]] = {
    Reason.CONTENT_CHANGED: CertificateContentChanged,
    Reason.RENEWED: CertificateRenewed,
    Reason.KEY_COMPROMISE: CertificateKeyCompromised,
    Reason.CESSATION: CertificateHolderGone,
    Reason.DEATH: CertificateHolderGone,
}


def revoked(reason: Reason) -> CertificateRevoked:
    """The error for a certificate that was revoked for this reason."""
    error = _BY_REASON.get(reason, CertificateRevoked)()
    error.reason = reason
    return error
