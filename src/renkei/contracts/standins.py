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

    def story(self, language: str) -> str:
        """What this person is there to show."""
        return self.story_ja if language == "ja" else self.story_en


class DemoClerk(NamedTuple):
    """A clerk whom a visitor may be: one section of one body."""

    slug: str
    body_id: str
    section: str
    user: str


class DemoSignIn:
    """The people and clerks to choose from."""

    stand_in: ClassVar[str] = "sign-in with the personal number card, and staff sign-in"

    def __init__(self, people: tuple[DemoPerson, ...], clerks: tuple[DemoClerk, ...]) -> None:
        self.people = {person.slug: person for person in people}
        self.clerks = {clerk.slug: clerk for clerk in clerks}
