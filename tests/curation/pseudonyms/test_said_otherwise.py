"""Endings of numbers, flats, relations, birthdays in any writing; names of values in text that is no JSON."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.said import find_codes, find_endings
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.types import Call, Message, Request, TextPart

KEY = bytes(range(32))


def rewritten(*texts: str) -> list[str]:
    messages = tuple(Message(role="user", parts=(TextPart(content=t),)) for t in texts)
    answer = Message(role="assistant", parts=(TextPart(content="Done."),))
    call = Call(id="c", session_id="s", request=Request(messages=messages), response=answer)
    made = SessionRewriter([call], KEY).rewrite(call)
    return [part.content for m in made.request.messages for part in m.parts if isinstance(part, TextPart)]


@pytest.mark.parametrize(
    "text",
    [
        "I came, I saw.\nHe went, too.",
        "a: b: c",
        "x < y and y > z",
        "1,2\n3,4",
        "Well, is that so?\nYes, it is.",
    ],
)
def test_what_is_prose_names_nobody(text: str) -> None:
    assert rewritten(text) == [text]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ('driver,cell\n"Penhaligon, Min-jun",330.690.0816', ["Penhaligon", "Min-jun", "690"]),
        ("<体检><姓名>令狐诗涵</姓名><出生>19751124</出生></体检>", ["令狐诗涵", "19751124"]),
        ("我住水岸名都36-4-1705，师傅放门口", ["水岸名都", "36-4-1705"]),
        ("She is in Flat 12b, her daughter Hettie knows.", ["12b", "Hettie"]),
        ("this is officer Lachance, NI number BG 50 10 46 A", ["Lachance", "BG 50 10 46 A"]),
    ],
)
def test_it_is_rewritten(text: str, gone: list[str]) -> None:
    (new,) = rewritten(text)
    assert not [value for value in gone if value in new]


def test_an_ending_is_that_of_the_surrogate() -> None:
    first, second = rewritten("The account number is 72713365.", "So the account ends in 3365?")
    number = next(word for word in first.strip(".").split() if word.isdigit())
    assert number != "72713365"
    assert second == f"So the account ends in {number[-4:]}?"


def test_birthdays_move_together_in_every_writing() -> None:
    first, second = rewritten("出生日期：1975-11-24", "<出生>19751124</出生>")
    assert first.split("：")[1].replace("-", "") == second[4:12] != "19751124"


def test_no_endings_and_codes_where_there_are_none() -> None:
    assert list(find_endings("The tour ends in 2024, the price ends at 1500, it ended 3 times")) == []
    assert list(find_codes("ISO-27001, SHA256, 2024-01-05")) == []
    assert list(find_codes("Ask for PBK-306-LM")) == ["PBK-306-LM"]
