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
