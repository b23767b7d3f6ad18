"""The web kit: server-rendered pages in Japanese and English that need no JavaScript.

`WebKit` renders; `pages` puts pages on HTTP; `parts` are the values that the components take; `gallery` shows them all.
"""

from __future__ import annotations

from renkei.platform.web.catalogue import Catalogue, Language, choose_language, load_catalogue
from renkei.platform.web.kit import Site, WebKit

__all__ = ["Catalogue", "Language", "Site", "WebKit", "choose_language", "load_catalogue"]
