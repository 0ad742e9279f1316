"""The page asks for nothing, runs only its own script, escapes what it is given, and is well-formed."""

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from rightsizer.economics.report_types import Report
from rightsizer.web.report import render_html

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Collects tags, ids and links, and fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [v for n, v in attrs if n == "id" and v]
        self.links += [v for n, v in attrs if n == "href" and v]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("n", [0, 1, 8, 60])
def test_well_formed_with_every_link_leading_somewhere(sample: Callable[..., Report], n: int) -> None:
    page = Page(render_html(sample(n)))
    assert page.stack == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_asks_for_nothing(sample: Callable[..., Report]) -> None:
    html = render_html(sample(8))
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert not {tag for tag, name, _ in page.attributes if name in ("src", "srcset", "data", "action")}
    assert not re.search(r"url\(|@import|https?://", html)


def test_policy_allows_exactly_its_own_style_and_script(sample: Callable[..., Report]) -> None:
    html = render_html(sample(8))
    policy = next(
        v for t, n, v in Page(html).attributes if t == "meta" and n == "content" and v and "default-src" in v
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", html, flags=re.S)
        assert len(bodies) == 1
        digest = base64.b64encode(hashlib.sha256(bodies[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_nothing_inline_that_the_policy_would_block(sample: Callable[..., Report]) -> None:
    names = {name for _, name, _ in Page(render_html(sample(8))).attributes}
    assert "style" not in names
    assert not [n for n in names if n.startswith("on")]


def test_names_are_escaped_everywhere(sample: Callable[..., Report]) -> None:
    evil = "<img src=x onerror=alert(1)>\"'</style><script>alert(2)</script>"
    report = sample(8)
    rows = tuple(r.model_copy(update={"name": evil, "reason": evil, "models": (evil,)}) for r in report.tasks)
    page = Page(render_html(report.model_copy(update={"tasks": rows, "title": evil})))
    assert page.stack == []
    assert not [t for t, *_ in page.attributes if t == "img"]
    assert evil in "".join(page.text)


def test_tells_verdicts_reasons_and_chinese_names(sample: Callable[..., Report]) -> None:
    report = sample(8)
    text = "".join(Page(render_html(report)).text)
    for row in report.tasks:
        assert row.name in text
        assert row.reason in text
    for words in ("Replace", "Keep", "Not enough evidence", "客服意图分类", "Assumptions", "not correctness"):
        assert words in text


def test_what_is_reached_without_a_student_stands_beside_every_proof(sample: Callable[..., Report]) -> None:
    report = sample(8)
    told = "".join(Page(render_html(report)).text).replace("\N{NO-BREAK SPACE}", " ")
    line = "always the commonest answer 31 %, exact repeats 12 %; the LLM agrees with itself on 97 %"
    assert told.count(line) == sum(row.proof is not None for row in report.tasks) > 0


def test_every_picture_has_words(sample: Callable[..., Report]) -> None:
    html = render_html(sample(8))
    for tag in re.findall(r"<svg[^>]*>", html):
        assert "aria-label=" in tag or 'aria-hidden="true"' in tag


def test_unknown_prices_show_a_question_mark_not_zero(sample: Callable[..., Report]) -> None:
    report = sample(0)
    assert report.log.cost_usd.point == 0
    html = render_html(report)
    assert '<div class="figure">?</div>' in html


def test_sixty_tasks_stay_a_small_file(sample: Callable[..., Report]) -> None:
    assert len(render_html(sample(60)).encode()) < 600_000
