"""What the card's authority refuses."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class CertificateUnknown(Refused):
    """No certificate of this serial was issued here, or not yet at that time."""

    code = "card_certificate_unknown"
    http = 404
    ja = "この発行番号の電子証明書の記録はありません。番号を確かめてください。"
    en = "No certificate of this serial number was issued here. Check the number."


class HolderWithoutCertificate(Refused):
    """The holder has no certificate to which this could happen."""

    code = "card_holder_without_certificate"
    http = 404
    ja = "この方には、対象になる有効な電子証明書がありません。発行の記録を確かめてください。"
    en = "This holder has no standing certificate to which this could be done. Check what was issued."


class CertificateStands(Refused):
    """A certificate of the same use stands: it is renewed or revoked, not issued beside."""

    code = "card_certificate_stands"
    http = 409
    ja = "この方には、有効な同じ種類の電子証明書があります。更新するか、先に失効させてください。"
    en = "A certificate of the same kind stands for this holder. Renew it, or revoke it first."


class SignatureCertificateRefused(Refused):
    """Under 15 years of age, or an adult ward without a representative at hand."""

    code = "card_signature_certificate_refused"
    ja = (
        "15歳未満の方と成年被後見人の方には、原則として署名用電子証明書を発行しません。"
        "利用者証明用電子証明書だけを発行してください。"
    )
    en = (
        "No signature certificate is issued to children under 15 nor, as a rule, to adult wards. "
        "Issue the authentication certificate alone."
    )


class CardExpired(Refused):
    """The card, or the holder's leave to stay, ends today or has ended."""

    code = "card_expired"
    http = 409
    ja = "カードの有効期限か在留期限が過ぎているため、電子証明書を発行できません。先にカードを更新してください。"
    en = "The card or the leave to stay has expired, so no certificate can be issued. Renew the card first."


class HoldNotLifted(Refused):
    """Nothing of the holder's is on hold that could be lifted."""

    code = "card_hold_not_lifted"
    http = 409
    ja = "一時停止を解除できる電子証明書がありません。署名用電子証明書は、解除できないため新しく発行してください。"
    en = "No certificate is on hold that could be released. A signature certificate never is: issue a new one."


class StandingFinal(Refused):
    """A revoked certificate stays revoked."""

    code = "card_standing_final"
    http = 409
    ja = "失効した電子証明書の状態は変えられません。必要であれば新しく発行してください。"
    en = "A revoked certificate stays revoked. Issue a new one if it is needed."


class KeyUnfit(Invalid):
    """The public key is not of the kind that this generation of cards has."""

    code = "card_key_unfit"
    ja = "公開鍵の種類が、このカードの世代（{profile}）のものではありません。カードで鍵を作り直してください。"
    en = "The public key is not of the kind that this generation of cards ({profile}) has. Make the key anew."


class ContentUnfit(Invalid):
    """A name, address or id that cannot stand in a certificate."""

    code = "card_content_unfit"
    ja = "電子証明書に記録できない内容が含まれています。氏名、住所などの文字と長さを確かめてください。"
    en = "Something of the content cannot stand in a certificate. Check the characters and lengths."


class GenerationMissing(Failed):
    """No generation of the authority issues for this use, or none lasts long enough."""

    code = "card_generation_missing"
    ja = "電子証明書を発行できる世代の認証局がありません。認証局の新しい世代を開いてください。"
    en = "No generation of the authority can issue this certificate. Open a new generation."


class GenerationUnknownHere(Refused):
    """Nobody here has this issuer id."""

    code = "card_generation_unknown"
    http = 404
    ja = "この認証局の世代はありません。識別子を確かめてください。"
    en = "There is no such generation of the authority. Check its identifier."
