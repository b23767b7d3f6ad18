"""Why a sign-in does not come about, and what to do; what is wrong with a certificate says `crypto.person_errors`."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused

# --- the certificate ---


class StatusUnavailable(Failed):
    """Nobody could say whether the certificate is still good. Fails closed."""

    code = "certificate_status_unavailable"
    ja = (
        "カードの証明書が今も有効かを、発行元に確かめられませんでした。確かめられない間はサインインできません。"
        "数分待って、もう一度お試しください。"
    )
    en = (
        "It could not be checked with the issuer whether the card's certificate is still valid. Without that nobody is "
        "signed in. Wait a few minutes and try again."
    )


class AuthorityLinksUnavailable(Failed):
    """The authority did not say which certificate this one replaces; opening a second account would split a person."""

    code = "certificate_links_unavailable"
    ja = "前のカードとのつながりを発行元に確かめられませんでした。数分待って、もう一度お試しください。"
    en = "It could not be checked with the issuer which card this one replaces. Wait a few minutes and try again."


class CertificateWrongUse(Invalid):
    code = "certificate_wrong_use"
    ja = "求めたものとは別の証明書が送られました。最初の画面からやり直してください。"
    en = "Another certificate than the one asked for was sent. Start again from the first page."


class WrongRealm(Refused):
    """The certificate belongs to an account of the other realm."""

    code = "sign_in_wrong_realm"
    ja = (
        "このカードは、この入口では使えません。職員用の証明書は職員の入口で、個人のカードは一般の入口で使ってください。"
    )
    en = (
        "This card cannot be used at this entrance. A staff certificate is for the staff entrance, a personal card for "
        "the public one."
    )


class CardForTestsRefused(Refused):
    code = "test_card_refused"
    ja = "ここでは試験用のカードは使えません。ご自身のカードでサインインしてください。"
    en = "Test cards are not accepted here. Sign in with your own card."


class NotSureEnough(Refused):
    """The proof is weaker than what is asked for."""

    code = "sign_in_too_weak"
    ja = "この手続には、より確かな本人確認（カードと暗証番号）が必要です。カードと暗証番号でサインインしてください。"
    en = "This needs a surer proof of who you are: the card and its PIN. Sign in with both."


class OtherAccountMeant(Refused):
    """Somebody else signed in than the one who was asked."""

    code = "sign_in_other_person"
    ja = "確認を求められた方とは別の方のカードです。求められた方のカードでやり直すか、手続をやめてください。"
    en = "This is another person's card than the one that was asked for. Use that person's card, or stop here."


class HolderDiffers(Refused):
    """The signature certificate is not of the person who is signed in."""

    code = "signature_of_other_person"
    ja = "サインインしている方とは別の方の署名用証明書です。ご自身のカードでやり直してください。"
    en = "This signature certificate belongs to somebody else than the person signed in. Use your own card."


class AssertionMalformed(Invalid):
    code = "assertion_malformed"
    ja = "カードからの応答を読み取れませんでした。最初の画面からやり直してください。"
    en = "The card's answer could not be read. Start again from the first page."


class AssertionUnproved(Invalid):
    """The card did not sign this round's challenge for this site."""

    code = "assertion_signature_invalid"
    http = 401
    ja = "カードの署名を確かめられませんでした。カードを置き直し、このサイトの最初の画面からやり直してください。"
    en = "The card's signature does not verify. Place the card again and start from the first page of this site."


# --- the round from the page to the card and back ---


class RoundUnknown(Invalid):
    code = "sign_in_unknown"
    http = 404
    ja = "このサインインの途中経過は残っていません。時間がたったためかもしれません。最初からサインインしてください。"
    en = "Nothing is known of this sign-in any more; too much time may have passed. Start again."


class RoundExpired(Invalid):
    code = "sign_in_expired"
    http = 410
    ja = "時間がたちすぎたため、このサインインは無効になりました。最初からサインインしてください。"
    en = "This sign-in took too long and is no longer valid. Start again."


class RoundAnswered(Invalid):
    """A second assertion for the same round."""

    code = "sign_in_answered"
    http = 409
    ja = "このサインインには、すでにカードの応答が届いています。同じ応答は二度使えません。"
    en = "The card's answer to this sign-in has arrived already. An answer cannot be used twice."


