"""What proofing refuses, and what is wrong with what it is sent."""

from __future__ import annotations

from renkei.base.errors import Invalid, Refused


class CaseUnknown(Invalid):
    code = "proofing_case_unknown"
    http = 404
    ja = "この本人確認の場面はありません。一覧から選び直してください。"
    en = "There is no such case of proofing. Choose one from the list."


class DocumentUnknown(Invalid):
    code = "proofing_document_unknown"
    http = 422
    ja = "この日に使える書類の一覧にないものが選ばれています。選び直してください。"
    en = "Something was chosen that is not on the list of documents of that day. Choose again."


class NothingShown(Invalid):
    code = "proofing_nothing_shown"
    http = 422
    ja = "確認した書類が選ばれていません。提示を受けたものを選んでください。"
    en = "No document was chosen. Choose what was shown to you."


class ProofingInsufficient(Refused):
    """Something is still missing; `missing` names the proofs by their ids."""

    code = "proofing_insufficient"
    http = 422
    ja = "本人確認に足りないものがあります（{missing}）。画面の案内にある書類の提示を求めてください。"
    en = "Something is still missing for the proofing ({missing}). Ask for one of the documents that the page names."


class ItemsNotMatched(Refused):
    code = "proofing_items_not_matched"
    http = 422
    ja = (
        "氏名と、生年月日または住所が書類どうしで一致することを確かめていません。"
        "一致しないときは、本人確認を終えられません（施行令12条）。"
    )
    en = (
        "It was not confirmed that the name, and the birth date or address, agree between the documents. "
        "Where they do not, the proofing cannot be completed (Order art. 12)."
    )


class IssuerUnfit(Invalid):
    """An issuer is an office, in a few words; a number of a document or of a person does not belong there."""

    code = "proofing_issuer_unfit"
    http = 422
    ja = "発行者は機関の名前だけを{length_max}文字以内で入力してください。番号は入力しないでください。"
    en = "Give only the name of the issuing office, in at most {length_max} characters, and no number."


class DayUnreadable(Invalid):
    code = "proofing_day_unreadable"
    http = 422
    ja = "日付は「2026-11-23」のように入力してください。"
    en = "Write the day like 2026-11-23."


class ReferenceUnfit(Invalid):
    code = "proofing_reference_unfit"
    http = 422
    ja = "整理番号は英数字とハイフンで{length_max}文字以内です。個人番号は入力しないでください。"
    en = "A reference is at most {length_max} letters, digits and hyphens. Never enter a personal number."


class WithdrawalRefused(Refused):
    code = "proofing_withdrawal_refused"
    http = 409
    ja = "この記録は取り消せません。別の機関の記録か、すでに取り消されたものです。"
    en = "This record cannot be withdrawn: it is another body's, or was withdrawn already."
