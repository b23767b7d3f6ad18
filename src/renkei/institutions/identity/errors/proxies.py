"""What is refused about acting for somebody, and what is wrong with what is sent.

`oauth` names the error code of the RFC where a client, not a person, reads it.
"""

from __future__ import annotations

from typing import ClassVar

from renkei.base.errors import Invalid, Refused


class ProxyUnknown(Invalid):
    """No such proxy of this person."""

    code = "proxy_unknown"
    oauth: ClassVar[str] = "invalid_target"
    http = 404
    ja = "この代理は見つかりません。代理の一覧から開き直してください。"
    en = "There is no such proxy. Open it again from the list."


class ProxyEnded(Refused):
    """The proxy is over. Whoever acted is told this and nothing else, whatever ended it: term, cut, or protection."""

    code = "proxy_ended"
    oauth: ClassVar[str] = "invalid_target"
    ja = "この代理は終わりました。代理として操作することはできません。"
    en = "This proxy has ended. You cannot act on it any more."


class ProxyStepRefused(Refused):
    code = "proxy_step_refused"
    http = 409
    ja = "今の状態では、この操作はできません。代理の一覧から開き直して確かめてください。"
    en = "This is not possible in the proxy's present state. Open it again from the list."


class ProxyOutsideLimits(Refused):
    """The act or the affairs are not within what was given."""

    code = "proxy_outside_limits"
    oauth: ClassVar[str] = "access_denied"
    ja = "この操作は、任された範囲に含まれていません。本人に頼むか、範囲を広げてもらってください。"
    en = "This act is outside of what was entrusted. Ask the person, or have the limits widened."


class ProxyOfOneself(Refused):
    code = "proxy_of_oneself"
    http = 409
    ja = "自分自身の代理にはなれません。代理をする方がサインインして、番号を入力してください。"
    en = "Nobody is their own proxy. The other person has to sign in and enter the code."


class ProxyOfProxy(Refused):
    """Whoever acts for somebody, or is helped at a counter, hands nothing on (民法104条)."""

    code = "proxy_of_proxy"
    oauth: ClassVar[str] = "invalid_request"
    http = 400
    ja = "代理の代理はできません（民法104条）。本人がサインインして手続してください。"
    en = "A proxy cannot be handed on (Civil Code art. 104). The person has to sign in themselves."


class ProxyOverlaps(Refused):
    code = "proxy_overlaps"
    http = 409
    ja = "同じ方への同じ種類の代理が、重なる範囲と期間ですでにあります。先にそれを取り消すか、範囲を変えてください。"
    en = "A proxy of this kind for this person covers some of this already. Cut that one, or change the limits."


class ProxyNotYet(Refused):
    """Accepted, but its first day has not come."""

    code = "proxy_not_yet"
    oauth: ClassVar[str] = "invalid_target"
    ja = "この代理は{day}から使えます。"
    en = "This proxy can be used from {day}."


class ProxyCardNeeded(Refused):
    code = "proxy_card_needed"
    http = 403
    ja = "代理を任せるには、もう一度カードで確かめる必要があります。サインインし直してください。"
    en = "To entrust a proxy, prove who you are with the card once more."


class ProxyFieldMissing(Invalid):
    code = "proxy_field_missing"
    http = 422
    ja = "入力または選択されていません。"
    en = "This was not filled in or chosen."


class DayUnreadable(Invalid):
    code = "proxy_day_unreadable"
    http = 422
    ja = "日付は「2026-11-23」のように入力してください。"
    en = "Write the day like 2026-11-23."


class ProxyTermWrong(Invalid):
    code = "proxy_term_wrong"
    http = 422
    ja = "期間は今日以後に始まり、長くて{days_max}日です。日付は「2026-11-23」のように入力してください。"
    en = "The term begins today or later and is at most {days_max} days. Write days like 2026-11-23."


class ProxyScopeWrong(Invalid):
    code = "proxy_scope_wrong"
    http = 422
    ja = "この種類の代理では選べない範囲です。選び直してください。"
    en = "These limits cannot be chosen for this kind of proxy. Choose again."


