"""What the addressee ledger refuses."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class OwnNumberTaken(Refused):
    """Carries positions, never a number."""

    code = "own_number_taken"
    http = 409
    ja = (
        "宛名番号{count}件は別の方のものです（要求の中の位置: {positions}）。本人を確かめ、統合又は分割をしてください。"
    )
    en = "{count} own numbers stand for someone else (at {positions} of the request). Identify them, merge or split."


class OwnNumberUnknown(Refused):
    """Carries positions, never a number."""

    code = "own_number_unknown"
    http = 404
    ja = "この業務の宛名番号{count}件は登録がありません（要求の中の位置: {positions}）。先に付番してください。"
    en = "{count} own numbers of this system are not in the ledger (at {positions} of the request). Enrol them first."


class AddresseeUnknown(Refused):
    code = "addressee_unknown"
    http = 404
    ja = "この団体内統合宛名番号の方は登録されていません。番号を確かめてください。"
    en = "Nobody has this integrated address number. Check the number."


class AddresseeMerged(Refused):
    code = "addressee_merged"
    http = 409
    ja = "この宛名番号は別の番号に統合されています。統合先の番号で行ってください。"
    en = "This address number was merged into another. Use the number that it was merged into."


class MergeWithItself(Invalid):
    code = "merge_with_itself"
    ja = "同じ宛名番号どうしは統合できません。二つの番号を選んでください。"
    en = "An address number cannot be merged with itself. Choose two numbers."


class MergeNumbersDiffer(Refused):
    code = "merge_numbers_differ"
    http = 409
    ja = "二つの宛名番号の個人番号が違います（別人か番号変更後）。本人を確かめ、番号を直してから統合してください。"
    en = (
        "The two address numbers have different personal numbers: two people, or a number that changed. Identify "
        "them, correct the former number, then merge."
    )


class PersonalNumberElsewhere(Refused):
    code = "personal_number_elsewhere"
    http = 409
    ja = "この個人番号は別の宛名番号の方に登録されています。同じ方なら統合し、違う方なら番号を確かめてください。"
    en = "This personal number stands with another address number. Merge them if one person, else check the number."


class SplitIncomplete(Invalid):
    code = "split_incomplete"
    ja = (
        "分割する宛名番号の指定が、登録と合いません。移す業務システムの宛名番号を一つ以上、登録どおりに選んでください。"
    )
    en = "What is to be parted does not match the ledger. Choose one own number or more that stand with this person."


class RelinkingUnknown(Refused):
    code = "relinking_unknown"
    http = 404
    ja = "この統合の記録はありません。番号を確かめてください。"
    en = "There is no record of this merger. Check its number."


class RelinkingUndone(Refused):
    code = "relinking_undone"
    http = 409
    ja = "この統合は取り消し済みか、その後の異動のため取り消せません。必要であれば分割してください。"
    en = "This merger was undone already, or later changes stand in the way. Split the entry instead if needed."


class SearchTooWide(Invalid):
    code = "search_too_wide"
    ja = "検索には、氏名、フリガナ、生年月日又は住所のうち一つ以上が必要です。"
    en = "A search needs a name, a reading, a date of birth or an address at least."


class DrawRepeats(Failed):
    code = "draw_repeats"
    ja = "取得番号を引き直しても重なります。符号は求めていません。乱数源を確かめて、もう一度行ってください。"
    en = "Acquisition numbers repeat even when drawn again; no code was ordered. Check the random source and try again."
