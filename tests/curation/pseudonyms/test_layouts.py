"""Values of texts that are laid out: each notation gives keys and values, prose gives nothing."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.layouts import columns_of, leaves_in, pieces


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("<a><nm lang='en'>Lee, Ann</nm></a>", "nm", "Lee, Ann"),
        ("<w tel='555 1234'>Ann Lee</w>", "tel", "555 1234"),
        ('a,b,c\n1,"2, 3",4\n', "b", "2, 3"),
        ("| Animal | Keeper |\n|---|---|\n| cat | Ann Lee |", "Keeper", "Ann Lee"),
        ("| field | entry |\n|---|---|\n| Keeper | Ann Lee |", "Keeper", "Ann Lee"),
        ("RANK   NAME        BOOK\n2/E    LEE ANN     AB12", "NAME", "LEE ANN"),
        ("CONF XY1\nNAME LEE/ANN\nCITY BANGOR", "NAME", "LEE/ANN"),
        ("- 业主：王芳（13912345678）", "业主", "王芳（13912345678）"),
        ("就诊人=王芳;医生=李雷", "就诊人", "王芳"),
        ("SELECT * FROM t WHERE who = 'Ann Lee'", "who", "Ann Lee"),
        ("INSERT INTO t(id, who) VALUES ('1', 'Ann Lee')", "who", "Ann Lee"),
        ("PID|1||Lee^Ann||x", "", "Ann"),
        ('{"a": "x"}\n{"a": "Ann Lee"}', "a", "Ann Lee"),
    ],
)
def test_a_layout_gives_its_values_with_their_keys(text: str, key: str, value: str) -> None:
    assert (key, value) in {(leaf.key, leaf.value) for leaf in leaves_in(text)}


def test_prose_has_no_fields() -> None:
    assert list(leaves_in("Could you please tell me when it arrives? I shall be at home, thanks.")) == []


def test_rows_without_keys_get_the_names_of_the_columns() -> None:
    value = {"meta": {"columns": ["id", "legal"], "rows": [["W1", "Ann Lee"]]}}
    assert {(c.key, c.value) for c in columns_of(value)} == {("id", "W1"), ("legal", "Ann Lee")}


def test_a_value_that_holds_several_is_parted() -> None:
    assert pieces("Lee, Ann [W53161] / ann@x.org") == ["Lee", "Ann", "W53161", "ann@x.org"]
