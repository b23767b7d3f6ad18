"""Errors of the filing service."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class IncomeYearUnknown(Refused):
    """The figures of the law for that year are not kept."""

    code = "income_year_unknown"
    http = 404
    ja = "{year}年分の申告は、このサービスでは扱っていません。扱っている年分を選んでください。"
    en = "This service does not handle returns for {year}. Choose a year that it handles."


class SlipMissing(Refused):
    """No withholding slip of this person came."""

    code = "slip_missing"
    http = 409
    ja = (
        "あなたの源泉徴収票がまだ届いていないため、下書きを作れません。勤め先に確かめて、届いてから開き直してください。"
    )
    en = (
        "Your withholding slip has not come, so no draft can be made. Ask your employer, and open the page again later."
    )


class AmountMalformed(Invalid):
    """Not an amount in whole yen."""

    code = "amount_malformed"
    http = 422
    ja = "0から{limit}までの円の金額を、数字で入力してください。"
    en = "Enter an amount in whole yen from 0 to {limit}, in digits."


class ReturnMissing(Refused):
    """Nothing was begun."""

    code = "return_missing"
    http = 404
    ja = "この年分の申告書がまだありません。申告サービスの最初のページから始めてください。"
    en = "There is no return for this year yet. Begin on the first page of the filing service."


class ReturnStepRefused(Refused):
    """The step does not follow from where the return stands; most often another window went on with it."""

    code = "return_step_refused"
    http = 409
    ja = "申告書は、別の画面などですでに先へ進んでいます（{state}）。いまの状態を表示して、そこから続けてください。"
    en = "The return has moved on already, perhaps in another window ({state}). Look at where it stands now."


class SignatureMissing(Refused):
    """No signature for the return as it stands now."""

    code = "return_signature_missing"
    http = 409
    ja = "いまの内容への署名を受け取れなかったため、何も提出していません。内容を確かめて、もう一度署名してください。"
    en = "No signature for the return as it stands was received; nothing was filed. Check the return and sign again."


class SignatureNotValid(Refused):
    """The signed return does not verify in every respect; `question` names the first that fails."""

    code = "return_signature_not_valid"
    http = 409
    ja = "署名済みの申告書を確認できなかったため（{question}）、提出していません。もう一度署名してください。"
    en = "The signed return did not verify ({question}), so it was not filed. Sign again."


class StampFailed(Failed):
    """The stamping authority does not answer; the signature is kept."""

    code = "return_stamp_failed"
    ja = "時刻認証局につながりません。署名は受け取って保管しています。数分待って「続ける」を押してください。"
    en = "The stamping authority cannot be reached. Your signature is kept. Wait a few minutes and press Continue."


class PaymentUnreachable(Failed):
    """The bank does not answer; the return is filed and the payment waits."""

    code = "payment_unreachable"
    ja = "銀行につながらないため、まだ支払えていません。申告書は提出済みです。あとで「支払う」を押してください。"
    en = "The bank cannot be reached, so nothing is paid yet. The return is filed. Press Pay again later."


class PaymentRefused(Refused):
    """The bank refused; `reason` is its code."""

    code = "payment_refused"
    http = 409
    ja = "銀行が支払いを断りました（{reason}）。申告書は提出済みです。理由を解決してから、もう一度支払ってください。"
    en = "The bank refused the payment ({reason}). The return is filed. Resolve the reason, then pay again."


class BankReceiptInvalid(Invalid):
    """What the bank sent is no receipt of this payment; `step` names the check."""

    code = "bank_receipt_invalid"
    http = 502
    ja = (
        "銀行の領収書を確認できません（{step}）。支払いが二重になることはないので、もう一度「支払う」を押してください。"
    )
    en = "The bank's receipt does not verify ({step}). Nothing is paid twice: press Pay again."


class PaymentConsentMissing(Refused):
    """The consent to the payment has run out, or was never given in this session."""

    code = "payment_consent_missing"
    http = 409
    ja = "支払いへの同意の有効な時間が終わりました。もう一度「支払う」を押して同意してください。"
    en = "Your consent to the payment has run out. Press Pay again and agree."
