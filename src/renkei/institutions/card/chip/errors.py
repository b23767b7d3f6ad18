"""What the chip's own interfaces outside APDUs refuse. Over APDUs it answers status words, see `words`."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class CardFileDamaged(Invalid):
    """Not the bytes of a software card, or of another version."""

    code = "card_file_damaged"
    ja = "ソフトウェアカードのファイルとして読めません。壊れているか、別の版のものです。カードを作り直してください。"
    en = "This is not the file of a software card: it is damaged or of another version. Make the card again."


class CounterOrderRefused(Refused):
    """An order that the card's issuer did not sign, or signed for another card or another moment."""

    code = "card_counter_order_refused"
    ja = (
        "窓口からの指示をカードが受け付けません。発行者の署名がないか、このカード・この場のものではありません。"
        "カードを置き直して、もう一度行ってください。"
    )
    en = (
        "The card refuses the counter's order: its issuer did not sign it, or not for this card and this moment. "
        "Put the card down again and repeat."
    )


class PinFormatWrong(Invalid):
    """A new PIN or password that the card could never be shown."""

    code = "card_pin_format_wrong"
    http = 422
    ja = "暗証番号の形が正しくありません。数字4桁、署名用は英大文字と数字で6〜16文字です。別の値にしてください。"
    en = "The PIN has the wrong form: four digits, for signing 6 to 16 capitals and digits. Choose another."
