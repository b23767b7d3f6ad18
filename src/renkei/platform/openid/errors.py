"""Why a sign-in through the provider, or an access with its tokens, does not come about."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused

# --- the provider ---


class ProviderUnreachable(Failed):
    """The provider does not answer. Nobody is signed in without it."""

    code = "provider_unreachable"
    http = 502
    ja = "サインインのサービスにつながりません。数分待って、もう一度サインインしてください。"
    en = "The sign-in service cannot be reached. Wait a few minutes and sign in again."


class ProviderGarbled(Invalid):
    """The provider's answer is not what the protocol says; `what` names the part."""

    code = "provider_garbled"
    http = 502
    ja = "サインインのサービスの応答（{what}）が規約の形式ではありません。もう一度試し、続くときは連絡してください。"
    en = "The answer of the sign-in service ({what}) does not follow the protocol. Try again; if it recurs, report it."


class ProviderRefused(Failed):
    """The provider refused this service itself: a matter of registration, not of the person."""

    code = "provider_refused"
    http = 502
    ja = "サインインのサービスがこのサービスからの求めを断りました（{code_there}）。この表示を窓口に伝えてください。"
    en = "The sign-in service refused this service's request ({code_there}). Tell the service's help desk what it says."


class ProviderKeyUnknown(Invalid):
    """A token is signed with a key that the provider does not publish."""

    code = "provider_key_unknown"
    http = 401
    ja = "サインインのサービスの鍵で署名されたものと確認できません。もう一度サインインしてください。"
    en = "It could not be confirmed that the sign-in service signed this. Sign in again."


# --- a sign-in ---


class LoginUnknown(Invalid):
    """No sign-in with this state was begun in this browser, or it was completed before."""

    code = "login_unknown"
    ja = (
        "このサインインの途中経過が、このブラウザーに残っていません。すでに終わったか、時間がたったか、"
        "別の場所で始めたためです。最初からサインインし直してください。"
    )
    en = (
        "This browser knows nothing of this sign-in: it was completed, took too long, or began elsewhere. "
        "Start the sign-in again."
    )


class LoginMixedUp(Invalid):
    """The answer names another issuer than the one that was asked (RFC 9207)."""

    code = "login_mixed_up"
    ja = "別のサインインのサービスからの応答のため、受け付けませんでした。最初からサインインし直してください。"
    en = "The answer comes from another sign-in service than the one asked, and was not accepted. Start again."


class LoginDeclined(Refused):
    """The person said no (`access_denied`)."""

    code = "login_declined"
    ja = "サインインの確認画面で「許可しない」が選ばれました。利用するには、もう一度サインインして許可してください。"
    en = "You declined on the sign-in page. To use this service, sign in again and agree."


class LoginNeeded(Refused):
    """Without asking the person it cannot be done (`prompt=none`)."""

    code = "login_needed"
    http = 401
    ja = "確認のため、もう一度サインインが必要です。サインインし直してください。"
    en = "You need to sign in again to confirm. Please sign in."


class LoginTooWeak(Refused):
    """The sign-in is less sure, or longer ago, than what was asked for."""

    code = "login_too_weak"
    ja = "この操作には、カードと暗証番号による、いま行った本人確認が必要です。カードでサインインし直してください。"
    en = "This needs a fresh proof of who you are with the card and its PIN. Sign in with the card again."


class IdTokenInvalid(Invalid):
    """A check of the ID token failed; `step` names it (OpenID Connect Core 1.0 §3.1.3.7)."""

    code = "id_token_invalid"
    http = 401
    ja = "サインインの結果を確認できませんでした（{step}）。最初からサインインし直してください。"
    en = "The result of the sign-in could not be verified ({step}). Start the sign-in again."


class LoginEnded(Refused):
    """The provider no longer answers for this session: it ended, or the consent was withdrawn."""

    code = "login_ended"
    http = 401
    ja = "サインインの有効な時間が終わりました。もう一度サインインしてください。"
    en = "Your sign-in has ended. Sign in again."


class ActingEnded(Refused):
    """The proxy is not in force, or not for this (`invalid_target`)."""

    code = "acting_ended"
    ja = "代理の権限が終わったか、この操作には及ばないため、代理をやめました。必要なときは、本人に確かめてください。"
    en = "The proxy has ended or does not reach this far, so you no longer act for the person. Ask them if you need it."


class LogoutTokenInvalid(Invalid):
    """A back-channel logout that does not verify; `step` names what (Back-Channel Logout 1.0 §2.6)."""

    code = "logout_token_invalid"
    ja = "サインアウトの通知を確認できません（{step}）。正しい通知を送り直してください。"
    en = "The logout notice does not verify ({step}). Send a correct one."


# --- tokens that others bring ---


class AccessTokenMissing(Invalid):
    """No `Authorization: DPoP …`, or no proof beside it."""

    code = "access_token_missing"
    http = 401
    ja = "アクセストークンと、鍵の証明（DPoP）が必要です。両方を付けて送り直してください。"
    en = "An access token and a proof of its key (DPoP) are needed. Send both."


class AccessTokenInvalid(Invalid):
    """A check of the access token failed; `step` names it (RFC 9068 §4)."""

    code = "access_token_invalid"
    http = 401
    ja = "アクセストークンを確認できません（{step}）。新しいトークンを取得して送り直してください。"
    en = "The access token does not verify ({step}). Obtain a new one and send again."


class KeyProofInvalid(Invalid):
    """A check of the DPoP proof failed; `step` names it (RFC 9449 §4.3)."""

    code = "key_proof_invalid"
    http = 401
    ja = "鍵の証明（DPoP）を確認できません（{step}）。要求ごとに新しく作って送り直してください。"
    en = "The proof of the key (DPoP) does not verify ({step}). Make a new one for each request and send again."


class ScopeMissing(Refused):
    """The token is good, but not for this."""

    code = "scope_missing"
    ja = "このトークンでは、この操作（{scope}）は認められていません。本人の同意を得てから送り直してください。"
    en = "This token does not permit this ({scope}). Ask the person to agree first, then send again."
