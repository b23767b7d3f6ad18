"""Why a clerk is not let in, or cannot be enrolled."""

from __future__ import annotations

from typing import ClassVar

from renkei.base.errors import Invalid, Refused


class StaffUnknown(Refused):
    """The card is nobody's who works here, or no longer."""

    code = "staff_unknown"
    oauth: ClassVar[str] = "access_denied"
    ja = (
        "このカードは職員のものとして登録されていません。初めてのときは、管理者からの登録コードを先に入力してください。"
    )
    en = "This card is not registered as a clerk's. The first time, enter your enrolment code first."


class TerminalUnregistered(Refused):
    """Staff sign in at registered terminals only."""

    code = "terminal_unregistered"
    oauth: ClassVar[str] = "access_denied"
    ja = "この端末は登録されていないため、職員はサインインできません。登録された端末を使うか、管理者に頼んでください。"
    en = (
        "This terminal is not registered, so staff cannot sign in here. Use a registered one, or ask the administrator."
    )


class TerminalElsewhere(Refused):
    """The terminal is another body's."""

    code = "terminal_elsewhere"
    oauth: ClassVar[str] = "access_denied"
    ja = "この端末は別の機関のものとして登録されています。ご自身の機関の端末でサインインしてください。"
    en = "This terminal is registered to another body. Sign in at one of your own body."


class CodeWrong(Invalid):
    """No code that is open."""

    code = "staff_code_wrong"
    http = 422
    ja = "このコードは使えません。打ち間違いを確かめ、期限が切れているときは、管理者に新しいコードを頼んでください。"
    en = "This code cannot be used. Check what you typed; if it has expired, ask the administrator for a new one."


class StaffFieldMissing(Invalid):
    """A field is empty or has what cannot be."""

    code = "staff_field_missing"
    http = 422
    ja = "必要な項目（{field}）が空か、使えない文字があります。入力し直してください。"
    en = "A field ({field}) is empty or holds what cannot be used. Enter it again."


class RolesMissing(Invalid):
    code = "staff_roles_missing"
    http = 422
    ja = "役割を一つ以上選んでください。"
    en = "Choose at least one role."


class RolesClash(Refused):
    """Whoever gives roles does no casework."""

    code = "staff_roles_clash"
    http = 422
    ja = "管理者の役割と、照会・判断の役割は、同じ人に与えられません。別の職員に分けてください。"
    en = "Nobody is both an administrator and an asker or decider. Give the roles to different people."


class AffairsMalformed(Invalid):
    code = "staff_affairs_malformed"
    http = 422
    ja = "事務は「73」（項の全部）や「73.2」（一つの事務）のように入力してください。照会の役割には一つ以上必要です。"
    en = "Enter affairs as “73” (a whole row) or “73.2” (one item). The role of asking needs at least one."


class StaffIdTaken(Refused):
    code = "staff_id_taken"
    http = 409
    ja = "この職員番号はすでに使われています。別の番号を入力してください。"
    en = "This staff id is in use already. Enter another."


class StaffNotFound(Invalid):
    """No such clerk or terminal of this body."""

    code = "staff_not_found"
    http = 404
    ja = "この機関に、その職員や端末はありません。一覧を開き直してください。"
    en = "This body has no such clerk or terminal. Open the list again."


class StaffOneself(Refused):
    """Nobody ends their own registration: the body could be left without an administrator."""

    code = "staff_oneself"
    http = 409
    ja = "ご自身の登録は、ご自身では終了できません。別の管理者に頼んでください。"
    en = "You cannot end your own registration. Ask another administrator."
