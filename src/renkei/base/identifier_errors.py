"""Errors of identifiers and dates: one class per number and kind of fault, so that a clerk knows what to retype."""

from __future__ import annotations

from renkei.base.errors import Invalid


class PersonalNumberFormat(Invalid):
    """Not twelve digits."""

    code = "personal_number_format"
    ja = "個人番号は数字12桁です。桁数と文字を確かめて、入力し直してください。"
    en = "A personal number has 12 digits; check its length and characters and enter it again."


class PersonalNumberCheckDigit(Invalid):
    """Twelve digits of which the last does not follow from the others."""

    code = "personal_number_check_digit"
    ja = "個人番号の検査用数字が合いません。入力誤りの可能性があるため、書類を見て入力し直してください。"
    en = "The check digit of the personal number does not fit, so a digit is wrong; enter it again from the document."


class CorporateNumberFormat(Invalid):
    """Not thirteen digits."""

    code = "corporate_number_format"
    ja = "法人番号は数字13桁です。桁数と文字を確かめて、入力し直してください。"
    en = "A corporate number has 13 digits; check its length and characters and enter it again."


class CorporateNumberCheckDigit(Invalid):
    """Thirteen digits of which the first does not follow from the others."""

    code = "corporate_number_check_digit"
    ja = "法人番号の検査用数字が合いません。入力誤りの可能性があるため、入力し直してください。"
    en = "The check digit of the corporate number does not fit, so a digit was mistyped; enter it again."


class BodyCodeFormat(Invalid):
    """Not six digits, or no prefecture 01 to 47."""

    code = "body_code_format"
    ja = "全国地方公共団体コードは、都道府県の2桁（01～47）で始まる数字6桁です。確かめて入力し直してください。"
    en = "A local government code has 6 digits and begins with a prefecture from 01 to 47; check it and enter it again."


class BodyCodeCheckDigit(Invalid):
    """Six digits of which the last does not follow from the others."""

    code = "body_code_check_digit"
    ja = "全国地方公共団体コードの検査数字が合いません。入力誤りの可能性があるため、入力し直してください。"
    en = "The check digit of the local government code does not fit, so a digit was mistyped; enter it again."


class ResidentRecordCodeFormat(Invalid):
    """Not eleven digits."""

    code = "resident_record_code_format"
    ja = "住民票コードは数字11桁です。桁数と文字を確かめて、入力し直してください。"
    en = "A resident record code has 11 digits; check its length and characters and enter it again."


class ResidentRecordCodeCheckDigit(Invalid):
    """Refused by the checker that the operator plugged in."""

    code = "resident_record_code_check_digit"
    ja = "住民票コードの検査数字が合いません。入力誤りの可能性があるため、入力し直してください。"
    en = "The check digit of the resident record code does not fit, so a digit was mistyped; enter it again."


class AddressNumberFormat(Invalid):
    """Not one to fifteen digits."""

    code = "address_number_format"
    ja = "団体内統合宛名番号は15桁以内の数字です。確かめて入力し直してください。"
    en = "An address number has at most 15 digits; check it and enter it again."


class OwnNumberFormat(Invalid):
    """Not one to fifteen digits."""

    code = "own_number_format"
    ja = "宛名番号は15桁以内の数字です。確かめて入力し直してください。"
    en = "A business system's own number for a person has at most 15 digits; check it and enter it again."


class InstitutionCodeFormat(Invalid):
    """Not sixteen digits."""

    code = "institution_code_format"
    ja = "機関コードは数字16桁です。確かめて入力し直してください。"
    en = "An institution code has 16 digits; check it and enter it again."


class LinkageCodeFormat(Invalid):
    """Not 44 characters of unpadded base64url."""

    code = "linkage_code_format"
    ja = "符号の形式が正しくありません（base64urlの44文字）。符号を取得し直してください。"
    en = "The linkage code is malformed (it is 44 characters of base64url); obtain the code again."


class ProcessingNumberFormat(Invalid):
    """Not twenty digits."""

    code = "processing_number_format"
    ja = "処理通番は数字20桁です。回答に記された番号を確かめてください。"
    en = "A processing number has 20 digits; check the number shown with the answer."


class AcquisitionNumberFormat(Invalid):
    """Not 24 digits."""

    code = "acquisition_number_format"
    ja = "取得番号は数字24桁です。新しい取得番号で、符号の取得をやり直してください。"
    en = "An acquisition number has 24 digits; ask for the code again with a new acquisition number."


class DateInvalid(Invalid):
    """A date that is not in the calendar, or not in a known form."""

    code = "date_invalid"
    ja = "日付を読み取れません。「令和8年11月23日」又は「2026-11-23」の形で、実在する日付を入力してください。"
    en = "The date cannot be read; enter an existing day as 令和8年11月23日 or 2026-11-23."


class DateOutsideEra(Invalid):
    """An existing day that does not belong to the era it is written with."""

    code = "date_outside_era"
    ja = "この日付は元号「{era}」の期間（{first}から{last}まで）にありません。正しい元号か西暦で入力してください。"
    en = "This day is not in the era {era} (from {first} to {last}); enter it with its own era or by the Western year."


class PeriodInvalid(Invalid):
    """A period that ends before it begins."""

    code = "period_invalid"
    ja = "期間の終わりが始まりより前です。開始日と終了日を確かめてください。"
    en = "The period ends before it begins; check its first and last day."
