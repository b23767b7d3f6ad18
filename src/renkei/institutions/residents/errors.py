"""What `residents` refuses."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class ResidentUnknown(Refused):
    code = "resident_unknown"
    http = 404
    ja = "この宛名番号の住民は登録されていません。番号を確かめてください。"
    en = "No resident has this number. Check the number."


class ResidentGone(Refused):
    code = "resident_gone"
    http = 409
    ja = "この方は{on}に転出しています。転入の届出がなければ、この異動は登録できません。"
    en = "This person moved away on {on}. Unless they move in again, this change cannot be entered."


class ResidentDead(Refused):
    code = "resident_dead"
    http = 409
    ja = "この方は{on}に死亡しています。誤りであれば、回復の処理をしてから登録してください。"
    en = "This person died on {on}. If that is wrong, restore the record first, then enter the change."


class ResidentPresent(Refused):
    code = "resident_present"
    http = 409
    ja = "この方はすでに住民として登録されています。二重に登録せず、登録済みの記録を異動してください。"
    en = "This person is entered as a resident already. Change the record that stands; do not enter a second one."


class NumberStands(Refused):
    code = "number_stands"
    http = 409
    ja = "この個人番号は別の住民の記録にあります。本人を確かめ、誤りのある記録を直してください。"
    en = "This personal number stands in another resident's record. Identify the person and correct the wrong record."


class HouseholdUnknown(Refused):
    code = "household_unknown"
    http = 404
    ja = "この世帯はないか、すでに消えています。世帯番号を確かめてください。"
    en = "There is no such household, or it has ended. Check the number of the household."


class HeadOutside(Invalid):
    code = "head_outside"
    ja = "世帯主は、その世帯の現在の世帯員でなければなりません。世帯員を確かめてください。"
    en = "The head must be a present member of the household. Check its members."


class RelationsIncomplete(Invalid):
    code = "relations_incomplete"
    ja = "世帯主との続柄は、世帯員{needed}人全員について入力してください。"
    en = "Enter the relation to the head for every one of the {needed} members."


class NobodyNamed(Invalid):
    code = "nobody_named"
    ja = "異動する方が指定されていません。一人以上を、重ならないように選んでください。"
    en = "The change names nobody, or someone twice. Choose one person or more, each once."


class DayAhead(Invalid):
    code = "day_ahead"
    ja = "異動日{on}はまだ来ていません。転出以外は、異動のあった日以後に登録してください。"
    en = "The day {on} has not come yet. Except a move away, enter a change on its day or later."


class DayTooEarly(Invalid):
    code = "day_too_early"
    ja = "日付{on}は、この方が住民となった日か直前の異動より前、又はすでに過ぎた期限です。日付を確かめてください。"
    en = "The day {on} lies before the person's arrival or last move, or is a term that has passed. Check the date."


class EntryTwice(Invalid):
    code = "entry_twice"
    ja = "同じ住民票コード、個人番号又は宛名番号の方が二人以上います（{count}件）。一人ずつにして登録し直してください。"
    en = "Several people of the entry share a resident record code, personal number or own number ({count}). Part them."


class SearchEmpty(Invalid):
    code = "search_empty"
    ja = "氏名、フリガナ、生年月日のどれかを入力してください。"
    en = "Enter a name, its reading or a date of birth."
