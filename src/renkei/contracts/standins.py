"""What a visitor of the demonstration is told: the people and clerks whose test cards lie ready, and prepared cases.

Nothing here signs anybody in; that takes a test card and its PIN, as for everybody.
"""

from __future__ import annotations

from typing import NamedTuple


class DemoPerson(NamedTuple):
    """A synthetic person whose test card a visitor may use (見本の人)."""

    slug: str
    name: str
    story_ja: str
    story_en: str
    shows_ja: str = ""
    shows_en: str = ""

    def story(self, language: str) -> str:
        """Who this person is."""
        return self.story_ja if language == "ja" else self.story_en

    def shows(self, language: str) -> str:
        """What a visitor sees as this person."""
        return self.shows_ja if language == "ja" else self.shows_en


class DemoClerk(NamedTuple):
    """A clerk whose test card a visitor may use."""

    slug: str
    name: str
    body_id: str
    section: str
    shows_ja: str = ""
    shows_en: str = ""
    roles: tuple[str, ...] = ()
    """What the clerk does (`contracts.staff.Role`)."""

    def shows(self, language: str) -> str:
        """What a visitor can do as this clerk."""
        return self.shows_ja if language == "ja" else self.shows_en


class DemoCase(NamedTuple):
    """A case that the demonstration has opened, and what asking about it shows. No name: a gateway knows none."""

    case: str
    shows_ja: str
    shows_en: str

    def shows(self, language: str) -> str:
        """What a visitor sees who asks about it."""
        return self.shows_ja if language == "ja" else self.shows_en
