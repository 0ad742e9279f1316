"""Token features: the lexicon marks known values, and a training text never sees its own."""

from __future__ import annotations

from rightsizer.students.structured_token_features import fold_value, lexicon_marks, token_features
from rightsizer.students.structured_tokens import tokenise

LEXICON = {"new york": {"city": 2}, "york": {"city": 1, "name": 5}}


def test_the_longest_known_value_marks_its_tokens_by_place() -> None:
    marks = lexicon_marks(["to", "new", "york"], LEXICON)
    assert marks == [[], ["x:B:city"], ["x:E:city", "x+:U:name"]]


def test_a_texts_own_value_does_not_count() -> None:
    own = {"city": {"new york"}}
    marks = lexicon_marks(["new", "york"], {"new york": {"city": 1}}, own)
    assert marks == [[], []]
    assert lexicon_marks(["new", "york"], {"new york": {"city": 2}}, own)[0] == ["x:B:city"]


def test_values_fold_case_and_spacing() -> None:
    assert fold_value([t.text for t in tokenise("New   York")]) == "new york"


def test_words_neighbours_forms_and_marks_are_there() -> None:
    tokens = tokenise("fly to New York 7pm")
    found = token_features(tokens, LEXICON, context=["when"])
    assert {"w=new", "-1=to", "+1=york", "s=Aa", "x:B:city", "+1x:E:city", "c=when", "c=when Aa"} <= set(
        found[2]
    )
    assert "glued" in found[5]
    assert "glued" not in found[4]


def test_chinese_and_empty_texts() -> None:
    assert {"w=北", "+1=京", "s=中"} <= set(token_features(tokenise("北京"), {})[0])
    assert token_features([], {}) == []
