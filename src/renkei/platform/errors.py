"""Errors of storage and transport."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid


class StoreFailed(Failed):
    """The store could not keep a transaction: nothing of it was written."""

    code = "store_failed"
    ja = "記録を保存できませんでした。何も変更されていません。しばらくしてから同じ内容でもう一度お試しください。"
    en = "The record could not be stored. Nothing was changed. Please try the same request again later."


class StoreTooNew(Failed):
    """The store was written by a newer release."""

    code = "store_too_new"
    ja = "データベースの版({found})は、このプログラムが知る版より新しいものです。新しい版のプログラムで開いてください。"
    en = "The database is at revision {found}, which this program does not know. Open it with a newer release."


class StoreUnversioned(Failed):
    """The store holds tables of ours without a revision mark."""

    code = "store_unversioned"
    ja = "データベースに版の記録がないため、安全に更新できません。正しいデータベースを指定しているか確認してください。"
    en = "The database carries no revision mark and cannot be upgraded safely. Check that it is the right database."


class PeerUnreachable(Failed):
    """No connection to the other party."""

    code = "peer_unreachable"
    http = 502
    ja = "相手方({authority})に接続できませんでした。相手方が稼働しているか確認し、もう一度お試しください。"
    en = "No connection to the other party ({authority}) could be made. Check that it is running and try again."


class PeerTimeout(Failed):
    """The other party did not answer in time."""

    code = "peer_timeout"
    http = 504
    ja = "相手方({authority})から時間内に応答がありませんでした。同じ要求番号でもう一度お試しください。"
    en = "The other party ({authority}) did not answer in time. Try again with the same request id."


class PeerGarbled(Invalid):
    """The other party's answer is not what the protocol says."""

    code = "peer_garbled"
    http = 502
    ja = "相手方({authority})の応答が規約の形式ではありません。相手方に連絡してください。"
    en = "The answer of the other party ({authority}) does not follow the protocol. Please contact that party."


class BodyTooLarge(Invalid):
    """A message exceeds the size limit."""

    code = "body_too_large"
    http = 413
    ja = "送信されたデータが上限({limit_bytes}バイト)を超えています。分割して送信してください。"
    en = "The message is larger than the limit of {limit_bytes} bytes. Send it in smaller parts."


class JsonMalformed(Invalid):
    """A body does not decode into the type that the route expects."""

    code = "json_malformed"
    ja = "送信されたデータを読み取れません(JSONの形式または項目が規約と異なります)。内容を確認してください。"
    en = "The message cannot be read: its JSON, or a member of it, does not follow the protocol. Check its contents."


class MessageReplayed(Invalid):
    """A signed message was received before."""

    code = "message_replayed"
    http = 409
    ja = "同じ署名付きメッセージをすでに受け取っています。再送するときは新しく署名してください。"
    en = "This signed message was received before. To send the request again, sign it anew."


class RouteUnknown(Invalid):
    """No handler under that address."""

    code = "route_unknown"
    http = 404
    ja = "この宛先では、その機能を提供していません。URLを確認してください。"
    en = "Nothing is offered at this address. Check the URL."


class MethodUnknown(Invalid):
    """The address exists, the method does not."""

    code = "method_unknown"
    http = 405
    ja = "この宛先では、そのメソッドを使用できません。使用できるメソッド:{allowed}。"
    en = "That method cannot be used at this address. Use: {allowed}."


class FaultInside(Failed):
    """An unforeseen fault; details are in the operator's log only."""

    code = "fault_inside"
    http = 500
    ja = "予期しない障害が発生しました。時間をおいてもう一度お試しください。(受付番号 {request_id})"
    en = "An unforeseen fault occurred. Please try again later. (request id {request_id})"


class PeerRefused(Failed):
    """The other party answered with an error that this release does not know."""

    code = "peer_error_unknown"
    http = 502
    ja = "相手方が、この版では解釈できないエラー({code_there})を返しました。相手方に連絡してください。"
    en = "The other party answered with an error unknown to this release ({code_there}). Please contact that party."


class LogEmpty(Invalid):
    """A checkpoint was asked for before the first entry."""

    code = "log_empty"
    http = 404
    ja = "この記録簿にはまだ記録がありません。"
    en = "This log has no entries yet."


class Overloaded(Failed):
    """More requests than this process can safely keep track of."""

    code = "overloaded"
    ja = "ただいま混み合っており受け付けられません。しばらくしてからもう一度お試しください。"
    en = "Too many requests at the moment. Please try again later."


class StandInRefused(Failed):
    """A development stand-in was asked to start in a production role."""

    code = "stand_in_refused"
    ja = "開発用の代替部品({name})は本番環境では起動できません。設定を確認してください。"
    en = "The development stand-in ({name}) does not start in production. Check the configuration."
