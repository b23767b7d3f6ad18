"""Errors of the bank."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class AccountNotLinked(Refused):
    """Nobody with this sign-in holds an account here."""

    code = "account_not_linked"
    http = 409
    ja = "このサインインに結び付いた口座がありません。銀行のページで一度サインインしてから、もう一度支払ってください。"
    en = "No account belongs to this sign-in. Sign in once on the bank's page, then pay again."


class FundsInsufficient(Refused):
    """The balance does not cover the payment; nothing was paid."""

    code = "funds_insufficient"
    http = 409
    ja = "口座の残高が足りないため、支払いませんでした。入金してから、もう一度支払ってください。"
    en = "The balance does not cover the payment, so nothing was paid. Add money, then pay again."


class ReferenceTaken(Refused):
    """The reference was paid already, with another amount or payee, or by somebody else."""

    code = "reference_taken"
    http = 409
    ja = "この納付番号は、別の内容ですでに支払われています。二重には支払いません。納付番号を確かめてください。"
    en = "This reference was paid already with other particulars. It is not paid twice; check the reference."


class PaymentNotAgreed(Refused):
    """The token does not carry exactly this payment."""

    code = "payment_not_agreed"
    ja = "このトークンは、この支払いへの本人の同意を含んでいません。同じ内容で同意を得てから送り直してください。"
    en = "The token carries no consent to exactly this payment. Ask the person to agree to it, then send again."


class PaymentByProxy(Refused):
    """Somebody acts for the account's holder: this bank takes payments from the holder alone."""

    code = "payment_by_proxy"
    ja = "代理人による支払いは、この銀行では受け付けていません。本人が支払ってください。"
    en = "This bank takes no payments from proxies. The account's holder has to pay."


class PaymentMalformed(Invalid):
    """Not a payment; `part` names what is wrong."""

    code = "payment_malformed"
    ja = "支払いの指示（{part}）の形が正しくありません。直して送り直してください。"
    en = "The payment order ({part}) is not well formed. Correct it and send again."


class PaymentUnknown(Refused):
    """No payment of this person under this reference."""

    code = "payment_unknown"
    http = 404
    ja = "その番号の支払いは見つかりません。番号を確かめるか、支払いをし直してください。"
    en = "There is no payment under this number. Check the number, or make the payment."
