"""What is wrong with a request of a relying party, or refused to it. `oauth` names the error code of the RFC.

`{reason}` is one of a few fixed words: it tells a developer which rule was broken, and nothing about a person.
"""

from __future__ import annotations

from typing import ClassVar

from renkei.base.errors import Failed, Invalid, Refused


class RequestMalformed(Invalid):
    """A parameter is missing, unreadable or not one of the values that it may have."""

    code = "oauth_request_malformed"
    oauth: ClassVar[str] = "invalid_request"
    ja = "パラメーター「{parameter}」がないか、値が正しくありません。仕様に合わせて送り直してください。"
    en = "The parameter {parameter} is missing, or its value is not allowed. Send it as the specification says."


class ParameterTwice(Invalid):
    """A parameter stands there twice (RFC 6749 §3.1)."""

    code = "oauth_parameter_twice"
    oauth: ClassVar[str] = "invalid_request"
    ja = "パラメーター「{parameter}」が重複しています。一度だけ送ってください。"
    en = "The parameter {parameter} occurs more than once. Send it once."


class ScopeUnregistered(Refused):
    """A client asks for more than it is registered for."""

    code = "oauth_scope_unregistered"
    oauth: ClassVar[str] = "invalid_scope"
    http = 400
    ja = "スコープ「{scope}」は、このクライアントに登録されていません。"
    en = "The scope {scope} is not registered for this client."


class DetailsRefused(Refused):
    """`authorization_details` are malformed, or beyond what the client may ask for (RFC 9396 §5)."""

    code = "oauth_details_refused"
    oauth: ClassVar[str] = "invalid_authorization_details"
    http = 400
    ja = "authorization_detailsを受け付けられません({reason})。登録した範囲と形式に合わせて送り直してください。"
    en = "The authorization_details are not accepted ({reason}). Send them as registered and in the documented form."


class ObjectUnsupported(Refused):
    """A request object (RFC 9101): what is pushed needs none."""

    code = "oauth_object_unsupported"
    oauth: ClassVar[str] = "request_not_supported"
    http = 400
    ja = "リクエストオブジェクトには対応していません。パラメーターをそのままPARで送ってください。"
    en = "Request objects are not supported. Push the parameters themselves."


class RedirectUnregistered(Refused):
    """The redirect URI is not, character by character, a registered one."""

    code = "oauth_redirect_unregistered"
    oauth: ClassVar[str] = "invalid_request"
    http = 400
    ja = "redirect_uriが登録されたものと一致しません。一字一句同じものを送ってください。"
    en = "The redirect_uri is not a registered one. It must match character by character."


class PushedRequired(Refused):
    """The browser brings the parameters themselves instead of a reference to a pushed request (RFC 9126 §5)."""

    code = "oauth_pushed_required"
    oauth: ClassVar[str] = "invalid_request"
    http = 400
    ja = "利用しようとしたサイトからの依頼が正しい形で届きませんでした。そのサイトに戻り、もう一度やり直してください。"
    en = "The request of the site you came from did not arrive as it should. Go back to that site and start again."


class PushedUnknown(Invalid):
    """No such pushed request of this client, or it was answered before, or its time is over."""

    code = "oauth_pushed_unknown"
    oauth: ClassVar[str] = "invalid_request_uri"
    ja = "この依頼は期限切れか、使用済みです。何も渡していません。元のサイトに戻り、もう一度やり直してください。"
    en = "This request has expired or was used before. Nothing was given. Go back to the site and start again."


class ClientUnproven(Refused):
    """The client did not prove who it is (RFC 7523 §3)."""

    code = "oauth_client_unproven"
    oauth: ClassVar[str] = "invalid_client"
    http = 401
    ja = "クライアントの署名付き証明(client_assertion)を確かめられません({reason})。鍵と項目を確認してください。"
    en = "The client assertion could not be verified ({reason}). Check its key and its claims."


