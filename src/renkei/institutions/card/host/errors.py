"""What goes wrong between a program and a card. None of these says which card, whose, or what was entered."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class PinWrong(Invalid):
    """The card compared and said no; a try is spent."""

    code = "card_pin_wrong"
    http = 422
    ja = "暗証番号（パスワード）が違います。あと{tries}回続けて間違えるとロックされます。"
    en = "The PIN or password is wrong. After {tries} more wrong tries in a row the card locks it."

    def __init__(self, *, tries: int) -> None:
        super().__init__(tries=tries)
        self.tries = tries


class PinLocked(Refused):
    """No tries left: the card does not compare any more."""

    code = "card_pin_locked"
    ja = (
        "続けて間違えたため、この暗証番号（パスワード）はロックされています。カードを持って、"
        "住民票のある市区町村の窓口で再設定を受けてください。"
    )
    en = (
        "This PIN or password is locked after too many wrong tries. "
        "Take the card to the counter of the municipality where you are registered to have it reset."
    )


class PinNotFourDigits(Invalid):
    """Found before the card was asked: no try is spent."""

    code = "card_pin_not_four_digits"
    http = 422
    ja = "暗証番号は4桁の数字です。入力し直してください。回数は減っていません。"
    en = "The PIN is four digits. Enter it again. No try was used up."


class PasswordFormatWrong(Invalid):
    """Found before the card was asked: no try is spent."""

    code = "card_password_format_wrong"
    http = 422
    ja = "署名用パスワードは6文字から16文字までの英数字です。入力し直してください。回数は減っていません。"
    en = "The signature password is 6 to 16 letters and digits. Enter it again. No try was used up."


class SignatureCertificateMissing(Refused):
    """Not every card has one: under 15 years of age none is issued (公的個人認証法3条), and it can be left out."""

    code = "card_signature_certificate_missing"
    ja = (
        "このカードには署名用電子証明書がありません（15歳未満の方には、原則として発行されません）。"
        "必要なときは、住民票のある市区町村の窓口で発行を受けてください。"
    )
    en = (
        "This card has no signature certificate (as a rule none is issued under the age of 15). "
        "Where one is needed, the counter of the municipality where the holder is registered issues it."
    )


class AuthenticationCertificateMissing(Refused):
    """The holder went without the certificate, or it was taken off the card."""

    code = "card_authentication_certificate_missing"
    ja = (
        "このカードには利用者証明用電子証明書がありません。"
        "必要なときは、住民票のある市区町村の窓口で発行を受けてください。"
    )
    en = (
        "This card has no authentication certificate. "
        "Where one is needed, the counter of the municipality where the holder is registered issues it."
    )


class CardUnknown(Invalid):
    """The card answers, but has no JPKI application."""

    code = "card_unknown"
    http = 409
    ja = "マイナンバーカードではないカードです。マイナンバーカードをリーダーに置いてください。"
    en = "This is not a personal-number card. Put a personal-number card on the reader."


class CardMissing(Invalid):
    """Nothing on the reader."""

    code = "card_missing"
    http = 409
    ja = "カードがありません。マイナンバーカードをリーダーに置いて、もう一度お試しください。"
    en = "There is no card. Put the personal-number card on the reader and try again."


class CardRemoved(Invalid):
    """The card went away in the middle; what it was doing did not happen, except that a try may be spent."""

    code = "card_removed"
    http = 409
    ja = "途中でカードが離れました。終わるまで置いたままにして、もう一度お試しください。"
    en = "The card was taken away in the middle. Leave it in place until the end, and try again."


class CardBusy(Invalid):
    """Another program holds the card."""

    code = "card_busy"
    http = 409
    ja = "ほかのプログラムがカードを使っています。それを終了してから、もう一度お試しください。"
    en = "Another program is using the card. Close it and try again."


class CardAnswerUnexpected(Invalid):
    """The card answers with a status word, or content, that no personal-number card gives here."""

    code = "card_answer_unexpected"
    http = 409
    ja = "カードの応答を読み取れません（状態{status}）。カードを置き直して、もう一度お試しください。"
    en = "The card's answer cannot be understood (status {status}). Take the card off, put it back and try again."


class DigestUnfit(Invalid):
    """What is to be signed was hashed for another kind of key."""

    code = "card_digest_unfit"
    http = 409
    ja = "署名する文書が、このカードの鍵（{algorithm}）に合う形で用意されていません。依頼元のサイトに連絡してください。"
    en = "The document was not prepared for this card's key ({algorithm}). Tell the site that asks for the signature."


class ReaderMissing(Failed):
    """PC/SC runs, but knows no reader of that name, or none at all."""

    code = "card_reader_missing"
    ja = "カードリーダーがありません。カードリーダーをつなぎ、もう一度お試しください。"
    en = "There is no card reader. Connect a card reader and try again."


class PcscUnavailable(Failed):
    """The smart-card service of this machine does not answer."""

    code = "pcsc_unavailable"
    ja = "このパソコンのスマートカードのサービス（pcscd）が動いていません。起動してから、もう一度お試しください。"
    en = "The smart-card service of this machine (pcscd) is not running. Start it and try again."


class PcscNotInstalled(Failed):
    """The system's PC/SC library is not there."""

    code = "pcsc_not_installed"
    ja = "スマートカードのライブラリー（{library}）がありません。Debianではlibpcsclite1とpcscdを入れてください。"
    en = "The smart-card library {library} is missing. Install pcsc-lite (on Debian: libpcsclite1 and pcscd)."


class PcscFailed(Failed):
    """A return code of PC/SC that has no better name."""

    code = "pcsc_failed"
    ja = "カードリーダーが応答しません（{status}）。つなぎ直して、もう一度お試しください。"
    en = "The card reader does not answer ({status}). Disconnect it, connect it again and retry."
