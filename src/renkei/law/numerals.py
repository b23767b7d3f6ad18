"""Numbers of articles and items as the law writes them."""

from __future__ import annotations

import re

_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
_ARTICLE = re.compile(r"^第([一二三四五六七八九十百]+)条(?:の([一二三四五六七八九十]+))?$")


def kanji_number(text: str) -> int:
    """A whole number below 1,000 in kanji: 百六十二 is 162.

    Raises:
        KeyError: a letter is no digit.
    """
    total = 0
    rest = text
    for sign, value in (("百", 100), ("十", 10)):
        if sign in rest:
            factor, _, rest = rest.partition(sign)
            total += value * (_DIGITS[factor] if factor else 1)
    return total + (_DIGITS[rest] if rest else 0)


def article_number(article: str) -> str:
    """An article in figures: 第百六十二条の二 is 162-2; other text is given back as it is."""
    match = _ARTICLE.match(article)
    if match is None:
        return article
    branch = f"-{kanji_number(match[2])}" if match[2] else ""
    return f"{kanji_number(match[1])}{branch}"


def article_ja(article: str) -> str:
    """An article in figures, in Japanese: 第百六十二条の二 is 162条の2."""
    number, _, branch = article_number(article).partition("-")
    if not number.isdigit():
        return article
    return f"{number}条の{branch}" if branch else f"{number}条"
