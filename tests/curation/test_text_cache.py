"""Answers are remembered, up to so many characters of what was asked."""

from __future__ import annotations

from rightsizer.curation.text_cache import remembered


def counted(chars: int) -> tuple[object, list[str]]:
    asked: list[str] = []

    @remembered(chars)
    def shout(text: str, sign: str = "!") -> str:
        asked.append(text)
        return text.upper() + sign

    return shout, asked


def test_the_same_question_is_worked_out_once() -> None:
    shout, asked = counted(1000)
    assert shout("a") == shout("a") == "A!"  # type: ignore[operator]
    assert shout("a", "?") == "A?"  # type: ignore[operator]
    assert asked == ["a", "a"]


def test_giants_push_others_out_and_the_last_used_stay() -> None:
    shout, asked = counted(1000)
    small = [c * 200 for c in "abc"]
    for text in (*small, small[0], "d" * 300):  # more than there is room for: b was used longest ago
        shout(text)  # type: ignore[operator]
    asked.clear()
    shout(small[0])  # type: ignore[operator]
    assert asked == []
    shout(small[1])  # type: ignore[operator]
    assert asked == [small[1]]


def test_one_giant_is_remembered_alone() -> None:
    shout, asked = counted(1000)
    giant = "x" * 5000
    for _ in range(3):
        assert shout(giant) == giant.upper() + "!"  # type: ignore[operator]
    assert asked == [giant]
    shout("y")  # type: ignore[operator]
    shout(giant)  # type: ignore[operator]
    assert asked == [giant, "y", giant]
