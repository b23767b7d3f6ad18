"""`renkei document verify`: what a signed document proves, offline, question by question."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from renkei.crypto.document_errors import DocumentUnreadable
from renkei.crypto.documents.verdict import Conclusion, Grade, Question, Verdict
from renkei.crypto.person_certificates import PersonAuthorities

_EXIT = {Conclusion.VALID: 0, Conclusion.INVALID: 2, Conclusion.UNDETERMINED: 3}
_MARKS = {Grade.PASSED: "✓", Grade.FAILED: "✗", Grade.UNKNOWN: "?"}
_QUESTIONS = {
    Question.INTEGRITY: ("改ざんされていないか", "Is it unchanged?"),
    Question.CHAIN: ("誰が証明書を発行したか", "Who vouches for the certificate?"),
    Question.REVOCATION: ("署名のとき証明書は有効だったか", "Did the certificate stand when it was signed?"),
    Question.SIGNING_TIME: ("いつ署名されたか", "When was it signed?"),
}
_CONCLUSIONS = {
    Conclusion.VALID: (
        "有効な署名です。",
        "The signature is valid.",
    ),
    Conclusion.INVALID: (
        "有効な署名ではありません。✗ の項目を見て、署名した人に確かめてください。",
        "The signature is not valid. Look at the line marked ✗ and ask whoever signed it.",
    ),
    Conclusion.UNDETERMINED: (
        "有効とも無効とも言えません。? の項目の証拠（失効情報、タイムスタンプ）を添えてもらってください。",
        "It can be called neither valid nor invalid. Ask for the evidence of the line marked ? (status, timestamp).",
    ),
}


@click.group(name="document")
def document() -> None:
    """Electronically signed documents: PDF (PAdES), XML (XAdES), JSON (JWS)."""


@document.command(name="verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--authority", "authorities", multiple=True, required=True, help="Certificate (DER) of an authority; repeat it.",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "--stamper", "stampers", multiple=True, help="Certificate (DER) that vouches for a stamping authority; repeat it.",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def document_verify(file: Path, authorities: Sequence[Path], stampers: Sequence[Path], as_json: bool) -> None:
    """Answer four questions about each signature of FILE: exit 0 if valid, 2 if not, 3 if the evidence is lacking."""
    anchors = PersonAuthorities([path.read_bytes() for path in authorities])
    found = verify_document(
        file.read_bytes(), authorities=anchors, stampers=[path.read_bytes() for path in stampers],
        now=datetime.now(UTC),
    )  # fmt: skip
    if as_json:
        click.echo(msgspec.json.encode([shown(verdict) for verdict in found]))
    else:
        for verdict in found:
            _print(verdict)
    sys.exit(max(_EXIT[verdict.conclusion] for verdict in found))


def verify_document(
    content: bytes, *, authorities: PersonAuthorities, stampers: Sequence[bytes], now: datetime
) -> list[Verdict]:
    """Verify a document of any of the three formats, told by its first characters.

    Raises:
        DocumentUnreadable, DocumentNotSigned, DocumentTooLarge: there is nothing to judge.
    """
    # These need the extra `documents`, which nothing else on the command line does.
    from renkei.crypto.documents import jws, pades, xades

    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"%PDF"):
        return asyncio.run(pades.verify(content, authorities=authorities, stampers=stampers, now=now))
    if start.startswith(b"<"):
        return [xades.verify(content, authorities=authorities, stampers=stampers, now=now)]
    if start.startswith(b"{"):
        return [jws.verify(content, authorities=authorities, stampers=stampers, now=now)]
    raise DocumentUnreadable(what="PDF, XML, JSON")


def shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict for a machine: the answers, not the evidence and nobody's name."""
    return {
        "format": verdict.form,
        "conclusion": verdict.conclusion.value,
        "findings": {question.value: msgspec.to_builtins(verdict.findings[question]) for question in Question},
        "evidence": [one.kind for one in verdict.kept],
    }


def _print(verdict: Verdict) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for question, (ja, en) in _QUESTIONS.items():
        finding = verdict.findings[question]
        why = f"  [{finding.code}]" if finding.code else ""
        console.print(f"{_MARKS[finding.grade]} {ja} / {en}{why}", markup=False)
    if verdict.signed_at:
        console.print(f"  {verdict.signed_at.isoformat()}", markup=False)
    ja, en = _CONCLUSIONS[verdict.conclusion]
    console.print(f"\n{ja}\n{en}", markup=False)
