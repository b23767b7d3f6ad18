"""Writes the examples of docs/protocol.md from vectors/exchange.json: `python -m tests.vectors_protocol`.

An example stands between `<!-- example NAME -->` and the end of the code block below it. Long values are cut.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.vectors_messages import FOLDER

from renkei.contracts.errors import PermitExpired
from renkei.platform.problems import encode_problem

PAGE = FOLDER.parent / "docs" / "protocol.md"
SHOWN_MAX = 56
_EXAMPLE = re.compile(r"(<!-- example ([a-z-]+) -->\n```[a-z]*\n).*?(```\n)", re.DOTALL)


def shortened(value: Any) -> Any:
    """The same value with long texts cut; a text that is itself a cut one keeps its beginning."""
    if isinstance(value, str):
        return value if len(value) <= SHOWN_MAX else value[:24] + "…"
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    return value


def shown(value: Any) -> str:
    """JSON of one or a few lines."""
    line = json.dumps(shortened(value), ensure_ascii=False)
    return line if len(line) <= 110 else json.dumps(shortened(value), ensure_ascii=False, indent=1)


def http(first: str, message: dict[str, Any]) -> str:
    """A message as it crosses the wire, header values cut only where they are base64."""
    lines = [f"{name}: {_cut(value)}" for name, value in message["headers"].items()]
    return "\n".join([first, *lines, "", _cut(message["body"][:96]) + "…"])


def _cut(value: str) -> str:
    return re.sub(r"([A-Za-z0-9+/_-]{16})[A-Za-z0-9+/_=-]{24,}", r"\1…", value)


def examples() -> dict[str, str]:
    """Every example by name."""
    vectors = json.loads((FOLDER / "exchange.json").read_text("utf-8"))
    messages, evidence = vectors["messages"], vectors["evidence"][0]["evidence"]
    bodies = {name: json.loads(message["body"]) for name, message in messages.items()}
    refusal, permit = bodies["permit_reply"]["sheets"]
    request = messages["permit_request"]
    return {
        "request": http(f"POST {request['path']} HTTP/1.1", request),
        "base": _cut(evidence["permit"]["signed"]["base"]),
        "ask": f"{shown(bodies['permit_request']['header'])}\n{shown(bodies['permit_request']['items'][0])}",
        "permit": f"{shown(permit['header'])}\n{shown(permit['items'][0])}",
        "refusal": f"{shown(refusal['header'])}\n{shown(refusal['items'][0])}",
        "presentation": shown(
            bodies["presentation"]
            | {"sheet": {"header": "as received", "items": "as received"}}
            | {"permit": {name: _cut(value)[:40] + "…" for name, value in bodies["presentation"]["permit"].items()}}
        ),
        "answer": "\n".join([shown(bodies["answer"]["header"]), *(shown(item) for item in bodies["answer"]["items"])]),
        "late": f"{shown(bodies['late_answer']['header'])}\n{shown(bodies['late_answer']['items'][0])}",
        "report": shown(bodies["report"]),
        "problem": shown(json.loads(encode_problem(PermitExpired()))),
        "manifest": messages["permit_request"]["headers"]["renkei-manifest"],
        "leaf": evidence["record"]["leaf"],
        "checkpoint": evidence["record"]["checkpoint"].rstrip("\n"),
        "evidence": shown({name: _outline(value) for name, value in evidence.items()}),
    }


def _outline(value: Any) -> Any:
    if isinstance(value, dict):
        return list(value)
    return [f"{len(value)} × DER, base64"] if isinstance(value, list) else value


def render(page: str) -> str:
    """The page with every example as the vectors have it now.

    Raises:
        KeyError: the page asks for an example that there is none of.
    """
    found = examples()
    return _EXAMPLE.sub(lambda match: match[1] + found[match[2]] + "\n" + match[3], page)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")
