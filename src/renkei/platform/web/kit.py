"""The web kit: templates, messages, formats and style sheets of every room behind one call, `WebKit.page`.

Everything that can be wrong in a page without knowing its data is found when the kit is made: a template that does not
compile, a message or style sheet that does not exist, a placeholder left open, a language that lacks a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateSyntaxError, nodes

from renkei.platform.web.assets import Assets, load_assets
from renkei.platform.web.catalogue import Catalogue, Language, load_catalogue
from renkei.platform.web.errors import CatalogueFaulty
from renkei.platform.web.formats import Formats
from renkei.platform.web.icons import icon
from renkei.platform.web.parts import Chip, Link
from renkei.platform.web.standing import standing_chip

KIT = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of the site, offered on every page."""

    href: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The name over every page, and the places to go from each."""

    ja: str = "連携国"
    en: str = "Renkei Nation"
    home: str = "/"
    places: tuple[Place, ...] = ()

    def name(self, language: Language) -> str:
        """The name in a language."""
        return self.ja if language is Language.JA else self.en

    def nav(self, language: Language) -> list[Link]:
        """The places in a language."""
        return [Link(href=at.href, text=at.ja if language is Language.JA else at.en) for at in self.places]


class WebKit:
    """Renders pages.

    Args:
        package_dirs: folders that hold any of `templates/`, `locale/`, `static/`. A folder is known by its own name, or
            by its parent's where it is called `web`: `channels/portal/web` gives templates `portal/….html`, messages
            `portal.…` and style sheets `portal/….css`.
        site: the name over every page.

    Raises:
        CatalogueFaulty: messages, templates and style sheets do not fit together.
    """

    def __init__(self, package_dirs: Iterable[Path] = (), *, site: Site | None = None) -> None:
        packages = _packages(package_dirs)
        self.site = site or Site()
        self.catalogue: Catalogue = load_catalogue(packages)
        self.assets: Assets = load_assets(packages)
        folders = {name: path / "templates" for name, path in packages.items() if (path / "templates").is_dir()}
        loader = PrefixLoader({name: FileSystemLoader(folder) for name, folder in folders.items()})
        self._environments = {language: self._environment(loader, language) for language in Language}
        _check_templates(self._environments[Language.JA], self.catalogue, self.assets)
        for environment in self._environments.values():
            environment.globals["ui"] = _components(environment)

    def page(self, template: str, *, language: Language, here: str = "", **context: object) -> str:
        """Render a page to HTML.

        Args:
            template: `package/name.html`, which extends `kit/base.html`.
            here: path and query of this page, for the language links.
            context: `title` (required); `breadcrumb` and `nav` (Links; the site's places by default), `standins`
                (sentences that name the demo stand-ins at work on this page), `errors` (FieldErrors), `reader` (who
                is signed in) and `leave_action` (where the form to end the session goes); and what the template
                itself needs.
        """
        frame: dict[str, object] = {
            "breadcrumb": (), "nav": self.site.nav(language), "standins": (), "errors": (), "reader": "",
            "leave_action": "",
        }  # fmt: skip
        languages = [(other, language_href(here, other)) for other in Language]
        shown = self._environments[language].get_template(template)
        return shown.render({**frame, **context, "language_links": languages, "here": here})

    def text(self, language: Language, key: str, **values: object) -> str:
        """A message, for code that builds the parts of a page."""
        return self.catalogue.text(language, key, **values)

    def standing(self, language: Language, standing: str) -> Chip:
        """The chip that says how an inquiry stands (`standing.LOOKS`)."""
        return standing_chip(standing, self.catalogue.text(language, f"kit.standing.{standing}"))

    def formats(self, language: Language) -> Formats:
        """Dates, numbers and money, for code that builds the parts of a page."""
        return Formats(language, self.catalogue)

    def _environment(self, loader: BaseLoader, language: Language) -> Environment:
        environment = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
            auto_reload=False,
        )
        environment.filters.update(self.formats(language).filters())

        def t(key: str, **values: object) -> str:
            return self.catalogue.text(language, key, **values)

        environment.globals.update(
            {
                "t": t,
                "asset": self.assets.url,
                "icon": icon,
                "site": self.site,
                "site_name": self.site.name(language),
                "language": language,
            }
        )
        return environment


def _components(environment: Environment) -> SimpleNamespace:
    """Every public macro of the kit under one name."""
    modules = [environment.get_template(f"kit/{name}.html").module for name in ("components", "lists", "forms")]
    macros = {name: macro for module in modules for name, macro in vars(module).items() if name[0] != "_"}
    return SimpleNamespace(**macros, chip=Chip, icon=icon)


def language_href(here: str, language: Language) -> str:
    """The same page in another language: everything else in the query is kept."""
    parts = urlsplit(here)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "lang"]
    return f"{parts.path}?{urlencode([*query, ('lang', language.value)])}"


def _packages(package_dirs: Iterable[Path]) -> dict[str, Path]:
    packages = {"kit": KIT}
    for folder in package_dirs:
        name = folder.parent.name if folder.name == "web" else folder.name
        if name in packages:
            raise CatalogueFaulty(fault=f"two packages are called {name}")
        packages[name] = folder
    return packages


def _check_templates(environment: Environment, catalogue: Catalogue, assets: Assets) -> None:
    """Compile every template and look up every message, style sheet and template that it names by a literal."""
    for template in environment.list_templates(extensions=["html"]):
        try:
            environment.get_template(template)
            tree = environment.parse(environment.loader.get_source(environment, template)[0])  # type: ignore[union-attr]
        except TemplateSyntaxError as error:
            raise CatalogueFaulty(fault=f"{template}:{error.lineno}: {error.message}") from error
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.args and isinstance(call.args[0], nodes.Const):
                _check_call(template, call, CHECKS.get(call.node.name), catalogue, assets)


Check = Callable[[nodes.Call, str, Catalogue, Assets], str]


def _check_call(template: str, call: nodes.Call, check: Check | None, catalogue: Catalogue, assets: Assets) -> None:
    fault = check(call, str(call.args[0].as_const()), catalogue, assets) if check else ""
    if fault:
        raise CatalogueFaulty(fault=f"{template}:{call.lineno}: {fault}")


def _check_message(call: nodes.Call, key: str, catalogue: Catalogue, assets: Assets) -> str:
    needed = catalogue.placeholders(key)
    if needed is None:
        return f"no message {key}"
    given = {keyword.key for keyword in call.kwargs}
    return "" if call.dyn_kwargs or needed == given else f"{key} needs {sorted(needed)}, not {sorted(given)}"


def _check_asset(call: nodes.Call, name: str, catalogue: Catalogue, assets: Assets) -> str:
    return "" if name in assets.names else f"no file {name}"


CHECKS: Mapping[str, Check] = {"t": _check_message, "asset": _check_asset}
