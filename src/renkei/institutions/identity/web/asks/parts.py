"""Parts of these pages that the kit does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from litestar import Response
from markupsafe import Markup

from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, language_of, respond, see_other


@dataclass(frozen=True, slots=True)
class Substituted:
    """A text of the register; characters that stand in for others (代替文字) are marked."""

    text: str
    flags: str
    """One `0` or `1` a character."""

    @property
    def any(self) -> bool:
        """Whether a character is marked."""
        return "1" in self.flags[: len(self.text)]

    def __html__(self) -> str:
        marked = [
            (char, at < len(self.flags) and self.flags[at] == "1") for at, char in enumerate(self.text)
        ]  # fmt: skip
        out = Markup("")
        for flagged, run in groupby(marked, key=lambda one: one[1]):
            text = "".join(char for char, _ in run)
            out += Markup('<span class="substitute">{}</span>').format(text) if flagged else Markup("{}").format(text)
        return out


def onward(kit: WebKit, request: AnyRequest, href: str) -> Response[str]:
    """Send the reader on to another page, from which they leave this site.

    A browser gets a page that moves on by itself, not a redirect: browsers hold every redirect after a form to the
    `form-action` of the form's page, and the way here began with one (the answer to this page, or the card agent's).
    """
    if "sec-fetch-mode" not in request.headers:
        return see_other(href)
    language = language_of(request)
    context: Mapping[str, object] = {"title": kit.text(language, "identity.asks.onward.title"), "href": href}
    return respond(kit, request, "identity/asks/onward.html", context)
