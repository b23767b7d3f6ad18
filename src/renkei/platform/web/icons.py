"""Our own line drawings on a 24 × 24 grid; the words beside them carry the meaning."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

SHAPES: Mapping[str, str] = {
    "arrow": '<path d="M9 5l7 7-7 7"/>',
    "success": '<circle cx="12" cy="12" r="9.5"/><path d="M7.5 12.5l3 3 6-6.5"/>',
    "error": '<path d="M8 2.5h8l5.5 5.5v8L16 21.5H8L2.5 16V8z"/><path d="M12 7v6M12 16.5v.5"/>',
    "warning": '<path d="M12 3L22 20.5H2z"/><path d="M12 9.5v5M12 17v.5"/>',
    "info": '<circle cx="12" cy="12" r="9.5"/><path d="M12 11v6M12 7v.5"/>',
    "note": '<path d="M5 3h14v18H5zM8.5 8h7M8.5 12h7M8.5 16h4"/>',
    "check": '<path d="M5 12.5l4.5 4.5L19 7"/>',
    "dots": '<circle cx="12" cy="12" r="9.5"/><path d="M7.5 12h.5M12 12h.5M16.5 12h.5"/>',
    "clock": '<circle cx="12" cy="12" r="9.5"/><path d="M12 6.5V12l4 2.5"/>',
    "empty": '<rect x="3" y="4" width="18" height="16" rx="1" stroke-dasharray="4 3"/><path d="M8.5 12h7"/>',
    "hand": '<path d="M4 4h16v16H4z"/><path d="M12 8v5M12 16v.5"/>',
    "barred": '<circle cx="12" cy="12" r="9.5"/><path d="M5.5 5.5l13 13"/>',
    "unlinked": '<path d="M9 8H7a4 4 0 000 8h2M15 8h2a4 4 0 010 8h-2"/><path d="M12 4v4M12 16v4"/>',
    "returned": '<path d="M9 5L4 10l5 5"/><path d="M4 10h10a6 6 0 010 10h-2"/>',
    "lapsed": '<path d="M6 3h12M6 21h12M7 3c0 5 4 6 4 9s-4 4-4 9M17 3c0 5-4 6-4 9s4 4 4 9"/>',
    "again": '<path d="M20 12a8 8 0 11-2.5-5.8"/><path d="M20 3v5h-5"/>',
}


def icon(name: str) -> Markup:
    """A drawing as inline SVG, hidden from those who hear the page.

    Raises:
        KeyError: no such drawing.
    """
    return Markup('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>').format(
        Markup(SHAPES[name])  # a literal of this file
    )
