"""Companies keep their industry and form, and lose their place and brand."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.companies import brand_of, find_chinese, surrogate_company
from rightsizer.curation.pseudonyms.keys import Draw


@pytest.mark.parametrize(
    ("text", "companies"),
    [
        ("起诉甲公司", ["甲公司"]),
        ("原告乙公司诉被告丙公司", ["乙公司", "丙公司"]),
        ("我在深圳市腾讯计算机系统有限公司上班", ["深圳市腾讯计算机系统有限公司"]),
        ("与北京百度网讯科技有限公司和A公司签约", ["北京百度网讯科技有限公司", "A公司"]),
        ("这家公司不错", []),
    ],
)
def test_companies_are_found_in_running_text(text: str, companies: list[str]) -> None:
    assert [text[a:b] for a, b in sorted(find_chinese(text))] == companies


@pytest.mark.parametrize(
    ("name", "industry", "form"),
    [
        ("北京字节跳动科技有限公司", "科技", "有限公司"),
        ("杭州阿里巴巴网络科技有限公司", "网络科技", "有限公司"),
        ("上海复星医药集团", "医药", "集团"),
        ("招商银行", "", "银行"),
        ("协和医院", "", "医院"),
    ],
)
def test_chinese_forms(name: str, industry: str, form: str) -> None:
    new = surrogate_company(name, Draw(b"key", name))
    assert new.endswith(industry + form)
    assert name[:2] not in new
    assert new != name


def test_a_party_becomes_some_company_of_the_case_s_industry() -> None:
    draws = {surrogate_company("甲公司", Draw(b"key", n), "侵犯软件著作权") for n in range(20)}
    assert "某软件公司" in draws
    assert all(d.startswith("某") and d.endswith("公司") and len(d) > 3 for d in draws)


@pytest.mark.parametrize("name", ["Globex Corp.", "Initech Software, Inc.", "Hooli Ltd"])
def test_english_forms(name: str) -> None:
    new = surrogate_company(name, Draw(b"key", name))
    assert new.split()[-1] == name.rsplit(maxsplit=1)[-1]
    assert new.split()[0] != name.split(maxsplit=1)[0]
    assert ("Software" in new) == ("Software" in name)


def test_short_names() -> None:
    assert brand_of("杭州阿里巴巴网络科技有限公司") == "阿里巴巴"
    assert brand_of("Globex Corp.") == "Globex"
    assert brand_of("甲公司") == ""
