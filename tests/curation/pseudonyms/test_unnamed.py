"""Short values under fields that tell nothing: somebody's unless ordinary, or unless everybody has them."""

from __future__ import annotations

import json

import pytest

from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms import fields as f
from rightsizer.curation.pseudonyms.knowledge import Knowledge, LogReader
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.curation.pseudonyms.unnamed import is_wide, kinds_in
from rightsizer.types import Call, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Osvaldo Thibodeaux", {(f.PERSON, "Osvaldo Thibodeaux")}),
        ("THIBODEAUX/OSVALDO", {(f.PERSON, "THIBODEAUX/OSVALDO")}),
        ("Missoula", {(f.CITY, "Missoula")}),
        ("WTU477R0033Z", {(f.ID, "WTU477R0033Z")}),
        ("40-4526656", {(f.ID, "40-4526656")}),
        ("@arkwriden915", {(f.HANDLE, "arkwriden915")}),
        ("Larkmoor Star", {(f.PERSON, "Larkmoor")}),
        ("游梦琪", {(f.PERSON, "游梦琪")}),
        ("运城第二机械厂", {(f.ORGANIZATION, "运城第二机械厂")}),
        (
            "849 Catamaran Lane, Missoula, MT 59854",
            {(f.ADDRESS, "849 Catamaran Lane"), (f.CITY, "Missoula"), (f.POSTCODE, "59854")},
        ),
        ("Missoula, MT 59854", {(f.CITY, "Missoula"), (f.POSTCODE, "59854")}),
    ],
)
def test_what_no_ordinary_word_explains_is_somebodys(value: str, found: set[tuple[str, str]]) -> None:
    assert set(kinds_in(value)) == found


@pytest.mark.parametrize(
    "value",
    [
        "Pending Review", "shipped", "Wireless Earbuds", "2024-05-01", "12:30", "1,299.00", "15 kg",
        "v2.11.0", "1920x1080", "1080p", "1000ml", "Wi-Fi", "GET", "MT",
        "经济舱", "成功", "高优先级", "周二上午", "雷医生", "", "https://x.example/1",
    ],
)  # fmt: skip
def test_ordinary_words_and_measures_are_nobodys(value: str) -> None:
    assert set(kinds_in(value)) == set()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("artist", "Osvaldo Thibodeaux"), ("track_name", "Verjamem"), ("movie", "Prince Daewon"),
        ("service", "Zvooq"),
        ("hotelName", "Thibodeaux Arms"), ("国家", "某个国家"), ("歌手", "游梦琪"), ("state", "Missoula"),
    ],
)  # fmt: skip
def test_what_is_published_or_on_sale_is_nobodys(key: str, value: str) -> None:
    assert set(kinds_in(value, key)) == set()


@pytest.mark.parametrize(
    "value", ["Uzbekistan", "TAIWAN", "Burkina Faso", "Nebraska", "新西兰", "Norwegian", "December"]
)
def test_countries_peoples_and_months_are_nobodys(value: str) -> None:
    assert set(kinds_in(value, "anything")) == set()


@pytest.mark.parametrize("value", ["Jordan", "Georgia", "April"])
def test_a_country_or_month_that_is_also_a_name_may_be_somebodys(value: str) -> None:
    assert not is_wide(value)
    assert set(kinds_in(f"{value} Thibodeaux")) == {(f.PERSON, f"{value} Thibodeaux")}


def test_a_city_state_under_a_city_is_somebodys() -> None:
    assert set(kinds_in("Singapore", "home_city")) == {(f.CITY, "Singapore")}
    assert set(kinds_in("Singapore", "destination")) == set()


def test_who_is_known_elsewhere_is_replaced_under_a_song_too() -> None:
    result = {"artist": "Osvaldo Thibodeaux", "customer_name": "Osvaldo Thibodeaux", "track": "Verjamem"}
    text = _rewritten(_session("s", result, "Verjamem by Osvaldo Thibodeaux"))
    assert "Thibodeaux" not in text
    assert text.count("Verjamem") >= 2


def _session(name: str, result: object, said: str, answer: str = "") -> Call:
    asked = Message(role="assistant", parts=(ToolCallPart(id="c", name="look", arguments="{}"),))
    told = Message(role="tool", parts=(ToolCallResponsePart(id="c", response=json.dumps(result)),))
    heard = Message(role="user", parts=(TextPart(content=answer),))
    reply = Message(role="assistant", parts=(TextPart(content=said),))
    return Call(id=name, session_id=name, request=Request(messages=(asked, told, heard)), response=reply)


def _rewritten(call: Call, knowledge: Knowledge | None = None) -> str:
    made = SessionRewriter([call], b"k" * 32, knowledge=knowledge, names=lambda _: []).rewrite(call)
    return made.model_dump_json()


def test_a_value_of_an_unknown_field_goes_from_the_record_and_from_what_is_said() -> None:
    call = _session("s", {"zq": "Osvaldo Thibodeaux", "st": "Pending"}, "Thibodeaux is pending.")
    out = _rewritten(call)
    assert "thibodeaux" not in out.lower()
    assert "osvaldo" not in out.lower()
    assert "Pending" in out


def test_a_short_answer_is_taken_like_a_value_of_a_field() -> None:
    out = _rewritten(_session("s", {}, "Bellingham it is.", answer="Bellingham"))
    assert "Bellingham" not in out


def test_what_half_the_sessions_have_stays() -> None:
    calls = [_session(f"s{i}", {"hub": "Missoula", "ref": f"QX{i}4711"}, "ok") for i in range(8)]
    reader = LogReader()
    for call in calls:
        reader.read(call)
    known = reader.knowledge()
    assert "missoula" in known.everywhere
    assert "ref" in known.varied
    assert "hub" not in known.varied
    assert "Missoula" in _rewritten(calls[0], known)
    assert "QX04711" not in _rewritten(calls[0], known)


def test_the_policy_may_leave_what_no_field_names() -> None:
    call = _session(
        "s", {"zq": "Larkmoor Star", "customer_name": "Osvaldo Thibodeaux"}, "Osvaldo likes Larkmoor Star."
    )
    rewriter = SessionRewriter([call], b"k" * 32, Policy(unnamed=False), names=lambda _: [])
    out = rewriter.rewrite(call).model_dump_json()
    assert "Larkmoor" in out
    assert "Osvaldo" not in out
    assert "Larkmoor" not in _rewritten(call)
