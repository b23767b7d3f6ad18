"""What the registry of own-use areas refuses."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class OwnUseEntryUnknown(Refused):
    code = "own_use_entry_unknown"
    http = 404
    ja = "この番号の独自利用の登録はありません。番号を確かめてください。"
    en = "There is no own-use entry of this number. Check the number."


class OwnUseNotYours(Refused):
    code = "own_use_not_yours"
    ja = "この独自利用は別の機関の登録です。自機関の登録の番号で行ってください。"
    en = "This own-use entry belongs to another body. Use the number of your own entry."


class OwnUseNotInForce(Refused):
    """Before its first day, after its last, or withdrawn: only removing is permitted then."""

    code = "own_use_not_in_force"
    ja = "この独自利用の登録は、有効期間の外か取り消されています。消去のほかはできません。登録を更新してください。"
    en = "This own-use entry is outside its period or withdrawn: only removal is permitted. Renew the entry."


class OwnUseBasisMissing(Refused):
    """番号法18条: a municipality by its ordinance, others by permit."""

    code = "own_use_basis_missing"
    ja = (
        "独自利用の根拠がありません。市区町村は条例（番号法18条1号）、"
        "その他の者は許可（同条2号）を示して登録してください。"
    )
    en = (
        "The own use has no legal basis. A municipality names its ordinance (Number Act art. 18 (i)), "
        "others their permit (art. 18 (ii))."
    )


class OwnUsePeriodTooLong(Invalid):
    code = "own_use_period_too_long"
    ja = "独自利用の期間は、初日から最長{years}年です。期間を直してください。"
    en = "An own use may last {years} years from its first day at most. Correct the period."


class OwnUseTooLarge(Invalid):
    code = "own_use_too_large"
    ja = "独自利用の領域に書けるのは{limit}バイトまでです。内容を短くしてください。"
    en = "At most {limit} bytes can be written under this own-use entry. Make the content shorter."


class OwnUseChallengeWrong(Invalid):
    code = "own_use_challenge_wrong"
    ja = "カードの乱数が16バイト以上でありません。カードから取り直してください。"
    en = "The card's challenge is shorter than 16 bytes. Obtain a new one from the card."
