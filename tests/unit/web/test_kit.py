"""The kit finds at start-up what can be wrong in a page, and escapes what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from renkei.platform.web import Language, Site, WebKit
from renkei.platform.web.errors import CatalogueFaulty
from renkei.platform.web.gallery import PACKAGE, context
from renkei.platform.web.kit import KIT, language_href
from renkei.platform.web.parts import Chip, Column, Lines

Room = Callable[..., Path]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    def make(template: str, *, ja: str = 'hello = "やあ {who}"', en: str = 'hello = "Hi {who}"') -> Path:
        folder = tmp_path / "room"
        for name, text in {"templates/page.html": template, "locale/ja.toml": ja, "locale/en.toml": en}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        return folder

    return make


@pytest.mark.parametrize(
    "template",
    [
        "{% if %}",
        '{{ t("room.nothing") }}',
        '{{ t("room.hello") }}',
        '{{ t("room.hello", who=1, what=2) }}',
        '{{ asset("room/nothing.css") }}',
    ],
)
def test_what_is_wrong_in_a_template_stops_the_start(room: Room, template: str) -> None:
    with pytest.raises(CatalogueFaulty):
        WebKit([room(template)])


def test_two_packages_of_one_name_stop_the_start(room: Room, tmp_path: Path) -> None:
    other = tmp_path / "room" / "web"
    other.mkdir(parents=True)
    with pytest.raises(CatalogueFaulty):
        WebKit([room("x"), other])


def test_a_page_in_its_frame(room: Room) -> None:
    folder = room('{% extends "kit/base.html" %}{% block content %}{{ t("room.hello", who=name) }}{% endblock %}')
    kit = WebKit([folder], site=Site(ja="見本国", en="Sample"))
    page = kit.page("room/page.html", language=Language.EN, here="/p?a=1", title="T", name="<script>")
    assert '<html lang="en">' in page
    assert "<title>T | Sample</title>" in page
    assert "Hi &lt;script&gt;" in page
    assert "Synthetic data" in page
    assert 'href="/p?a=1&amp;lang=ja"' in page


def test_parts_escape_their_texts() -> None:
    assert Chip("<b>").__html__() == '<span class="chip" data-tone="gray">&lt;b&gt;</span>'
    assert "&lt;i&gt;" in Lines(Chip("a"), "<i>").__html__()


def test_table_cells_are_escaped_unless_they_show_themselves(room: Room) -> None:
    kit = WebKit([room("{{ ui.table('c', columns, rows) }}")])
    columns = [Column(text="a", header=True), Column(text="b", numeric=True)]
    page = kit.page("room/page.html", language=Language.JA, columns=columns, rows=[("<x>", Chip("done"))])
    assert "&lt;x&gt;" in page
    assert '<span class="chip" data-tone="gray">done</span>' in page


@pytest.mark.parametrize("language", list(Language))
def test_gallery_needs_no_script_and_no_inline_style(language: Language) -> None:
    kit = WebKit([PACKAGE])
    page = kit.page("gallery/gallery.html", language=language, here="/kit", **context(kit, language))
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:\sfor|aria-labelledby)="([^"]+)"', page)) <= set(ids)


def test_headings_do_not_skip_a_level() -> None:
    kit = WebKit([PACKAGE])
    page = kit.page("gallery/gallery.html", language=Language.JA, **context(kit, Language.JA))
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_assets_carry_the_hash_of_their_content() -> None:
    first, second = WebKit(), WebKit()
    assert first.assets.url("kit/kit.css") == second.assets.url("kit/kit.css")
    assert re.fullmatch(r"/static/kit-kit\.[0-9a-f]{16}\.css", first.assets.url("kit/kit.css"))


def test_language_href_keeps_the_query() -> None:
    assert language_href("/a?x=1&lang=ja&y=", Language.EN) == "/a?x=1&y=&lang=en"
    assert language_href("", Language.JA) == "?lang=ja"


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("ink", "paper", 4.5),
        ("ink-soft", "paper", 4.5),
        ("ink-soft", "dads-gray-50", 4.5),
        ("ink-soft", "dads-blue-50", 4.5),
        ("ink", "dads-yellow-50", 4.5),
        ("key", "paper", 4.5),
        ("key", "dads-blue-50", 4.5),
        ("key-active", "ring", 4.5),
        ("paper", "key", 4.5),
        ("error", "paper", 4.5),
        ("dads-green-900", "dads-green-50", 4.5),
        ("dads-yellow-1100", "dads-yellow-50", 4.5),
        ("dads-orange-1000", "dads-orange-50", 4.5),
        ("dads-red-1000", "dads-red-50", 4.5),
        ("line-strong", "paper", 3),
        ("success", "paper", 3),
        ("warning", "paper", 3),
    ],
)
def test_colours_that_meet_have_contrast(text: str, ground: str, least: float) -> None:
    """WCAG 2.2 success criteria 1.4.3 (text, 4.5) and 1.4.11 (edges, 3)."""
    sheet = re.sub(r"/\*.*?\*/", "", (KIT / "static" / "tokens.css").read_text("utf-8"), flags=re.DOTALL)
    values = dict(re.findall(r"--([\w-]+):\s*([^;]+);", sheet))

    def resolve(name: str) -> str:
        inner = re.fullmatch(r"var\(--([\w-]+)\)", values[name])
        return resolve(inner[1]) if inner else values[name]

    assert contrast(resolve(text), resolve(ground)) >= least
