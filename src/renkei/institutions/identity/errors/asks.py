"""What is wrong with an ask, its answer, a consent, a device's code or a signature.

`oauth` names the error code of the RFC where a client, not a person, reads it.
"""

from __future__ import annotations

from typing import ClassVar

from renkei.base.errors import Failed, Invalid, Refused


class AskUnknown(Invalid):
    """No such ask, or long over."""

    code = "ask_unknown"
    oauth: ClassVar[str] = "invalid_grant"
    http = 404
    ja = "この確認の依頼は見つかりません。依頼したサイトや機器の画面に戻り、もう一度やり直してください。"
    en = "There is no such request. Go back to the site or the device that asked, and start again there."


class AskExpired(Refused):
    """The time for an answer has passed."""

    code = "ask_expired"
    oauth: ClassVar[str] = "expired_token"
    http = 410
    ja = "この確認の依頼は期限が切れ、何も渡していません。依頼したサイトや機器の画面から、もう一度やり直してください。"
    en = "The time for this request has passed; nothing was given. Start again from the site or the device that asked."


class AskPending(Refused):
    """The person has not decided yet."""

    code = "ask_pending"
    oauth: ClassVar[str] = "authorization_pending"
    http = 400
    ja = "本人がまだ確認していません。間隔をおいて、もう一度問い合わせてください。"
    en = "The person has not decided yet. Ask again after the interval."


class AskPolledTooFast(Refused):
    """The client asks more often than it was told."""

    code = "ask_polled_too_fast"
    oauth: ClassVar[str] = "slow_down"
    http = 400
    ja = "問い合わせの間隔が短すぎます。{interval_s}秒以上あけてください。"
    en = "The interval between two questions is too short. Leave at least {interval_s} seconds."


class AskDenied(Refused):
    """The person said no, or could not be asked where no page may be shown; `reason` is the error code for the client.

    Public: `reason` (a value of `Outcome`).
    """

    code = "ask_denied"
    http = 400
    ja = "依頼は承認されませんでした({reason})。"
    en = "The request was not approved ({reason})."

    @property
    def oauth(self) -> str:
        """Its reason is the error code."""
        return self.public["reason"]


class AskUsed(Invalid):
    """The outcome has been fetched before."""

    code = "ask_used"
    oauth: ClassVar[str] = "invalid_grant"
    http = 409
    ja = "この確認の結果は、すでに渡されています。依頼したサイトから、もう一度やり直してください。"
    en = "The outcome of this request has been handed over already. Start again from the site that asked."


class AskDecided(Invalid):
    """Somebody decided already; the second answer changes nothing."""

    code = "ask_decided"
    http = 409
    ja = "この確認の依頼には、すでにお答えいただいています。もう一度送る必要はありません。"
    en = "This request has been answered already. There is no need to send the answer again."


class AskOfAnother(Refused):
    """The ask is meant for somebody else than who is signed in."""

    code = "ask_of_another"
    ja = "この確認の依頼は、サインインしている方に宛てたものではありません。宛てられたご本人がサインインしてください。"
    en = "This request is not meant for the person who is signed in. The person it is meant for has to sign in."


class AskFormStale(Invalid):
    """The page was shown to another session, or shows values that have changed since."""

    code = "ask_form_stale"
    http = 409
    ja = "画面を表示したあとに、サインインしている方か内容が変わりました。何も渡していません。確かめ直してください。"
    en = "Who is signed in, or what the page says, has changed since then. Nothing was given; please check again."


class AskClientStopped(Refused):
    """The client may not ask anybody anything any more."""

    code = "ask_client_stopped"
    oauth: ClassVar[str] = "unauthorized_client"
    ja = "このサイトは利用を停止されているため、確認の依頼を受け付けません。"
    en = "This site has been stopped, so its requests are not accepted."


class BindingMessageMalformed(Invalid):
    """The message for both screens is too long or cannot be read aloud."""

    code = "binding_message_malformed"
    oauth: ClassVar[str] = "invalid_binding_message"
    ja = "両方の画面に示す文は、{length_max}文字以内の文字だけで書いてください。"
    en = "The message for both screens must be plain text of at most {length_max} characters."


