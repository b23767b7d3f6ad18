"""What a visitor of the demonstration is told to look for: as which person, as which clerk, about which case.

The prepared cases are open in the sections of the demonstration, so that a clerk can ask about people whom no claim of
the visitor concerns: one who is never answered automatically, one without a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from renkei.assembly.nation import Persona
from renkei.contracts.standins import DemoCase

PEOPLE: Mapping[str, tuple[str, str]] = {
    "claimant": (
        "年金事務所で請求を受け付けて照会すると、そのやりとりがここに出ます。",
        "Take her claim at the pension office and ask: the exchanges appear here.",
    ),
    "mother": (
        "世田谷区の子ども家庭課の職員として照会すると、そのやりとりがここに出ます。",
        "Ask about her as a clerk of Setagaya's section for children: the exchange appears here.",
    ),
    "protected": (
        "年金給付課の職員として照会しても、町の職員が判断するまで、何も渡されません。",
        "Ask about her as a clerk for pension claims: nothing is handed over until a clerk of the town decides.",
    ),
    "no-code": (
        "符号がまだないため、照会も、記録の表示もできません。そのことが言葉で分かります。",
        "There is no code yet, so nobody can ask and nothing can be shown; the page says so.",
    ),
    "no-copy": (
        "照会は認められますが、渡せる情報がありません。「認められない」とは違う表示になります。",
        "Asking is permitted, but there is nothing to hand over, which looks different from “not permitted”.",
    ),
    "elder": (
        "娘を代理人にできます。代理人のしたことは、すべてここから見え、いつでもやめさせられます。",
        "She can make her daughter her proxy, see everything the proxy does, and end it at any time.",
    ),
    "nurse": (
        "母の代理人として操作すると、画面の上に「代理で操作中」と出ます。",
        "Acting for her mother, she sees on every screen for whom she acts.",
    ),
    "officer": (
        "確定申告の下書きに署名し、そのまま納税まで済ませられます。",
        "Signs the draft of his tax return and pays in the same step.",
    ),
}
"""What a visitor sees as each persona (ja, en)."""

PENSION_CLERK = (
    "開いている事案の方について、ほかの機関に照会します。自動では回答しない方の事案も用意してあります。",
    "Ask other bodies about people with an open case. One of them is never answered automatically.",
)
DESK_CLERK = (
    "自動では回答しない方への照会に、回答するかしないかを判断します。",
    "Decide on inquiries about people who are never answered automatically.",
)
ADMINISTRATOR = (
    "職員の登録、役割の割当て、端末の登録を行います。事務は行えません。",
    "Enrols staff, gives roles and registers terminals. No casework.",
)
CHILD_CLERK = (
    "児童手当の請求のために、前に住んでいた市町村などに照会します。",
    "Ask the former municipality and others for a claim for child allowance.",
)


class Prepared(NamedTuple):
    """A case that the demonstration opens, about one persona."""

    persona: str
    pension: bool
    """In the pension office's section; else in the section for children of the persona's municipality."""
    affairs: str
    case: DemoCase


def prepared(personas: Mapping[str, Persona]) -> list[Prepared]:
    """The prepared cases, which name no one."""
    town = personas["protected"].household.municipality
    city = personas["no-copy"].household.municipality
    return [
        Prepared(
            "protected", True, "73.2",
            DemoCase(
                "sample-1",
                f"自動では回答しない方。{town.name}に「住民票関係情報」を照会すると、職員の判断待ちになります。",
                f"Never answered automatically: ask {town.name_en} for the resident record, and a clerk has to decide.",
            ),
        ),
        Prepared(
            "no-copy", True, "73.2",
            DemoCase(
                "sample-2",
                f"副本が登録されていない方。「地方税関係情報」を、{city.name}に照会すると「該当する情報なし」、"
                f"{town.name}では「符号がない」、全国健康保険協会では「法律上認められない」になります。",
                f"No copy is registered. Ask {city.name_en} for the local tax: no such data. Ask {town.name_en}: no "
                "linkage code. Ask the Japan Health Insurance Association: not permitted by law.",
            ),
        ),
        Prepared(
            "mother", False, "107.1",
            DemoCase(
                "sample-3", "児童手当を請求する方。日本年金機構に「年金給付関係情報」を照会できます。",
                "Claims child allowance: ask the Japan Pension Service for the pension benefits.",
            ),
        ),
    ]  # fmt: skip
