"""Messages: complete in both languages or the program does not start."""

from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import Markup

from renkei.platform.web import Language, choose_language, load_catalogue
from renkei.platform.web.catalogue import Catalogue
from renkei.platform.web.errors import CatalogueFaulty, MessageMissing
from renkei.platform.web.parts import Link


def package(folder: Path, ja: str, en: str | None) -> Catalogue:
    (folder / "locale").mkdir()
    (folder / "locale" / "ja.toml").write_text(ja, "utf-8")
    if en is not None:
        (folder / "locale" / "en.toml").write_text(en, "utf-8")
    return load_catalogue({"room": folder})


def test_keys_stand_under_the_package_name(tmp_path: Path) -> None:
    catalogue = package(tmp_path, '[page]\ntitle = "題 {name}"', '[page]\ntitle = "Title {name}"')
    assert catalogue.text(Language.JA, "room.page.title", name="x") == "題 x"
    assert catalogue.text(Language.EN, "room.page.title", name="x") == "Title x"


@pytest.mark.parametrize(
    ("ja", "en"),
    [
        ('a = "あ"', None),
        ('a = "あ"', ""),
        ('a = "あ"', 'b = "b"'),
        ('a = "あ{x}"', 'a = "a{y}"'),
        ('a = "あ{"', 'a = "a{"'),
        ("a = 1", "a = 1"),
        ('a = " "', 'a = " "'),
        ("a = ", "a = "),
    ],
)
def test_a_faulty_catalogue_stops_the_start(tmp_path: Path, ja: str, en: str | None) -> None:
    with pytest.raises(CatalogueFaulty):
        package(tmp_path, ja, en)


def test_an_area_of_a_package_may_have_files_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "locale").mkdir()
    for language in ("ja", "en"):
        (tmp_path / "locale" / f"signin.{language}.toml").write_text(f'[signin]\ntitle = "{language}"', "utf-8")
    assert load_catalogue({"room": tmp_path}).text(Language.EN, "room.signin.title") == "en"
    whole = '[other]\ntitle = "x"'
    assert package_beside(tmp_path, whole).text(Language.JA, "room.other.title") == "x"
    with pytest.raises(CatalogueFaulty, match="declared twice"):
        package_beside(tmp_path, '[signin]\ntitle = "x"')


def package_beside(folder: Path, text: str) -> Catalogue:
    for language in ("ja", "en"):
        (folder / "locale" / f"{language}.toml").write_text(text, "utf-8")
    return load_catalogue({"room": folder})


def test_plural_follows_the_count(tmp_path: Path) -> None:
    catalogue = package(
        tmp_path, '[n]\none="{count}件"\nother="{count}件"', '[n]\none="{count} case"\nother="{count} cases"'
    )
    assert [catalogue.text(Language.EN, "room.n", count=n) for n in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
    assert catalogue.placeholders("room.n") == {"count"}


def test_missing_message_or_value_is_an_error_not_an_empty_page(tmp_path: Path) -> None:
    catalogue = package(tmp_path, 'a = "あ{x}"', 'a = "a{x}"')
    for key, values in (("room.b", {}), ("room.a", {}), ("room.a", {"y": 1})):
        with pytest.raises(MessageMissing):
            catalogue.text(Language.JA, key, **values)


def test_a_link_inside_a_sentence_leaves_the_rest_escaped(tmp_path: Path) -> None:
    catalogue = package(tmp_path, 'a = "<{who}>は{link}へ"', 'a = "<{who}> to {link}"')
    text = catalogue.text(Language.EN, "room.a", who="<b>", link=Link(href='/"x', text="<here>"))
    assert isinstance(text, Markup)
    assert text == '&lt;&lt;b&gt;&gt; to <a href="/&#34;x">&lt;here&gt;</a>'


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        ("en", "ja", "ja", "en"),
        (None, "en", "ja", "en"),
        ("xx", None, "en-GB,ja;q=0.9", "en"),
        (None, None, "fr, ja;q=0.3, en;q=0.8", "en"),
        (None, None, "en;q=0, *", "ja"),
        (None, None, "en;q=high", "ja"),
        (None, None, "zh", "ja"),
        (None, None, None, "ja"),
        (None, None, "," * 10_000 + "en", "ja"),
    ],
)
def test_language_is_asked_kept_or_accepted(
    asked: str | None, kept: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose_language(asked, kept, accepted) == chosen
