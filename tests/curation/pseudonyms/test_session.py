"""One session rewritten: consistent, injective, reversible with the key, and nothing of it left over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.curation.canaries import canary
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms.knowledge import Knowledge, LogReader
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.types import Call, CallError, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart

KEY = b"k" * 32


def say(text: str, role: str = "user") -> Message:
    return Message(role=role, parts=(TextPart(content=text),))


def ask(name: str, id: str = "call_1", **arguments: object) -> Message:
    part = ToolCallPart(id=id, name=name, arguments=json.dumps(arguments, ensure_ascii=False))
    return Message(role="assistant", parts=(part,))


def result(response: object, id: str = "call_1") -> Message:
    text = response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)
    return Message(role="tool", parts=(ToolCallResponsePart(id=id, response=text),))


def call(*messages: Message, answer: str = "Done.", session: str = "s1", **fields: object) -> Call:
    return Call(
        id="c1",
        session_id=session,
        request=Request(messages=messages),
        response=say(answer, "assistant"),
        **fields,  # type: ignore[arg-type]
    )


MIA = {
    "user_id": "mia_li_3668",
    "name": {"first_name": "Mia", "last_name": "Li"},
    "email": "mia.li3818@example.com",
    "phone": "(415) 555-0137",
    "address": {"address1": "975 Sunset Drive", "address2": "Suite 217", "city": "Austin", "zip": "78750"},
    "payment_methods": {"credit_card_1955700": {"id": "credit_card_1955700", "last_four": "2478"}},
    "orders": ["#W2378156"],
}


def mias_call() -> Call:
    return call(
        say("You help customers. Today is 2024-05-15.", "system"),
        say("Hi, I'm Mia Li, mia.li3818@example.com, order W2378156 from May 13th."),
        ask("get_user_details", user_id="mia_li_3668"),
        result(MIA),
        say("Ship it to 975 Sunset Drive, suite 217; my card ends in 2478. Thanks, MIA"),
        answer="Dear Mia, order #W2378156 goes to 975 Sunset Drive, Suite 217, Austin 78750.",
    )


def rewriter(*calls: Call, key: bytes = KEY, policy: Policy | None = None) -> SessionRewriter:
    reader = LogReader()
    for one in calls:
        reader.read(one)
    return SessionRewriter(calls, key, policy, reader.knowledge())


def test_nothing_of_a_customer_is_left_and_all_of_it_agrees() -> None:
    original = mias_call()
    rewritten = rewriter(original).rewrite(original)
    dumped = rewritten.model_dump_json()
    for value in (
        "Mia",
        "MIA",
        "mia",
        "3818",
        "W2378156",
        "Sunset",
        "217",
        "Austin",
        "78750",
        "2478",
        "1955700",
    ):
        assert value not in dumped, value
    user = json.loads(rewritten.request.messages[3].text)
    first, last = user["name"]["first_name"], user["name"]["last_name"]
    said = rewritten.request.messages[1].text
    assert said.startswith(f"Hi, I'm {first} {last}, {user['email']}, order {user['orders'][0][1:]} from ")
    assert user["user_id"].startswith(f"{first}_{last}_".lower())
    assert user["email"].startswith(f"{first}.{last}".lower())
    assert json.loads(rewritten.request.messages[2].tool_calls[0].arguments) == {"user_id": user["user_id"]}
    (payment,) = user["payment_methods"]
    assert payment == user["payment_methods"][payment]["id"]
    assert payment.startswith("credit_card_")
    assert len(payment) == len("credit_card_1955700")
    assert user["payment_methods"][payment]["last_four"] in rewritten.request.messages[4].text
    assert rewritten.request.messages[4].text.endswith(first.upper())
    assert rewritten.response is not None
    where = f"{user['address']['address1']}, {user['address']['address2']}"
    assert rewritten.response.text == (
        f"Dear {first}, order {user['orders'][0]} goes to {where}, "
        f"{user['address']['city']} {user['address']['zip']}."
    )


def test_tool_names_schema_keys_call_ids_and_ids_of_calls_stay() -> None:
    tools = ({"type": "function", "function": {"name": "f", "parameters": {"properties": {"mia_1": {}}}}},)
    original = call(
        ask("f", mia_1="x", user_id="mia_li_3668"), result({"mia_1": "y", "user_id": "mia_li_3668"})
    )
    original = original.model_copy(update={"request": original.request.model_copy(update={"tools": tools})})
    rewritten = rewriter(original).rewrite(original)
    part = rewritten.request.messages[0].tool_calls[0]
    assert (part.name, part.id) == ("f", "call_1")
    assert set(json.loads(part.arguments)) == {"mia_1", "user_id"}
    assert rewritten.request.tools == tools
    assert (rewritten.id, rewritten.session_id) == ("c1", "s1")


def test_rewriting_is_idempotent_and_reversible() -> None:
    original = mias_call()
    one = rewriter(original)
    rewritten = one.rewrite(original)
    assert one.rewrite(rewritten) == rewritten
    assert one.restore(rewritten) == original


def test_the_same_key_gives_the_same_map_and_another_key_another() -> None:
    original = mias_call()
    again = rewriter(original).rewrite(original)
    assert rewriter(original).rewrite(original) == again
    other = rewriter(original, key=b"o" * 32).rewrite(original)
    assert (
        json.loads(other.request.messages[3].text)["user_id"]
        != json.loads(again.request.messages[3].text)["user_id"]
    )


def test_dates_move_together_by_whole_weeks_in_every_form() -> None:
    original = call(
        say("Now 2024-05-15 10:00."),
        say("I bought it on May 13th, 2024, that is 05/13/2024 or 2024年5月13日, and got it on May 14."),
    )
    rewritten = rewriter(original).rewrite(original)
    now = rewritten.request.messages[0].text[4:14]
    from datetime import date

    shift = date.fromisoformat(now) - date(2024, 5, 15)
    assert shift
    assert shift.days % 7 == 0
    bought, got = date(2024, 5, 13) + shift, date(2024, 5, 14) + shift
    text = rewritten.request.messages[1].text
    assert f"{bought:%m/%d/%Y}" in text
    assert f"{bought.year}年{bought.month}月{bought.day}日" in text
    assert text.endswith(f"{got:%B} {got.day}.")


def test_amounts_stay_and_marked_ones_keep_their_ratio() -> None:
    original = call(ask("pay", price=19.99, salary=5000.0), result({"price": 19.99, "salary": 2500.0}))
    plain = rewriter(original).rewrite(original)
    assert "19.99" in plain.request.messages[0].tool_calls[0].arguments
    marked = Policy(fields={"salary": "AMOUNT"}, classes={"AMOUNT": "pseudonymise"})
    rewritten = rewriter(original, policy=marked).rewrite(original)
    arguments = json.loads(rewritten.request.messages[0].tool_calls[0].arguments)
    assert arguments["price"] == 19.99
    assert arguments["salary"] != 5000.0
    assert arguments["salary"] == pytest.approx(
        2 * json.loads(rewritten.request.messages[1].text)["salary"], rel=0.001
    )


def test_chinese_sessions_keep_their_structure() -> None:
    original = call(
        say("我叫王小明，手机13812345678，起诉甲公司侵犯软件著作权，甲公司在北京。"),
        ask("查询", 姓名="王小明", 地址="北京市朝阳区建国路88号", 公司="北京字节跳动科技有限公司"),
        result(
            {
                "姓名": "王小明",
                "身份证": canary("CN_ID_CARD"),
                "备注": "王先生说小明在北京字节跳动科技有限公司上班",
            }
        ),
        answer="王小明先生您好，王先生的案件已立案。",
    )
    rewritten = rewriter(original).rewrite(original)
    dumped = rewritten.model_dump_json()
    for value in (
        "王小明",
        "小明",
        "王先生",
        "13812345678",
        "甲公司",
        "字节跳动",
        "建国路88号",
        canary("CN_ID_CARD"),
    ):
        assert value not in dumped, value
    arguments = json.loads(rewritten.request.messages[1].tool_calls[0].arguments)
    assert set(arguments) == {"姓名", "地址", "公司"}
    assert arguments["公司"].endswith("科技有限公司")
    assert arguments["姓名"] in rewritten.request.messages[0].text
    assert "起诉某" in rewritten.request.messages[0].text
    assert rewritten.response is not None
    assert rewritten.response.text.startswith(
        arguments["姓名"] + "先生您好，" + arguments["姓名"][0] + "先生"
    )


def test_secrets_never_enter_the_map_and_do_not_come_back() -> None:
    token = canary("GITHUB_TOKEN")
    original = call(say(f"my token is {token}"), ask("login", token=token), result(f"bad token {token}"))
    one = rewriter(original)
    rewritten = one.rewrite(original)
    assert token not in rewritten.model_dump_json()
    assert rewritten.request.messages[0].text == "my token is <SECRET:GITHUB_TOKEN>"
    assert token not in one.originals
    assert token not in one.restore(rewritten).model_dump_json()


def test_the_answer_is_substituted_with_the_input() -> None:
    original = call(
        ask("find", email="ada@acme.com", customer_id="C-10442"),
        say("Rows of customer C-10442?"),
        answer="SELECT * FROM orders WHERE customer = 'C-10442' AND mail = 'ada@acme.com'",
    )
    rewritten = rewriter(original).rewrite(original)
    arguments = json.loads(rewritten.request.messages[0].tool_calls[0].arguments)
    assert rewritten.response is not None
    code, mail = arguments["customer_id"], arguments["email"]
    assert rewritten.response.text == f"SELECT * FROM orders WHERE customer = '{code}' AND mail = '{mail}'"


def test_ids_that_only_people_type_are_found_by_the_shape_of_the_others() -> None:
    first = call(result({"order_id": "#W2378156"}), session="a")
    second = call(say("where is #W9998887, or w/o the sign: W9998887?"), session="b")
    reader = LogReader()
    reader.read(first)
    reader.read(second)
    rewritten = SessionRewriter([second], KEY, None, reader.knowledge()).rewrite(second)
    text = rewritten.request.messages[0].text
    assert "9998887" not in text
    assert text.startswith("where is #W")


def test_values_of_everybody_stay() -> None:
    calls = [
        call(
            result({"user_id": f"ada_byron_{n}111", "product_id": "7896397433", "order_id": f"#W555555{n}"}),
            session=f"s{n}",
        )
        for n in range(3)
    ]
    reader = LogReader()
    for one in calls:
        reader.read(one)
    known = reader.knowledge()
    assert known.catalogue == {"7896397433"}
    text = SessionRewriter(calls[:1], KEY, None, known).rewrite(calls[0]).request.messages[0].text
    assert json.loads(text)["product_id"] == "7896397433"
    assert json.loads(text)["order_id"] != "#W5555550"


def test_enumerated_values_of_a_schema_stay() -> None:
    tools = ({"function": {"name": "f", "parameters": {"properties": {"plan_id": {"enum": ["plan-2024"]}}}}},)
    original = call(ask("f", plan_id="plan-2024"))
    original = original.model_copy(update={"request": original.request.model_copy(update={"tools": tools})})
    assert rewriter(original).rewrite(original) == original


HIDDEN = [
    ("full-width", lambda v: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in v)),
    ("url", lambda v: __import__("urllib.parse").parse.quote(v, safe="")),
    ("base64", lambda v: __import__("base64").b64encode(f"to: {v}!".encode()).decode()),
    ("nested", lambda v: json.dumps({"a": json.dumps({"b": v})})),
    ("key", lambda v: json.dumps({v: 1})),
    ("upper", str.upper),
    ("spaced", lambda v: " ".join(v) if v.isdigit() else v),
]


@pytest.mark.parametrize(
    "kind", ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "CN_ID_CARD", "IBAN_CODE", "CN_USCC"]
)
@pytest.mark.parametrize(("how", "hide"), HIDDEN, ids=[h for h, _ in HIDDEN])
def test_a_value_does_not_survive_in_another_writing(kind: str, how: str, hide: object) -> None:
    value = canary(kind)
    hidden = hide(value)  # type: ignore[operator]
    failed = CallError(status=500, message=f"no such customer: {value}")
    original = call(say(f"资料：{value}，请查询"), result(hidden), say(f"again {hidden}"), error=failed)
    dumped = rewriter(original).rewrite(original).model_dump_json()
    assert value not in dumped
    assert hidden not in dumped
    assert json.dumps(hidden)[1:-1] not in dumped


names = st.sampled_from(
    ["Mia", "Noah", "Zoë", "Yusuf", "Ann", "Will", "Brown", "Garcia", "Li", "王芳", "欧阳小明"]
)
ids = st.from_regex(
    r"#W[1-9][0-9]{6}|[a-z]{3,8}_[a-z]{3,8}_[1-9][0-9]{3}|[A-Z]{2}[1-9][0-9]{5}", fullmatch=True
)
mails = st.from_regex(r"[a-z]{3,8}\.[a-z]{3,8}[1-9][0-9]{1,3}@(example|acme)\.(com|org)", fullmatch=True)
phones = st.from_regex(r"1[38][0-9]{9}|\([2-9][0-9]{2}\) [2-9][0-9]{2}-[0-9]{4}", fullmatch=True)
days = st.dates(
    min_value=__import__("datetime").date(2020, 1, 1), max_value=__import__("datetime").date(2026, 1, 1)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(names, max_size=3),
    st.lists(ids, max_size=4),
    st.lists(mails, max_size=2),
    st.lists(phones, max_size=2),
    days,
)
def test_properties_of_the_map(
    people: list[str], codes: list[str], emails: list[str], numbers: list[str], day: object
) -> None:
    rows = [{"first_name": p} for p in people] + [{"order_id": c} for c in codes]
    rows += [{"email": e} for e in emails] + [{"phone": n} for n in numbers]
    told = f"It is {day}. " + "; ".join(f"see {v}" for v in (*people, *codes, *emails, *numbers))
    original = call(result(rows), say(told))
    one = SessionRewriter([original], KEY, None, Knowledge())
    rewritten = one.rewrite(original)
    given_out = [new.lower() for _, new in one.book.values.values()]
    values = {v.lower() for v in one.originals}
    assert values.isdisjoint(given_out)  # no surrogate is a value
    forms = {"".join(c for c in v.lower() if c.isalnum() or c in "@.") for v in values}
    assert len(set(given_out)) >= len(forms)  # one for one
    assert one.rewrite(rewritten) == rewritten
    restored = one.restore(rewritten)
    assert json.loads(restored.request.messages[0].text) == rows  # escapes of JSON may differ
    assert restored.request.messages[1:] == original.request.messages[1:]
    assert SessionRewriter([original], KEY, None, Knowledge()).rewrite(original) == rewritten
    assert not [v for m in rewritten.request.messages for v in one.survivors(m.text)]


def _said(text: str, *, session: str = "s", metadata: dict[str, Any] | None = None) -> Call:
    user = Message(role="user", parts=(TextPart(content=text),))
    return Call(
        id="c", session_id=session, request=Request(messages=(user,)), response=None, metadata=metadata or {}
    )


@pytest.mark.parametrize("session", ["chat lin.wu@firm.cn", "wa:+14155552671", "13912345678"])
def test_a_session_named_after_somebody_is_renamed_and_no_other(session: str) -> None:
    call = _said("hello", session=session)
    renamed = SessionRewriter([call], KEY).rewrite(call)
    assert renamed.id == "c"
    assert renamed.session_id != session
    assert not any(part in renamed.session_id for part in ("lin", "firm", "5552671", "12345678"))
    for plain in ("session-17", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "2024-05-01/7"):
        other = _said("hello", session=plain)
        assert SessionRewriter([other], KEY).rewrite(other).session_id == plain


def test_a_name_as_a_key_is_rewritten_and_the_name_of_a_field_is_not() -> None:
    call = _said("my name is Alice Dataset", metadata={"votes": {"Alice": 3}, "dataset": "x"})
    known = Knowledge(fields=frozenset({"dataset"}))
    new = SessionRewriter([call], KEY, knowledge=known).rewrite(call)
    assert "Alice" not in new.metadata["votes"]
    assert new.metadata["dataset"] == "x"


def test_no_chinese_surrogate_is_made_of_a_word_of_the_session() -> None:
    text = "我叫覃静，在珠海云帆软件有限公司上班，住浙江省宁波市鄞州区兴宁路78号"
    call = _said(text)
    for n in range(60):
        rewriter = SessionRewriter([call], bytes([n]) * 32, names=lambda _: ())
        assert not rewriter.survivors(rewriter.rewrite(call).request.messages[0].text)
