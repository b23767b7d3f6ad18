"""Errors of the portal."""

from __future__ import annotations

from renkei.base.errors import Refused


class AccountUnknown(Refused):
    code = "account_unknown"
    http = 404
    ja = "マイポータルの利用の準備がまだ終わっていません。しばらくしてから開き直してください。"
    en = "This account of the portal is not ready yet. Open the page again later."


class AccountWithoutCode(Refused):
    code = "account_without_code"
    http = 409
    ja = "この利用者の符号がまだ届いていないため、やりとりの記録を表示できません。しばらくしてから開き直してください。"
    en = "The linkage code of this account has not come yet, so no records can be shown. Open the page again later."