class RoundUsed(Invalid):
    """The browser comes back a second time."""

    code = "sign_in_used"
    http = 409
    ja = "このサインインはすでに終わっています。サインインしていないときは、最初からやり直してください。"
    en = "This sign-in was completed before. If you are not signed in, start again."


class RoundDeclined(Refused):
    code = "sign_in_declined"
    ja = "カードの操作が取りやめられました。サインインするときは、最初からやり直してください。"
    en = "The card was not used. To sign in, start again."


class OtherBrowser(Refused):
    """The return code arrives in another browser than the one that began."""

    code = "sign_in_other_browser"
    ja = (
        "サインインを始めたのとは別のブラウザーに戻ってきたため、受け付けませんでした。"
        "始めたブラウザーで、最初からやり直してください。だれかから送られたリンクを開いたときは、閉じてください。"
    )
    en = (
        "The answer came back to another browser than the one in which the sign-in began, and was not accepted. Start "
        "again in that browser. If somebody sent you this link, close the page."
    )


class ReturnCodeWrong(Refused):
    code = "sign_in_code_wrong"
    ja = "カードの操作を終えたことを確かめられませんでした。最初からサインインしてください。"
    en = "It could not be confirmed that this browser finished with the card. Start again."


class BackOutside(Invalid):
    """The page to return to is not one of this site's."""

    code = "sign_in_back_invalid"
    ja = "サインインのあとの戻り先が正しくありません。利用するサービスのページから、もう一度始めてください。"
    en = "The page to return to after signing in is not valid. Start again from the service that you use."


class WayUnknown(Invalid):
    code = "sign_in_way_unknown"
    http = 422
    ja = "サインインの方法が選ばれていません。方法を一つ選んでください。"
    en = "No way of signing in was chosen. Choose one."


# --- passkeys ---


class PasskeyRefused(Refused):
    code = "passkey_refused"
    ja = "このパスキーではサインインできませんでした。カードでサインインし、パスキーを登録し直してください。"
    en = "This passkey could not be used. Sign in with the card, and enrol the passkey again."


class PasskeyCopied(Refused):
    """The signature counter went backwards: two devices hold the same key."""

    code = "passkey_copied"
    ja = (
        "このパスキーは複製されたおそれがあるため、使えなくしました。"
        "カードでサインインし、一覧から削除して登録し直してください。"
    )
    en = (
        "This passkey may have been copied and is not accepted. Sign in with the card, remove it from the list and "
        "enrol a new one."
    )


class PasskeyNotEnrolled(Invalid):
    code = "passkey_not_enrolled"
    ja = "パスキーを登録できませんでした。同じ端末がすでに登録されていないか確かめ、もう一度お試しください。"
    en = "The passkey was not enrolled. Check that this device is not enrolled already, and try again."


class PasskeysFull(Refused):
    code = "passkeys_full"
    http = 409
    ja = "登録できるパスキーは{count_max}個までです。使わないものを削除してから登録してください。"
    en = "At most {count_max} passkeys can be enrolled. Remove one that you do not use, then enrol this one."


class PasskeyUnknown(Invalid):
    code = "passkey_unknown"
    http = 404
    ja = "このパスキーは登録されていません。一覧を開き直してください。"
    en = "This passkey is not enrolled. Open the list again."


class PasskeyNameInvalid(Invalid):
    code = "passkey_name_invalid"
    http = 422
    ja = "名前は1文字から{length_max}文字までで入力してください。"
    en = "A name has 1 to {length_max} characters."


# --- account and sessions ---


class CardNeededNow(Refused):
    """Something that is done only shortly after a sign-in with the card."""

    code = "card_needed_now"
    ja = "この操作は、カードでサインインしてから10分以内に限り行えます。もう一度カードでサインインしてください。"
    en = "This can be done only within 10 minutes after signing in with the card. Sign in with the card again."


class AccountGone(Refused):
    code = "account_gone"
    ja = "この利用者登録は削除されています。もう一度利用するには、カードでサインインしてください。"
    en = "This account was closed. To use the service again, sign in with the card."


class SessionUnknown(Invalid):
    code = "session_unknown"
    http = 404
    ja = "このサインインはすでに終わっています。一覧を開き直してください。"
    en = "This session has ended already. Open the list again."


class CloseNotConfirmed(Invalid):
    code = "close_not_confirmed"
    http = 422
    ja = "削除されるものを読み、確認の欄に印を付けてください。"
    en = "Read what will be deleted, and tick the box to confirm."
