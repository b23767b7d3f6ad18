"""What the tax room refuses."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class TaxYearUnsupported(Refused):
    code = "tax_year_unsupported"
    ja = (
        "{fiscal_year}年度の税額計算の規定が登録されていません。"
        "規定を登録するか、{first}年度から{last}年度までの年度を指定してください。"
    )
    en = (
        "The rules of fiscal year {fiscal_year} are not kept here. "
        "Enter them, or name a fiscal year from {first} to {last}."
    )


class TaxpayerUnknown(Invalid):
    code = "taxpayer_unknown"
    http = 404
    ja = "宛名番号{count}件は納税義務者として登録されていません。番号を確かめてください。"
    en = "{count} numbers belong to no registered taxpayer. Check the numbers."


class AlreadyAssessed(Refused):
    code = "already_assessed"
    http = 409
    ja = "{fiscal_year}年度はすでに賦課決定されています。内容が違うときは、更正してください。"
    en = "Fiscal year {fiscal_year} is assessed already. Where that is wrong, correct it."


class NotAssessed(Refused):
    code = "not_assessed"
    http = 404
    ja = "{fiscal_year}年度の賦課決定がありません。先に賦課決定をしてください。"
    en = "Fiscal year {fiscal_year} was never assessed. Assess it first."


class CorrectionTooLate(Refused):
    code = "correction_too_late"
    ja = "{fiscal_year}年度の税額は、期間が過ぎたため変更できません（増額は3年、減額は5年。地方税法17条の5）。"
    en = (
        "The period for changing fiscal year {fiscal_year} is over "
        "(three years to raise, five to lower; Local Tax Act art. 17-5)."
    )


class StatementNegative(Invalid):
    code = "statement_negative"
    ja = "金額と人数は0以上で入力してください（{field}）。損失はここでは扱えません。"
    en = "Amounts and counts are zero or more ({field}); losses are not handled here."
