"""`renkei law`: exit status, JSON, and plain text where there is no screen."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from renkei.law.cli import law


def run(*words: str) -> Result:
    return CliRunner().invoke(law, list(words))


def test_why_names_the_rows() -> None:
    words = (
        "--requester",
        "厚生労働大臣",
        "--provider",
        "市町村長",
        "--information",
        "地方税関係情報",
        "--on",
        "2026-11-23",
    )
    plain = run("why", *words)
    assert plain.exit_code == 0
    assert "73.2" in plain.output
    assert "\x1b" not in plain.output
    found = json.loads(run("why", *words, "--json").output)
    assert found["permitted"] is True
    assert found["on"] == "2026-11-23"
    assert "73" in [ground["row"] for ground in found["grounds"]]


def test_why_not_exits_with_3() -> None:
    found = run("why", "--requester", "日本年金機構", "--provider", "市町村長", "--information", "児童手当", "--json")
    assert found.exit_code == 3
    assert json.loads(found.output)["reason"] == "requester_never_asks_this"


def test_an_unclear_word_exits_with_2() -> None:
    found = run("why", "--requester", "大臣", "--provider", "市町村長", "--information", "地方税")
    assert found.exit_code == 2
    assert "law_word_unknown" in found.output


def test_a_wrong_date_is_a_usage_error() -> None:
    assert run("show", "73", "--on", "令和六年").exit_code == 2
    assert run("show", "73", "--on", "1999-01-01").exit_code == 2


def test_diff() -> None:
    days = ("--from", "2020-01-01", "--to", "2026-11-23")
    plain = run("diff", *days)
    assert plain.exit_code == 0
    assert "act-beppyo2-2015 → order-r6-9" in plain.output
    found = json.loads(run("diff", *days, "--json").output)
    assert {"requester": "mhlw_minister", "provider": "moj_minister", "information": "family_register"} in found[
        "added"
    ]


def test_show() -> None:
    plain = run("show", "107", "--on", "2026-11-23")
    assert "市町村長" in plain.output
    assert "107.1" in plain.output
    found = json.loads(run("show", "157", "--json").output)
    assert found["in_force"] is False
    assert run("show", "999").exit_code == 2
