"""Addresses keep their levels; street and unit also stand alone."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.keys import Draw
from rightsizer.curation.pseudonyms.places import surrogate_address, surrogate_city


@pytest.mark.parametrize(
    ("address", "end"),
    [
        ("975 Sunset Drive", "Drive"),
        ("12 N Oak St.", "St."),
        ("763 Broadway", ""),
        ("101 Highway", "Highway"),
    ],
)
def test_english_lines(address: str, end: str) -> None:
    (_, new), *_ = surrogate_address(address, Draw(b"key", address))
    assert new != address
    assert new.endswith(end)
    assert new.split()[0].isdigit()
    assert len(new.split()[0]) == len(address.split(maxsplit=1)[0])


def test_parts_that_people_say_alone() -> None:
    pairs = dict(surrogate_address("975 Sunset Drive, Suite 217", Draw(b"key")))
    whole = pairs["975 Sunset Drive, Suite 217"]
    assert pairs["Sunset Drive"] in whole
    assert pairs["Suite 217"] in whole
    assert set(pairs) == {"975 Sunset Drive, Suite 217", "Sunset Drive", "Suite 217"}


def test_chinese_levels() -> None:
    pairs = dict(surrogate_address("浙江省杭州市西湖区文三路138号东方大厦5楼", Draw(b"key")))
    new = pairs["浙江省杭州市西湖区文三路138号东方大厦5楼"]
    for level in ("省", "市", "区", "路", "号", "大厦", "楼"):
        assert level in new
    assert not {"浙江", "杭州", "西湖", "文三", "138", "东方"} & {
        w for w in ("浙江", "杭州", "西湖", "文三", "138", "东方") if w in new
    }
    assert pairs["文三路138号"] in new


def test_cities_keep_their_level() -> None:
    assert surrogate_city("杭州市", Draw(b"key")).endswith("市")
    assert surrogate_city("austin", Draw(b"key")).islower()
