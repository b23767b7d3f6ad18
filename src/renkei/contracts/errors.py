"""Errors that more than one institution answers with: the vocabulary of the exchange."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class BodyUnknown(Refused):
    code = "body_unknown"
    http = 404
    ja = "相手の機関「{body}」は登録されていません。機関の一覧で確かめてください。"
    en = "The body “{body}” is not in the register. Check it against the list of bodies."


class BodyStopped(Refused):
    code = "body_stopped"
    ja = (
        "機関「{body}」は特定個人情報保護評価の公表がないか、委員会の求めにより、"
        "連携を停止しています（番号法28条6項）。再開を待つか、委員会に確かめてください。"
    )
    en = (
        "The body “{body}” is stopped: its impact assessment is not published or the commission stopped it "
        "(Act art. 28(6)). Wait until it resumes, or ask the commission."
    )


class NoCode(Refused):
    code = "no_code"
    ja = (
        "情報提供者はこの方の符号を持っていません。4情報を添えて提供者に符号の取得を求めるか、"
        "別の提供者を選んでください。"
    )
    en = (
        "The provider holds no linkage code for this person. Ask the provider to obtain one, giving the four basic "
        "items, or choose another provider."
    )


class NoCopy(Refused):
    code = "no_copy"
    http = 404
    ja = (
        "照会は認められましたが、提供者はこの情報の副本を登録していません。該当する事実がないか、登録前です。"
        "提供者に確かめてください。"
    )
    en = (
        "The inquiry is permitted, but the provider has registered no copy of this item: there is no such fact, or "
        "it is not registered yet. Ask the provider."
    )


class WaitingForClerk(Refused):
    code = "waiting_for_clerk"
    http = 202
    ja = "この方の情報は自動では回答されません。提供者の職員が判断した後、回答が届きます。"
    en = (
        "This person's information is not answered automatically. "
        "The answer comes once a clerk of the provider has decided."
    )


class Withheld(Refused):
    code = "withheld"
    ja = "提供者の職員が、この照会には回答しないと判断しました。理由は提供者の部署に問い合わせてください。"
    en = "A clerk of the provider decided not to answer this inquiry. Ask the provider's section for the reason."


class PermitExpired(Refused):
    code = "permit_expired"
    http = 410
    ja = "許可の有効期限が過ぎました。照会をやり直してください。"
    en = "The permit has expired. Make the inquiry again."


class PermitReplayed(Refused):
    code = "permit_replayed"
    http = 409
    ja = "この許可（処理通番）はすでに使われました。新しい照会を行ってください。"
    en = "This permit (processing number) was used already. Make a new inquiry."


class PermitForeign(Refused):
    code = "permit_foreign"
    ja = "この許可は別の機関に宛てたもの、または別の機関が受けたものです。許可に記された相手に提示してください。"
    en = "This permit names another provider or another requester. Present it to the body that it names."


class PermitInvalid(Invalid):
    code = "permit_invalid"
    ja = "許可の内容が、コアの署名と一致しません。許可を取り直し、変えずに提示してください。"
    en = "The permit does not match the core's signature. Obtain it again and present it unchanged."


class AnswerInvalid(Invalid):
    code = "answer_invalid"
    ja = "提供者の回答が、許可または署名と一致しません。回答は使わず、提供者に連絡してください。"
    en = "The provider's answer does not match the permit or its signature. Do not use it; contact the provider."


class PersonUnknown(Refused):
    code = "person_unknown"
    http = 404
    ja = "この宛名番号の方は、この機関の中間サーバーに登録されていません。番号と機関を確かめてください。"
    en = "No person with this address number is registered at this body's gateway. Check the number and the body."


class OwnCodeMissing(Refused):
    code = "own_code_missing"
    ja = "この方の符号をまだ取得していません。符号の取得を済ませてから照会してください。"
    en = "Your body has not obtained a linkage code for this person yet. Obtain it, then ask again."


class CaseMissing(Refused):
    code = "case_missing"
    ja = "この方について、照会した部署に開いている事案がありません。事案を登録してから照会してください。"
    en = "The asking section has no open case of this person. Register the case, then ask again."


class CaseAmbiguous(Refused):
    code = "case_ambiguous"
    ja = (
        "この方について、照会した部署に開いている事案が複数あり、どれのための照会か決められません。"
        "事案を書いて照会するか、終わった事案を閉じてください。"
    )
    en = (
        "The asking section has several open cases of this person, so it cannot be told which one the inquiry serves. "
        "Name the case, or close those that are finished."
    )


class RequestConflict(Invalid):
    code = "request_conflict"
    http = 409
    ja = "同じ識別子で、内容の違う要求がすでにあります。新しい識別子を付けてください。"
    en = "A request with this id but other content exists already. Use a new id."


class CallerMismatch(Refused):
    code = "caller_mismatch"
    ja = "署名した機関と、要求に書かれた機関が違います。自分の機関の名で要求してください。"
    en = "The body that signed is not the body that the request names. Ask in the name of your own body."


class NotEntitled(Refused):
    code = "not_entitled"
    ja = "この職員または端末には、この事務の権限がありません。権限のある職員が行ってください。"
    en = "This clerk or terminal is not entitled to these affairs. An entitled clerk has to do it."


class MessageMalformed(Invalid):
    code = "message_malformed"
    ja = "要求の形式が正しくありません（{where}）。仕様書（/schema）に合わせてください。"
    en = "The request is malformed ({where}). Make it follow the specification at /schema."


class TooManyItems(Invalid):
    code = "too_many_items"
    http = 413
    ja = "一度に送れるのは{limit}件までです。分けて送ってください。"
    en = "At most {limit} items fit one request. Send them in several."


class DecisionStale(Refused):
    code = "decision_stale"
    http = 409
    ja = "この照会は、すでに判断されたか、回答期限を過ぎました。一覧を開き直してください。"
    en = "This inquiry was decided already or its time to answer has passed. Open the list again."


class AnswerOverdue(Refused):
    code = "answer_overdue"
    http = 410
    ja = "回答期限までに提供者の職員の判断がなく、この照会は失効しました。必要であれば、新しく照会してください。"
    en = (
        "No clerk of the provider decided before the time to answer passed, so this inquiry has lapsed. "
        "If it is still needed, ask anew."
    )


class AnswerEarly(Failed):
    code = "answer_early"
    ja = "照会者がまだ照会の記録を終えていないため、この回答を受け取れません。自動で再送されます。"
    en = "The requester has not finished recording its inquiry, so it cannot take this answer yet. It is sent again."


class BatchUnknown(Refused):
    code = "batch_unknown"
    http = 404
    ja = "この識別子の照会は、この機関では受け付けていません。識別子を確かめてください。"
    en = "This body has accepted no inquiries under this id. Check the id."


class ExchangeInterrupted(Failed):
    code = "exchange_interrupted"
    ja = "照会の途中で通信が切れました。照会は記録されており、自動で続行されます。同じ識別子で結果を確かめてください。"
    en = "The exchange was interrupted. It is recorded and continues by itself. Ask for the result under the same id."


class CopyFromFuture(Invalid):
    code = "copy_from_future"
    ja = "副本の作成時刻が現在より先です。時計と副本の時刻を確かめてください。"
    en = "The copy's time lies in the future. Check the clock and the time of the copy."


class CopyPeriodInvalid(Invalid):
    code = "copy_period_invalid"
    ja = (
        "副本の有効期間が正しくありません。開始日と終了日をYYYY-MM-DDで、"
        "開始日が終了日より後にならないように書いてください。"
    )
    en = "The copy's period of validity is wrong. Write both days as YYYY-MM-DD, the first not after the last."


class InformationUnsupported(Invalid):
    code = "information_unsupported"
    ja = "情報項目「{information}」の様式はまだありません。情報項目の一覧で確かめてください。"
    en = "There is no schema for the information item “{information}” yet. Check the list of items."


class CopyBodyInvalid(Invalid):
    code = "copy_body_invalid"
    ja = "副本の内容が情報項目「{information}」の様式に合いません（{where}）。様式に合わせて作り直してください。"
    en = "The copy does not follow the schema of “{information}” ({where}). Make it again to that schema."
