"""`pii scan` answers every line with one object, whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rightsizer.cli.app import cli

LINES = [
    b"mail me at ada@example.com",
    b"",
    "我叫王小明，电话13800138000".encode(),
    b"one\xe2\x80\xa8line with a@example.org",  # U+2028 ends no line
    b"carriage\rreturn b@example.org",
    b"\xed\xa0\x80 lone surrogate c@example.org",
    b"\xff\xfe no text d@example.org",
    b"x" * 200_000 + b" e@example.org",
    "😀 f@example.org".encode(),
]


def spans_of(data: bytes, *options: str) -> list[list[dict[str, object]]]:
    ran = CliRunner().invoke(cli, ["pii", "scan", *options, "--json"], input=data)
    assert ran.exit_code == 0, ran.output
    return [json.loads(line)["spans"] for line in ran.stdout_bytes.splitlines()]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_every_line_has_its_answer(end: bytes) -> None:
    rows = spans_of(end.join(LINES))
    assert len(rows) == len(LINES)
    for line, spans in zip(LINES, rows, strict=True):
        text = line.decode("utf-8", "surrogateescape")
        values = {text[s["start"] : s["end"]] for s in spans}  # type: ignore[misc]
        assert {word for word in text.replace("\u2028", " ").split() if "@" in word} <= values
    assert {s["type"] for s in rows[2]} == {"PERSON", "PHONE_NUMBER"}
    assert rows[1] == []


def test_lines_together_give_what_each_gives_alone() -> None:
    lines = [line for line in LINES if len(line) < 1000] * 40
    assert spans_of(b"\n".join(lines)) == [(spans_of(line + b"\n") or [[]])[0] for line in LINES[:7]
                                           + LINES[8:]] * 40  # fmt: skip


def test_a_least_score_leaves_out_what_is_less_sure() -> None:
    data = "Ada Lovelace, ada@example.com, 昨天和小胖去了万达".encode()
    scores = [s["score"] for s in spans_of(data)[0]]
    assert [s["score"] for s in spans_of(data, "--min-score", "0.9")[0]] == [
        x for x in scores if isinstance(x, float) and x >= 0.9
    ]
    assert spans_of(data, "--min-score", "1")[0] == []


def test_what_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff a@example.org\n")
    ran = CliRunner().invoke(cli, ["pii", "scan", str(tmp_path / "odd")])
    assert ran.exit_code == 0
    assert "EMAIL_ADDRESS" in ran.output
