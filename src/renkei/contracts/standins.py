"""Choices of persona that stand in for sign-in until the identity room exists.

A stand-in announces itself on every page that rests on it, and a production role refuses to start with one.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class DemoPerson(NamedTuple):
    """A synthetic person whom a visitor may be."""

    slug: str
    account_id: str
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
    """A clerk whom a visitor may be: one section of one body."""

    slug: str
    body_id: str
    section: str
    user: str
    shows_ja: str = ""
    shows_en: str = ""

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


class DemoSignIn:
    """The people and clerks to choose from, and the cases prepared for them."""

    stand_in: ClassVar[str] = "sign-in with the personal number card, and staff sign-in"

    def __init__(
        self, people: tuple[DemoPerson, ...], clerks: tuple[DemoClerk, ...], cases: tuple[DemoCase, ...] = ()
    ) -> None:
        self.people = {person.slug: person for person in people}
        self.clerks = {clerk.slug: clerk for clerk in clerks}
        self.cases = {case.case: case for case in cases}
