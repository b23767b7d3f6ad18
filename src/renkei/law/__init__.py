"""The law as dated data: who may ask whom for what, in which affairs, under which row (番号法19条8号).

Band: above `base` and beside nothing; `crypto` is not known here. Pure apart from reading the data once.
"""

from __future__ import annotations

from renkei.law.book import LawBook, Parameter
from renkei.law.diff import LawDiff, counterparts, diff
from renkei.law.explain import Explanation, Ground, Reason, why
from renkei.law.lexicon import Lexicon, lexicon
from renkei.law.model import Affairs, Basis, Edition, Information, Kind, Permit, Record
from renkei.law.table import PermittedTable

__all__ = [
    "Affairs",
    "Basis",
    "Edition",
    "Explanation",
    "Ground",
    "Information",
    "Kind",
    "LawBook",
    "LawDiff",
    "Lexicon",
    "Parameter",
    "Permit",
    "PermittedTable",
    "Reason",
    "Record",
    "counterparts",
    "diff",
    "lexicon",
    "why",
]
