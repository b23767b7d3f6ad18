"""What a check of evidence says: its steps, the one that failed, or one sentence of what holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from renkei.base.errors import Invalid, RenkeiError
from renkei.base.time import JST, from_ms
from renkei.contracts.evidence import Trust
from renkei.contracts.exchange import Outcome
from renkei.law import LawBook
from renkei.law.errors import InformationUnknown


class Step(NamedTuple):
    """One question of the check; `id` is stable."""

    number: int
    id: str
    ja: str
    en: str


STEPS: Final = tuple(
    Step(number, *words)
    for number, words in enumerate(
        (
            ("form", "ファイルの形式", "form of the file"),
            ("certificates", "証明書", "certificates"),
            ("request", "照会者の署名", "the requester's signature"),
            ("permit_signature", "コアの署名", "the core's signature"),
            ("permit_item", "許可の目録", "the permit's place in what the core signed"),
            ("terms", "許可と照会の一致", "permit and request agree"),
            ("law", "根拠となる法令", "the law"),
            ("answer_signature", "提供者の署名", "the provider's signature"),
            ("answer_item", "回答の目録", "the answer's place in what the provider signed"),
            ("agreement", "回答と許可の一致", "answer and permit agree"),
            ("payload", "提供された内容", "what was provided"),
            ("record", "記録簿", "the record and its log"),
        ),
        start=1,
    )
)


class StepFailed(Invalid):
    """A step of the check that does not hold; `cause` says why, with its own stable code."""

    code = "evidence_step_failed"
    ja = "証拠は成り立ちません。{number}番目の検査「{step}」で不合格です：{why}"
    en = "The evidence does not hold. It fails at step {number}, {step}: {why}"

    def __init__(self, step: Step, cause: RenkeiError) -> None:
        super().__init__(number=step.number, step=step.id, why=cause.code, private=cause.private)
        self.step, self.cause = step, cause

    def sentence(self, language: str = "ja") -> str:
        """The sentence with the step's name and the cause's own sentence in it."""
        japanese = language == "ja"
        template, name = (self.ja, self.step.ja) if japanese else (self.en, self.step.en)
        return template.format(number=self.step.number, step=name, why=self.cause.sentence(language))


class Word(StrEnum):
    """Whose signature says how the inquiry ended."""

    CORE = "core"
    PROVIDER = "provider"
    PROVIDER_LATER = "provider_later"  # in a late answer: a clerk decided, or nobody did in time
    REQUESTER = "requester"  # no signature of a provider: the requester's own record


class Facts(NamedTuple):
    """What the signed parts say, all of it verified. Times are milliseconds since the epoch; 0 is none."""

    outcome: Outcome
    number: str
    """Processing number; empty where the core refused."""
    requester: str
    provider: str
    affairs: str
    information: str
    row: str
    edition: str
    asked_ms: int
    given_ms: int
    reason: str
    word: Word
    citation_ja: str
    citation_en: str


class Verdict(NamedTuple):
    """Everything held."""

    facts: Facts
    ja: str
    en: str
    skipped: frozenset[int]
    """Steps that this exchange never came to (numbers)."""
    synthetic: bool

    def as_json(self) -> dict[str, Any]:
        """For `renkei verify --json`."""
        states = {step.id: "not_reached" if step.number in self.skipped else "held" for step in STEPS}
        facts = self.facts._asdict()
        return {"holds": True, "ja": self.ja, "en": self.en, "synthetic": self.synthetic, "steps": states} | facts


def failure_json(failed: StepFailed) -> dict[str, Any]:
    """For `renkei verify --json`, where a step fails."""
    states = {step.id: "held" for step in STEPS[: failed.step.number - 1]} | {failed.step.id: "failed"}
    return {
        "holds": False, "step": failed.step.number, "step_id": failed.step.id, "code": failed.cause.code,
        "ja": failed.sentence("ja"), "en": failed.sentence("en"), "steps": states,
    }  # fmt: skip


# Outcome → the middle of the sentence, ja and en. Who, whom, what, when stand before and the ground after it.
_WHAT: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.GIVEN: (
        "{requester}の照会に、{provider}は{given}に「{information}」を提供しました",
        "{provider} gave “{information}” to {requester} on {given}",
    ),
    Outcome.NONE: (
        "{requester}の照会に、{provider}は{given}に「{information}」として提供するものがないと回答しました（{reason}）",
        "{provider} answered {requester} on {given} that it has no “{information}” to give ({reason})",
    ),
    Outcome.PENDING: (
        "{requester}の「{information}」の照会について、{provider}は職員の判断を待つと回答しました",
        "{provider} answered {requester} that a clerk decides about “{information}”",
    ),
    Outcome.REFUSED: (
        "{requester}の「{information}」の照会は許可されましたが、{provider}からの提供はありませんでした（{reason}）",
        "{requester} was permitted to ask for “{information}”, and {provider} provided nothing ({reason})",
    ),
    Outcome.LAPSED: (
        "{requester}の「{information}」の照会は許可されましたが、{provider}の回答がないまま期限を過ぎました",
        "{requester} was permitted to ask for “{information}”, and {provider} gave no answer in time",
    ),
}
_REFUSED_BY_CORE: Final = (
    "{requester}が{asked}に求めた「{information}」の{provider}への照会を、コアは許可しませんでした（{reason}）。"
    "照会者とコアの署名は確かです。",
    "The core refused {requester} on {asked} to ask {provider} for “{information}” ({reason}). "
    "The signatures of the requester and of the core hold.",
)
_GROUND: Final = (
    "処理通番{number}：{what}{word}。根拠は{citation}です。署名、証明書、許可、目録、記録簿のすべてが一致します。",
    "Processing number {number}: {what}{word}, under {citation}. "
    "Signatures, certificates, permit, manifests and log agree.",
)

_WORD: Final = {
    Word.PROVIDER_LATER: ("（提供者の後日の回答による）", " (by the provider's later answer)"),
    Word.REQUESTER: ("（照会者の記録による）", " (by the requester's own record)"),
}


def verdict_of(facts: Facts, trust: Trust, book: LawBook, *, skipped: frozenset[int]) -> Verdict:
    """The verdict in one sentence, with the names of the trusted register and the words of the law."""
    japanese, english = (_sentence(facts, trust, book, at) for at in (0, 1))
    return Verdict(facts, japanese, english, skipped, trust.synthetic)


def _sentence(facts: Facts, trust: Trust, book: LawBook, at: int) -> str:
    names = {entry.body_id: (entry.name_ja, entry.name_en)[at] for entry in trust.register.bodies}
    words = {
        "requester": names.get(facts.requester, facts.requester),
        "provider": names.get(facts.provider, facts.provider),
        "information": _information(facts.information, book, at),
        "asked": _when(facts.asked_ms, at),
        "given": _when(facts.given_ms, at),
        "reason": facts.reason,
    }
    if not facts.number:
        return _REFUSED_BY_CORE[at].format(**words)
    what = _WHAT[facts.outcome][at].format(**words).replace("（）", "").replace(" ()", "")
    return _GROUND[at].format(
        number=facts.number,
        what=what,
        word=_WORD.get(facts.word, ("", ""))[at],
        citation=(facts.citation_ja, facts.citation_en)[at],
    )


def _information(slug: str, book: LawBook, at: int) -> str:
    try:
        item = book.lexicon.information(slug)
    except InformationUnknown:
        return slug
    return (item.ja, item.en)[at]


def _when(ms: int, at: int) -> str:
    if not ms:
        return ""
    moment: datetime = from_ms(ms).astimezone(JST)
    return f"{moment:%Y年%-m月%-d日%H時%M分}" if at == 0 else f"{moment:%-d %B %Y %H:%M} JST"