class ProxyNameWrong(Invalid):
    code = "proxy_name_wrong"
    http = 422
    ja = "氏名を{length_max}文字以内で入力してください。番号は入力しないでください。"
    en = "Enter a name of at most {length_max} characters, and no number."


class InvitationUnknown(Invalid):
    """No open invitation with this code for a person of this name: which of the two is not told."""

    code = "invitation_unknown"
    http = 422
    ja = "この番号の依頼は見つかりません。番号と、依頼に書かれた氏名が自分のものかを、頼んだ方に確かめてください。"
    en = "There is no such invitation. Check the code, and the name it was made out to, with the person who asked you."


class InvitationGuessesSpent(Refused):
    code = "invitation_guesses_spent"
    http = 429
    ja = "番号の入力誤りが続いたため、しばらく受け付けません。10分ほどたってから、番号を確かめて入力してください。"
    en = "After several wrong codes none is accepted for a while. Check the code and try again in ten minutes."


class NameUnconfirmed(Refused):
    """Whoever accepts has never had the signature certificate read, so nobody knows their name."""

    code = "proxy_name_unconfirmed"
    http = 409
    ja = "氏名が確認されていません。アカウントのページで署名用電子証明書から氏名を登録してください。"
    en = "Your name is not confirmed. On the account page, have it read from your signature certificate first."


class TaxAccountantUnregistered(Refused):
    code = "tax_accountant_unregistered"
    ja = "税理士名簿への登録を確認できません（税理士法18条）。登録を確かめてください。"
    en = "No registration in the register of tax accountants was found (Tax Accountant Act art. 18)."


class CounterCodeUnknown(Invalid):
    code = "counter_code_unknown"
    http = 422
    ja = "この窓口番号は使えません。期限（15分）が切れたか、使われたか、打ち間違いです。出し直してもらってください。"
    en = "This counter code cannot be used: expired after 15 minutes, used, or mistyped. Have a new one shown."


class EvidenceUnfit(Refused):
    """The proofing is another body's, too old, of another case, or was used for another proxy."""

    code = "proxy_evidence_unfit"
    http = 409
    ja = "この確認番号は使えません（{reason}）。法定代理人の本人確認を、この機関で新しく記録してください。"
    en = "This proofing cannot be used ({reason}). Make a new one of a statutory agent at this body."


class BirthDiffers(Refused):
    code = "proxy_birth_differs"
    http = 409
    ja = "生年月日が本人の電子証明書と一致しません。戸籍謄本の記載を確かめてください。"
    en = "The birth date is not the one in the person's certificate. Check it against the family register."


class NotAMinor(Refused):
    code = "proxy_not_a_minor"
    http = 409
    ja = "本人は成年に達しているため、親権による代理はできません（民法4条）。"
    en = "The person is of age, so nobody acts by parental authority (Civil Code art. 4)."


class CautionNeeded(Refused):
    """For the clerk's screen only."""

    code = "proxy_caution_needed"
    http = 409
    ja = "この方への代理は、この画面では登録できません。来庁者には理由を告げず、担当課に引き継いでください。"
    en = "This proxy cannot be entered here. Give the visitor no reason, and hand over to the section in charge."


class HelpNeedsBoth(Refused):
    code = "help_needs_both"
    ja = "補助を始めるには、この端末で本人と職員の両方がサインインしている必要があります。"
    en = "To begin, both the person and the clerk must be signed in at this terminal."


class HelpCardAgain(Refused):
    """A sensitive act beside a helper: the person shows the card for it."""

    code = "help_card_again"
    oauth: ClassVar[str] = "login_required"
    ja = "大切な操作です。本人がもう一度カードと暗証番号で確かめてください。職員は暗証番号を聞きません。"
    en = "This act matters. The person proves with card and PIN again; a clerk never asks for the PIN."


class HelpEnded(Refused):
    code = "help_ended"
    http = 409
    ja = "補助は終わっています。続けるときは、本人が最初からサインインしてください。"
    en = "The help has ended. To go on, the person signs in from the beginning."


class HelpOpen(Refused):
    code = "help_open"
    http = 409
    ja = "このサインインでは、すでに職員が補助しています。"
    en = "A clerk is already helping in this session."
