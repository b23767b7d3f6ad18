"""What the welfare office refuses."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class AllowanceClaimUnknown(Invalid):
    code = "allowance_claim_unknown"
    http = 404
    ja = "児童手当の請求「{claim}」は見つかりません。請求の一覧から開き直してください。"
    en = "There is no child allowance claim “{claim}”. Open it again from the list of claims."


class NoChild(Refused):
    code = "no_child"
    ja = (
        "支給の対象となる児童（18歳に達する日以後の最初の3月31日まで）がいません（児童手当法3条、4条）。"
        "生年月日を確かめてください。"
    )
    en = (
        "No child up to the 31 March after turning 18 is named (Child Allowance Act arts. 3, 4). Check the birth dates."
    )


class AllowanceClaimOpen(Refused):
    code = "allowance_claim_open"
    http = 409
    ja = "この方の請求「{claim}」が審査中です。その請求を開いてください。"
    en = "This person's claim “{claim}” is still being examined. Open that one."


class AllowancePaidAlready(Refused):
    code = "allowance_paid_already"
    http = 409
    ja = "この方にはすでに児童手当を支給しています。児童が増えたときは、額の改定を請求してください。"
    en = "This person receives the child allowance already. Where a child has come, claim a change of the amount."


class AllowanceUnknown(Invalid):
    code = "allowance_unknown"
    http = 404
    ja = "この宛名番号の方に、支給中の児童手当はありません。番号を確かめてください。"
    en = "No child allowance is being paid under this number. Check the number."


class AllowanceStepRefused(Refused):
    code = "allowance_step_refused"
    http = 409
    ja = "今の状態（{state}）では、この手続（{step}）はできません。請求を開き直して確かめてください。"
    en = "This step ({step}) is not possible in the claim's present state ({state}). Open the claim again."


class AllowanceAnswersOutstanding(Refused):
    code = "allowance_answers_outstanding"
    http = 409
    ja = "まだ結果の出ていない照会が{count}件あります。結果を待ってください。"
    en = "{count} inquiries have no result yet. Wait for them."


class AllowancePapersMissing(Refused):
    code = "allowance_papers_missing"
    http = 409
    ja = "情報連携で得られなかった{count}件の書類を確認していません。請求者に求め、確認してから決定してください。"
    en = "{count} papers that the exchange could not replace were not seen. Ask the claimant for them, then decide."


class PaymentMonthOdd(Invalid):
    code = "payment_month_odd"
    ja = "{month}は支払期月ではありません。児童手当は偶数月に支払います（児童手当法8条4項）。"
    en = "{month} is no payment month. Child allowance is paid in even months (Child Allowance Act art. 8(4))."


class FormerHomeUnknown(Invalid):
    code = "former_home_unknown"
    ja = "{on}に住んでいた市町村が分かりません。転入前の市町村を補ってから照会してください。"
    en = "The municipality of residence on {on} is not known. Add the former municipality, then ask."
