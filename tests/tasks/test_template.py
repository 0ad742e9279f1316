"""The template is told apart from what changes, and nothing of the prompt is lost."""

from __future__ import annotations

import pytest

from rightsizer.tasks.template import Piece, mark_template, without_template


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("You are a clerk of a bicycle shop. Today is {}. Answer in one short line.", ["May 3", "June 14"]),
        ("你是一名客服分类员。今天是{}。请只输出一个类别名称。", ["五月三日", "六月十四日"]),
    ],
)
def test_what_changes_is_marked(form: str, values: list[str]) -> None:
    texts = [form.format(values[i % 2] + " " + "xyz"[i % 3] * 3) for i in range(12)]
    pieces = mark_template(texts)
    assert "".join(p.text for p in pieces) in texts
    fixed = "".join(p.text for p in pieces if p.fixed)
    changing = "".join(p.text for p in pieces if not p.fixed)
    assert form.split("{}", maxsplit=1)[0][:12] in fixed
    assert any(v in changing for v in values)


def test_one_prompt_is_all_template_and_none_is_nothing() -> None:
    assert mark_template(["Sort the mail."] * 5) == (Piece(text="Sort the mail.", fixed=True),)
    assert mark_template([]) == ()
    assert "".join(p.text for p in mark_template(["", "a b c d e f"])) in ("", "a b c d e f")


def test_what_is_special_about_a_text_is_left_when_the_template_goes() -> None:
    form = (
        "Read the letter below and name the one team of the shop that should answer it today.\n{}\nOne word."
    )
    letters = [
        "my brake squeaks loudly",
        "where did the parcel go",
        "two bells were billed",
        "a wheel came bent",
    ]
    made = without_template([form.format(x) for x in letters])
    assert all(x in m for x, m in zip(letters, made, strict=True))
    assert all("name the one team" not in m for m in made)
    assert without_template(["the same words"] * 2) == ["the same words"] * 2
