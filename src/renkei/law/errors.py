"""Refusals and failures of the law room."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class NotPermitted(Refused):
    """No row in force lets this body ask that body for this information in these affairs."""

    code = "not_permitted"
    ja = (
        "事務手続{affairs}では、照会者（{requester}）が提供者（{provider}）に「{information}」を求めることを認める規定が"
        "ありません。照会先、情報、事務手続を確かめてください（renkei law why で理由を調べられます）。"
    )
    en = (
        "In affairs {affairs} no rule lets the requester ({requester}) ask the provider ({provider}) "
        "for {information}. "
        "Check provider, information and affairs (renkei law why tells the reason)."
    )


class RowNotInForce(Refused):
    """The row exists in the edition but is deleted or not in force on the date."""

    code = "row_not_in_force"
    ja = "根拠となる表の{row}の項は{date}には効力がありません（版{edition}）。日付を確かめてください。"
    en = "Row {row} of the table is not in force on {date} ({edition}). Check the date."


class AffairsUnknown(Invalid):
    """The affairs id is in no row of the edition."""

    code = "affairs_unknown"
    http = 422
    ja = "事務手続{affairs}は版{edition}にありません。renkei law show 項番号 で番号を確かめてください。"
    en = "Affairs {affairs} does not exist in {edition}. Look the id up with renkei law show ROW."


class InformationUnknown(Invalid):
    """The information item is not in the lexicon."""

    code = "information_unknown"
    http = 422
    ja = "特定個人情報「{information}」という項目はありません。項目の記号を確かめてください。"
    en = "There is no information item {information}. Check the item's slug."


class WordUnknown(Invalid):
    """A word of the user matches no kind of body or information, or more than one."""

    code = "law_word_unknown"
    http = 422
    ja = "「{word}」がどれを指すか分かりません。候補: {candidates}。記号か法令の用語を書いてください。"
    en = "It is not clear what {word} stands for. Candidates: {candidates}. Write a slug or the law's own term."


class RowUnknown(Invalid):
    """The edition has no such row."""

    code = "law_row_unknown"
    http = 404
    ja = "版{edition}に{row}の項はありません。"
    en = "{edition} has no row {row}."


class NoEdition(Invalid):
    """No edition of the table was in force on the date."""

    code = "law_edition_missing"
    http = 422
    ja = "{date}に効力のある表は収録されていません（収録は{first}以降）。日付を確かめてください。"
    en = "No table in force on {date} is kept here (the first is of {first}). Check the date."


class ParameterMissing(Failed):
    """A parameter has no value on the date."""

    code = "law_parameter_missing"
    http = 500
    ja = "法令の値「{name}」は{date}について収録されていません。law/parameters.toml に加えてください。"
    en = "The value {name} is not kept for {date}. Add it to law/parameters.toml."


class PhraseUnread(Failed):
    """The law's words hold something that the lexicon does not know; the data cannot be used."""

    code = "law_phrase_unread"
    http = 500
    ja = "版{edition}の{record}の語句「{rest}」を読み取れません。law/lexicon に語を加えてください。"
    en = "The words {rest} in {record} of {edition} cannot be read. Add them to law/lexicon."


class LawDataMissing(Failed):
    """The directory of law data is neither in the package nor beside a checkout."""

    code = "law_data_missing"
    http = 500
    ja = "法令データが見つかりません（{path}）。配布物を入れ直してください。"
    en = "The law data are missing ({path}). Install the package again."