class PersonUnknownHere(Refused):
    """The hint names nobody who has used this client."""

    code = "person_unknown_here"
    oauth: ClassVar[str] = "unknown_user_id"
    http = 400
    ja = "この手がかりに当たる利用者が見つかりません。窓口では、ご本人に新しい呼出番号を出してもらってください。"
    en = "The hint names nobody known to this client. At a counter, have the person show a new call number."


class ConsentUnknown(Invalid):
    """Nothing is agreed with that client."""

    code = "consent_unknown"
    http = 404
    ja = "この相手への同意はありません。すでに取り消されているかもしれません。"
    en = "There is no consent for this party. It may have been withdrawn already."


class DeviceCodeUnknown(Invalid):
    """The code typed belongs to no device that waits."""

    code = "device_code_unknown"
    http = 422
    ja = "この番号で待っている機器はありません。機器の画面の番号を確かめてください。古い番号は使えません。"
    en = "No device is waiting with this code. Check the code on its screen; an old code cannot be used."


class DeviceGuessesSpent(Refused):
    """Too many wrong codes."""

    code = "device_guesses_spent"
    http = 429
    ja = "番号の入力誤りが続いたため、{minutes}分間は入力を受け付けません。そのあとで、機器の番号を確かめてください。"
    en = "After several wrong codes none is accepted for {minutes} minutes. Then check the code on the device."


class SignTransactionUnknown(Invalid):
    """No such sign transaction of this client, or its result was fetched before."""

    code = "sign_transaction_unknown"
    oauth: ClassVar[str] = "invalid_request"
    http = 404
    ja = "この署名の依頼は見つからないか、結果がすでに渡されています。"
    en = "There is no such sign transaction, or its result has been handed over already."


class SignTransactionUnfinished(Refused):
    """The person has not signed yet."""

    code = "sign_transaction_unfinished"
    oauth: ClassVar[str] = "authorization_pending"
    http = 409
    ja = "署名はまだ行われていません。"
    en = "Nothing has been signed yet."


class SignTaskUnknown(Invalid):
    """The card answers a task that nobody waits for: finished, expired or never set."""

    code = "sign_task_unknown"
    http = 410
    ja = (
        "この署名の手続は終わっているか、期限が切れています。署名は受け付けていません。元の画面からやり直してください。"
    )
    en = "This signing is over or has expired; no signature was taken. Start again from the page before."


class SignTaskElsewhere(Refused):
    """The browser that comes back is not the one that began."""

    code = "sign_task_elsewhere"
    ja = "署名を始めたときとブラウザーか人が違うため、この署名は使われません。元の画面からやり直してください。"
    en = "Another browser or another person began this signing. The signature is not used; start again where it began."


class SignatureDeclined(Refused):
    """The person declined at the card agent."""

    code = "signature_declined"
    ja = "カードの画面で署名が取りやめられました。何も渡していません。"
    en = "The signing was declined at the card. Nothing was given."


class SignatureWrong(Invalid):
    """A signature does not fit what was to be signed."""

    code = "signature_wrong"
    ja = "カードの署名を確かめられませんでした({what})。署名は受け付けていません。もう一度カードで署名してください。"
    en = "A signature of the card did not verify ({what}). No signature was taken; please sign with the card again."


class SignerStatusUnavailable(Failed):
    """Nobody answers for the status of the certificate: fail closed."""

    code = "signer_status_unavailable"
    ja = "証明書が有効か確かめられないため、署名を受け付けませんでした。しばらくしてからもう一度署名してください。"
    en = "The status of the certificate could not be checked, so no signature was taken. Please sign again later."


class CallNumbersSpent(Refused):
    """A client sent too many wrong call numbers."""

    code = "call_numbers_spent"
    oauth: ClassVar[str] = "access_denied"
    http = 429
    ja = "呼出番号の誤りが続いたため、{minutes}分間は受け付けません。"
    en = "After many wrong call numbers none is accepted for {minutes} minutes."