class ClientStopped(Refused):
    """The client may not use the provider any more, or not this part of it."""

    code = "oauth_client_stopped"
    oauth: ClassVar[str] = "unauthorized_client"
    ja = "このクライアントは停止されています。運営者に問い合わせてください。"
    en = "This client has been stopped. Ask the operator."


class ClientNotAllowed(Refused):
    """The client is not registered for this."""

    code = "oauth_client_not_allowed"
    oauth: ClassVar[str] = "unauthorized_client"
    http = 400
    ja = "このクライアントには「{what}」が登録されていません。"
    en = "This client is not registered for {what}."


class GrantUnsupported(Invalid):
    """No such `grant_type` here."""

    code = "oauth_grant_unsupported"
    oauth: ClassVar[str] = "unsupported_grant_type"
    ja = "このgrant_typeには対応していません。"
    en = "This grant_type is not supported."


class GrantSpent(Refused):
    """A code or refresh token is worth nothing (RFC 6749 §5.2)."""

    code = "oauth_grant_spent"
    oauth: ClassVar[str] = "invalid_grant"
    http = 400
    ja = "認可コードまたはリフレッシュトークンは使えません({reason})。もう一度サインインから始めてください。"
    en = "The code or refresh token cannot be used ({reason}). Start again from the sign-in."


class ProofWrong(Invalid):
    """The DPoP proof is missing or does not hold (RFC 9449 §4.3)."""

    code = "oauth_proof_wrong"
    oauth: ClassVar[str] = "invalid_dpop_proof"
    ja = "DPoPの証明を確かめられません({reason})。この要求のために新しく作った証明を一つ付けてください。"
    en = "The DPoP proof does not hold ({reason}). Send one proof, made for this very request."


class TokenWrong(Refused):
    """An access token is missing, malformed, expired, or its grant ended (RFC 6750 §3.1)."""

    code = "oauth_token_wrong"
    oauth: ClassVar[str] = "invalid_token"
    http = 401
    ja = "アクセストークンは使えません({reason})。新しいトークンを取り直してください。"
    en = "The access token cannot be used ({reason}). Get a new one."


class ScopeMissing(Refused):
    """The token does not reach so far (RFC 6750 §3.1)."""

    code = "oauth_scope_missing"
    oauth: ClassVar[str] = "insufficient_scope"
    ja = "このアクセストークンの範囲には「{scope}」が含まれていません。"
    en = "The scope {scope} is not within this access token."


class ClientUnknown(Invalid):
    """No relying party is registered under this name."""

    code = "oauth_client_unknown"
    http = 404
    ja = "登録されていないクライアントです。"
    en = "No such client is registered."


class ClientRegistrationFaulty(Invalid):
    """A registration names an address to which no browser must be sent."""

    code = "oauth_client_registration_faulty"
    ja = "クライアントの登録の「{what}」が正しくありません。断片(#)や「*」を含まない完全なURLを登録してください。"
    en = "The registration's {what} is not right. Register whole URLs, without fragment and without wildcards."


class FinishElsewhere(Refused):
    """The answer is fetched by another browser than the one in which it was decided."""

    code = "oauth_finish_elsewhere"
    ja = "確認に答えたブラウザーではないか、サインアウトしています。元のサイトに戻り、もう一度やり直してください。"
    en = "This is not the browser in which the request was answered, or it signed out since. Start again from the site."


class SignOutUnreadable(Invalid):
    """A sign-out names a place to go that is not registered, or a token that is not ours."""

    code = "oauth_sign_out_unreadable"
    oauth: ClassVar[str] = "invalid_request"
    ja = "サインアウトの依頼の「{parameter}」が正しくありません。アカウントの画面からもサインアウトできます。"
    en = (
        "The parameter {parameter} of the request to sign out is not right. You can also sign out on your account page."
    )


class EndpointFault(Failed):
    """We failed; nothing was given."""

    code = "oauth_endpoint_fault"
    oauth: ClassVar[str] = "temporarily_unavailable"
    ja = "いまは応答できません。しばらくしてからやり直してください。(受付番号 {request_id})"
    en = "No answer can be given now. Try again later. (request id {request_id})"
