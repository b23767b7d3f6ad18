"""What `numbers` refuses."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class PersonalNumberUnknown(Refused):
    """Carries the positions in the order, so that the asker can part the good from the bad without naming a number."""

    code = "personal_number_unknown"
    http = 404
    ja = "個人番号{count}件は付番されていません（要求の中の位置: {positions}）。番号と本人を確かめてください。"
    en = "{count} personal numbers were never assigned (at {positions} of the request). Check the numbers and persons."


class PersonalNumberReplaced(Refused):
    code = "personal_number_replaced"
    http = 409
    ja = "この個人番号はすでに変更されています。変更後の番号で手続してください。"
    en = "This personal number was replaced already. Use the number that replaced it."


class RecordCodeUnnumbered(Refused):
    code = "record_code_unnumbered"
    http = 404
    ja = "この住民票コードの方には個人番号が付番されていません。付番を求めてください。"
    en = "No personal number is assigned to this resident record code. Have one assigned."


class PersonalNumberTaken(Refused):
    code = "personal_number_taken"
    http = 409
    ja = "個人番号{count}件は別の方の番号か、使い終わった番号です。一度使った番号は使えません（番号法8条2項1号）。"
    en = "{count} personal numbers stand or stood for someone else; a number is never used twice (Act art. 8(2)(i))."


class RecordCodeNumbered(Refused):
    code = "record_code_numbered"
    http = 409
    ja = "住民票コード{count}件には別の個人番号が付番されています。番号の変更として手続してください。"
    en = "{count} resident record codes have another personal number already. Change the number instead."


class RequestedTwice(Invalid):
    code = "requested_twice"
    ja = "同じ番号が一つの要求に二度あります。重ならないようにして送り直してください。"
    en = "The same number stands in one request twice. Send it again with each number once."


class DrawExhausted(Failed):
    code = "draw_exhausted"
    ja = (
        "未使用の個人番号を引き当てられませんでした。付番は行われていません。乱数源を確かめて、もう一度求めてください。"
    )
    en = "No unused personal number could be drawn and none was assigned. Check the random source and ask again."
