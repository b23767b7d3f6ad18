"""What the pension office refuses."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class InsuredUnknown(Invalid):
    code = "insured_unknown"
    http = 404
    ja = "この宛名番号の被保険者は登録されていません。基礎年金番号から確かめてください。"
    en = "No insured person is registered under this number. Check it against the basic pension number."


class ClaimUnknown(Invalid):
    code = "claim_unknown"
    http = 404
    ja = "請求「{claim}」は見つかりません。請求の一覧から開き直してください。"
    en = "There is no claim “{claim}”. Open it again from the list of claims."


class ClaimTooEarly(Refused):
    code = "claim_too_early"
    ja = "65歳に達する日（{on}）より前には請求できません（国民年金法26条）。その日以後に請求してください。"
    en = "A claim can be filed from the day on which 65 is attained, {on} (National Pension Act art. 26)."


class ClaimOpen(Refused):
    code = "claim_open"
    http = 409
    ja = "この方の請求「{claim}」が審査中です。新しく請求せず、その請求を開いてください。"
    en = "This person's claim “{claim}” is still being examined. Open that one instead of filing another."


class PensionPaidAlready(Refused):
    code = "pension_paid_already"
    http = 409
    ja = "この方には老齢基礎年金がすでに裁定されています。額が違うときは、改定として手続してください。"
    en = "An old-age basic pension was granted to this person already. Where the amount is wrong, have it revised."


class ClaimStepRefused(Refused):
    code = "claim_step_refused"
    http = 409
    ja = "今の状態（{state}）では、この手続（{step}）はできません。請求を開き直して確かめてください。"
    en = "This step ({step}) is not possible in the claim's present state ({state}). Open the claim again."


class AnswersOutstanding(Refused):
    code = "answers_outstanding"
    http = 409
    ja = "まだ結果の出ていない照会が{count}件あります。結果を待つか、保留にしてください。"
    en = "{count} inquiries have no result yet. Wait for them, or put the claim on hold."


class PapersMissing(Refused):
    code = "papers_missing"
    http = 409
    ja = "情報連携で得られなかった{count}件の書類を確認していません。請求者に求め、確認してから決定してください。"
    en = "{count} papers that the exchange could not replace were not seen. Ask the claimant for them, then decide."


class AnswersContradict(Refused):
    code = "answers_contradict"
    http = 409
    ja = (
        "回答の内容（{fact}）が年金の記録と合いません。保留にして、"
        "記録の訂正か提供者への確認をしてから決定してください。"
    )
    en = "The answers contradict the pension record ({fact}). Put the claim on hold and clear this up before deciding."


class NotEntitledToPension(Refused):
    code = "not_entitled_to_pension"
    ja = "受給資格期間が{months}か月で、{required}か月に足りません（国民年金法26条）。不支給として決定してください。"
    en = "The qualifying period is {months} months, less than the {required} required (Act art. 26). Refuse the claim."


class ResidenceUnknown(Invalid):
    code = "residence_unknown"
    ja = "{on}に住んでいた市町村の記録がありません。住所の履歴を補ってから照会してください。"
    en = "The municipality of residence on {on} is not recorded. Complete the address history, then ask."


class MonthsInvalid(Invalid):
    code = "months_invalid"
    ja = "月数は0以上で入力してください（{field}）。"
    en = "Months are zero or more ({field})."


class DecisionMissing(Invalid):
    code = "decision_missing"
    http = 422
    ja = "何をするかが選ばれていません。一つ選んで、もう一度送ってください。"
    en = "Nothing was chosen. Choose what is to be done and send the form again."


class ClaimantMissing(Invalid):
    code = "claimant_missing"
    http = 422
    ja = "請求者が選ばれていません。一覧から選んで、もう一度送ってください。"
    en = "No claimant was chosen. Choose one from the list and send the form again."
