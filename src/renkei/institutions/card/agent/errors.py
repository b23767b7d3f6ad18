"""What the agent refuses, and what can go wrong between it and the site."""

from __future__ import annotations

from renkei.base.errors import Failed, Invalid, Refused


class TaskFromElsewhere(Refused):
    """The page that sent the task is of no site that this agent serves, or of another than the task names."""

    code = "card_task_from_elsewhere"
    ja = (
        "カードの利用を求めたサイトは、このプログラムに登録されたサイトではないため、受け付けませんでした。"
        "心当たりがなければ、この画面を閉じてください。カードは使われていません。"
    )
    en = (
        "The site that asked to use the card is not one that this program serves, so the request was not accepted. "
        "Close this page if you did not expect it. The card was not used."
    )


class TaskMalformed(Invalid):
    """The task breaks the agreement between site and agent."""

    code = "card_task_malformed"
    ja = "サイトからの依頼の形式が正しくないため、受け付けませんでした（{what}）。サイトの運営者に連絡してください。"
    en = "The site's request is not well formed and was not accepted ({what}). Please tell the site's operator."


class TaskUnknown(Invalid):
    """No such task, or it is another browser's."""

    code = "card_task_unknown"
    http = 404
    ja = "この手続は、このブラウザーでは見つかりません。依頼元のサイトに戻り、最初からやり直してください。"
    en = "This procedure is not known in this browser. Go back to the site that asked and start again."


class TaskExpired(Invalid):
    """The time that the site gave is over."""

    code = "card_task_expired"
    http = 410
    ja = "時間が過ぎたため、この手続は終わりました。依頼元のサイトに戻り、最初からやり直してください。"
    en = "This procedure has run out of time. Go back to the site that asked and start again."


class TaskUsed(Refused):
    """A task is taken once: what was finished or declined, or is open in another browser, is not taken again."""

    code = "card_task_used"
    http = 409
    ja = "この依頼は、すでに一度受け付けています。依頼元のサイトに戻り、最初からやり直してください。"
    en = "This request was taken once already. Go back to the site that asked and start again."


class AgentBusy(Failed):
    """More open tasks than a person could have opened."""

    code = "card_agent_busy"
    ja = "開いたままの手続が多すぎます。数分待ってから、依頼元のサイトでやり直してください。"
    en = "Too many procedures are open. Wait a few minutes, then start again at the site that asked."


class AgreementMissing(Invalid):
    """The signature key is not used before the person agreed to what its certificate discloses."""

    code = "card_agreement_missing"
    http = 409
    ja = "署名用電子証明書で渡す情報への同意が先です。画面を開き直し、内容を確かめて進んでください。"
    en = "First comes the agreement to what the signature certificate discloses. Open the page again and read it."


class SiteUnreachable(Failed):
    """What the card said could not be handed over, or the answer was not understood."""

    code = "card_site_unreachable"
    http = 502
    ja = "依頼元のサイト（{site}）につながらないため、結果を渡せませんでした。少し待って、もう一度お試しください。"
    en = "The site that asks ({site}) could not be reached, so it did not get the result. Wait a little and try again."


class HostRefused(Refused):
    """Another name leads to this machine: a page elsewhere may be trying to reach the agent (DNS rebinding)."""

    code = "card_agent_host_refused"
    http = 421
    ja = "この住所では、カードのプログラムを開けません。http://127.0.0.1:{port}/ を開いてください。"
    en = "The card program does not answer under this address. Open http://127.0.0.1:{port}/ instead."


class OriginInvalid(Invalid):
    """A site is named by its origin."""

    code = "card_agent_origin_invalid"
    ja = "サイトは https://example.jp のように、スキーム・ホスト名・ポートだけで指定してください（{origin}）。"
    en = "Name a site by scheme, host and port only, as https://example.jp (given: {origin})."


class CardNotChosen(Invalid):
    """The form was sent without a choice."""

    code = "card_not_chosen"
    http = 422
    ja = "カードが選ばれていません。一覧から選んでください。"
    en = "No card was chosen. Choose one from the list."
