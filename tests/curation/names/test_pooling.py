"""The recogniser and the tagger of characters decide together, in Chinese only."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.curation.names import pooling
from rightsizer.curation.names.find import find_names, find_names_in, shipped
from rightsizer.curation.names.pooling import pooled
from rightsizer.curation.names.tokens import tokens_of

TEXTS = [
    "昨天跟阿强去吃火锅，味道一般",
    "My name is Peter Schneider from Berlin.",
    "",
    "收货人：欧阳娜娜\n地址：浙江省杭州市西湖区文三路100号5栋302室",
    '{"name": "王芳", "city": "成都"}',
    "我叫John Smith，住在北京朝阳区",
]


def test_together_texts_give_what_each_gives_alone() -> None:
    alone = [[s._replace(score=round(s.score, 2)) for s in find_names(t)] for t in TEXTS]
    together = find_names_in(TEXTS * 30)
    assert [[s._replace(score=round(s.score, 2)) for s in spans] for spans in together] == alone * 30


def test_nobody_is_asked_about_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooling, "shipped_characters", lambda: 1 / 0)
    assert [s.type for s in find_names(TEXTS[1])] == ["PERSON", "LOCATION"]
    find_names_in(TEXTS[4:5] * 2, "en")


@pytest.mark.parametrize("text", TEXTS[:1] + TEXTS[3:])
def test_both_together_are_probabilities_between_the_two(text: str) -> None:
    tokens = tokens_of(text)
    own = shipped().posteriors(tokens.words)
    (both,) = pooled([text], [tokens], [own], shipped().labels)
    np.testing.assert_allclose(both.sum(axis=1), 1.0, atol=1e-3)
    assert both.min() >= 0


def test_an_address_the_recogniser_is_sure_of_stays_whole() -> None:
    (_, address) = find_names(TEXTS[3])
    assert TEXTS[3][address.start : address.end] == "浙江省杭州市西湖区文三路100号5栋302室"
    assert address.type == "ADDRESS"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("转发微博，何炅老师太逗了[哈哈]//@王大锤:笑死", ["何炅", "王大锤"]),
        ("帮我查一下周杰伦在鸟巢的演唱会门票", ["周杰伦", "鸟巢"]),
        ("原告张某诉杭州某科技公司一案", ["张某", "杭州", "某科技公司"]),
        ("在台灣遇到張惠妹", ["台灣", "張惠妹"]),
    ],
)
def test_informal_chinese(text: str, values: list[str]) -> None:
    assert [text[s.start : s.end] for s in find_names(text)] == values
