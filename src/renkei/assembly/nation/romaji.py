"""Names of municipalities in Latin letters, made from their readings: せたがやく becomes Setagaya-ku.

Hepburn without marks of length, n before b, m and p. Mechanical, so a body's own spelling may differ; used for English
screens only.
"""

from __future__ import annotations

_ROWS = """
あ a  い i  う u  え e  お o  か ka  き ki  く ku  け ke  こ ko
さ sa  し shi  す su  せ se  そ so  た ta  ち chi  つ tsu  て te  と to
な na  に ni  ぬ nu  ね ne  の no  は ha  ひ hi  ふ fu  へ he  ほ ho
ま ma  み mi  む mu  め me  も mo  や ya  ゆ yu  よ yo  ら ra  り ri
る ru  れ re  ろ ro  わ wa  を o  ん n  が ga  ぎ gi  ぐ gu  げ ge
ご go  ざ za  じ ji  ず zu  ぜ ze  ぞ zo  だ da  ぢ ji  づ zu  で de
ど do  ば ba  び bi  ぶ bu  べ be  ぼ bo  ぱ pa  ぴ pi  ぷ pu  ぺ pe
ぽ po  ゔ vu  きゃ kya  きゅ kyu  きょ kyo  しゃ sha  しゅ shu  しょ sho  ちゃ cha  ちゅ chu
ちょ cho  にゃ nya  にゅ nyu  にょ nyo  ひゃ hya  ひゅ hyu  ひょ hyo  みゃ mya  みゅ myu  みょ myo
りゃ rya  りゅ ryu  りょ ryo  ぎゃ gya  ぎゅ gyu  ぎょ gyo  じゃ ja  じゅ ju  じょ jo  びゃ bya
びゅ byu  びょ byo  ぴゃ pya  ぴゅ pyu  ぴょ pyo  てぃ ti  でぃ di  ふぁ fa  ふぃ fi
"""
_WORDS = _ROWS.split()
_SYLLABLES = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
_LONG = (("ou", "o"), ("oo", "o"), ("uu", "u"))
_SUFFIX_OF = {"city": ("し",), "special_ward": ("く",), "town": ("ちょう", "まち"), "village": ("むら", "そん")}


def romaji(kana: str) -> str:
    """Lower-case Latin letters of a reading in hiragana; what has no syllable stays as it is."""
    parts: list[str] = []
    at, doubled = 0, False
    while at < len(kana):
        for length in (2, 1):
            syllable = _SYLLABLES.get(kana[at : at + length])
            if syllable is not None:
                break
        else:
            syllable, length = ("" if kana[at] in "っー" else kana[at]), 1
        if kana[at] == "っ":
            doubled = True
        else:
            parts.append(_doubled(syllable) if doubled else syllable)
            doubled = False
        at += length
    text = "".join(parts)
    for long, short in _LONG:
        text = text.replace(long, short)
    return text


def _doubled(syllable: str) -> str:
    return "t" + syllable if syllable.startswith("ch") else syllable[:1] + syllable


def municipality_name(kana: str, kind: str) -> str:
    """The English name of a municipality from its reading and kind (`city`, `special_ward`, `town`, `village`)."""
    reading = kana.replace(" ", "")
    for suffix in _SUFFIX_OF[kind]:
        if reading.endswith(suffix) and len(reading) > len(suffix):
            return f"{romaji(reading[: -len(suffix)]).capitalize()}-{romaji(suffix)}"
    return romaji(reading).capitalize()
