"""Errors of the web kit."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class FormFromElsewhere(Refused):
    """A form was sent by a page of another site, or by something that does not say where it comes from."""

    code = "form_from_elsewhere"
    ja = "別のサイトから送信されたため、受け付けませんでした。このサイトのページを開き直し、もう一度送信してください。"
    en = "The form was not accepted: it was not sent from a page of this site. Open the page here again and resend it."


class CatalogueFaulty(Failed):
    """Messages and templates do not fit together; the program does not start with half a language."""

    code = "catalogue_faulty"
    http = 500
    ja = "画面の文言に誤りがあるため起動できません({fault})。文言の一覧(locale)とテンプレートを直してください。"
    en = "The messages of the screens are faulty ({fault}). Correct the catalogues (locale) or the templates."


class MessageMissing(Failed):
    """A page asked for a message that no catalogue has."""

    code = "message_missing"
    http = 500
    ja = "画面の文言({key})が見つかりません。運営者に連絡してください。"
    en = "A message of this page ({key}) is missing. Please tell the operator."


class FormUnreadable(Invalid):
    """A form lacks a field or holds something that the page does not offer."""

    code = "form_unreadable"
    ja = "送信された内容を読み取れませんでした。前のページに戻り、画面の項目に入力して送信してください。"
    en = "What was sent could not be read. Go back to the page before, fill in its fields and send it from there."


class FormTooLarge(Invalid):
    """A form is larger than any page of this site could make it."""

    code = "form_too_large"
    http = 413
    ja = "送信された内容が大きすぎるため、受け付けませんでした。前のページに戻り、短くして送信してください。"
    en = "What was sent is too large and was not accepted. Go back to the page before, shorten it and send it again."


class PageUnknown(Invalid):
    """No page under that address."""

    code = "page_unknown"
    http = 404
    ja = "この住所（URL）のページはありません。住所を確かめるか、トップページから開き直してください。"
    en = "There is no page at this address. Check the address, or start again from the front page."


class PageTakesNothing(Invalid):
    """The address is opened in a way that it is not made for, for instance that of a form from the address bar."""

    code = "page_takes_nothing"
    http = 405
    ja = "この住所（URL）は、画面のボタンから使うものです。直接は開けません。トップページから開き直してください。"
    en = "This address is used by a button of a page and cannot be opened by itself. Start again from the front page."
