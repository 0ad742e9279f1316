"""Sparse features equal scikit-learn's TF-IDF, in English and in Chinese, and say what they never saw."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from rightsizer.students.features import count_terms, fit_features, split_words
from rightsizer.students.inputs import Input

TEXTS = [
    "The cat sat",
    "the cat ran away",
    "a dog ran, the dog sat",
    "我的包裹在哪里",
    "包裹在路上",
    "the the the",
]


def inputs(texts: list[str], context: str = "", state: tuple[str, ...] = ()) -> list[Input]:
    return [Input(t, context, state) for t in texts]


def test_words_are_what_sklearn_makes_of_them() -> None:
    """One kind of term at a time, `TfidfVectorizer` with the same words gives the same numbers."""

    def analyse(text: str) -> list[str]:
        words = split_words(text)
        return [*words, *(f"{a} {b}" for a, b in pairwise(words))]

    theirs = TfidfVectorizer(analyzer=analyse, sublinear_tf=True, min_df=2)
    expected = theirs.fit_transform(TEXTS).toarray()
    features = fit_features([count_terms(one) for one in inputs(TEXTS)])
    columns = [features.terms["w" + name] for name in theirs.get_feature_names_out()]
    ours = features.transform(inputs(TEXTS)).dot(np.eye(len(features.terms), dtype=np.float32))[:, columns]
    assert np.abs(ours - expected).max() < 1e-6


def test_character_grams_are_what_sklearn_makes_of_them() -> None:
    texts = TEXTS[:3]
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    expected = theirs.fit_transform([" ".join(split_words(t)) for t in texts]).toarray()
    features = fit_features([count_terms(one) for one in inputs(texts)])
    columns = [features.terms["c" + name] for name in theirs.get_feature_names_out()]
    ours = features.transform(inputs(texts)).dot(np.eye(len(features.terms), dtype=np.float32))[:, columns]
    assert np.abs(ours - expected).max() < 1e-6


def test_chinese_and_full_width_words() -> None:
    assert split_words("我要退货 ABC１２３ カメラ") == ["我", "要", "退", "货", "abc123", "カ", "メ", "ラ"]
    assert count_terms(Input("退货", "", ()))["w退 货"] == 1


def test_terms_of_a_single_input_are_not_kept() -> None:
    features = fit_features([count_terms(one) for one in inputs(["call 5551234", "call me", "call you"])])
    assert "wcall" in features.terms
    assert not any("5551234" in term for term in features.terms)


def test_constant_state_is_left_out_and_varying_state_is_kept() -> None:
    rows = (
        inputs(["a b"], state=("role=user", "step=@start")) * 2
        + inputs(["a b"], state=("role=user", "x=1")) * 2
    )
    features = fit_features([count_terms(one) for one in rows])
    kept = {term for term in features.terms if term[0] == "s"}
    assert kept == {"sstep=@start", "sx=1"}


def test_unknown_share() -> None:
    features = fit_features([count_terms(one) for one in inputs(["cat"] * 3)])
    sparse = features.transform(inputs(["cat", "zebra", "", "cat zebra"]))
    assert sparse.unknown[0] == 0
    assert sparse.unknown[1] > 0.9
    assert sparse.unknown[2] == 0
    assert 0 < sparse.unknown[3] < 1
    assert sparse.indptr.tolist()[2:4] == [sparse.indptr[2]] * 2


def test_the_cap_keeps_the_most_frequent() -> None:
    counted = [count_terms(one) for one in inputs(["aa bb", "aa cc", "aa bb", "aa cc", "aa"])]
    kept = fit_features(counted, max_terms=3).terms
    assert list(kept) == sorted(kept)
    assert "waa" in fit_features(counted, max_terms=10_000).terms
    assert len(kept) == 3
    assert not any("bb" in term for term in kept)


def test_order_of_inputs_does_not_matter() -> None:
    counted = [count_terms(one) for one in inputs(TEXTS)]
    one, two = fit_features(counted), fit_features(counted[::-1])
    assert one.terms == two.terms
    assert np.array_equal(one.idf, two.idf)


def test_nothing_in_nothing_out() -> None:
    features = fit_features([])
    assert features.terms == {}
    assert features.transform(inputs(["x"])).dot(np.zeros((0, 3), np.float32)).tolist() == [[0, 0, 0]]
    assert len(features.transform([])) == 0
