"""Every kind of canary, in every writing, in English and Chinese: masked and rewritten, each by itself."""

from __future__ import annotations

import pytest

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.mask import Masker
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.testing.hidings import HIDINGS
from rightsizer.types import Call, Message, Request, TextPart

SENTENCES = {"en": "Please note: {} and write back soon.", "zh": "请记录：{}，谢谢，尽快回复。"}
# Told with the word that a person would say beside it; other writings bring none.
TOLD = {"CN_ID_CARD": "身份证{}", "CN_LICENSE_PLATE": "车牌{}", "IN_AADHAAR": "Aadhaar {}"}


def call_of(text: str) -> Call:
    message = Message(role="user", parts=(TextPart(content=text),))
    return Call(id="c", session_id="s", request=Request(messages=(message,)))


@pytest.mark.parametrize("how", HIDINGS)
@pytest.mark.parametrize("lang", SENTENCES)
def test_no_canary_survives(how: str, lang: str) -> None:
    cache, left = MaskCache(), []
    for n, kind in enumerate(KINDS):
        value = canary(kind, 5000 + n)
        hidden = HIDINGS[how](TOLD.get(kind, "{}").format(value) if how == "plain" else value)
        call = call_of(hidden if hidden.startswith("{") else SENTENCES[lang].format(hidden))
        masked = Masker(cache).mask_request(call.request).messages[0].text
        rewritten = SessionRewriter([call], b"k" * 32, cache=cache).rewrite(call).request.messages[0].text
        left += [(kind, by) for by, text in (("mask", masked), ("rewrite", rewritten)) if value in text]
        left += [(kind, by) for by, text in (("mask", masked), ("rewrite", rewritten)) if hidden in text]
    assert not left


@pytest.mark.parametrize("value", ["４７２２５６６１５８４７０５１７", "１３８１２３４５６７８"])
def test_what_only_stands_at_full_width_is_put_back(value: str) -> None:
    call = call_of(f"请记录：{value}，谢谢")
    rewriter = SessionRewriter([call], b"k" * 32)
    new = rewriter.rewrite(call)
    assert value not in new.request.messages[0].text
    assert rewriter.restore(new).request == call.request
