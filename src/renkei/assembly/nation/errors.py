"""Errors of the synthetic country."""

from __future__ import annotations

from renkei.base.errors import Invalid


class NationSizeInvalid(Invalid):
    """Too few residents for the personas and their municipalities, or more than there are synthetic numbers."""

    code = "nation_size_invalid"
    ja = "見本の国の住民数は{low}人から{high}人までです。この範囲で指定してください。"
    en = "A synthetic country has {low} to {high} residents; give a number in this range."
