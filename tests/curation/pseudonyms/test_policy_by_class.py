"""What the policy says of a class, a field or a value is what happens to it, whatever else it looks like."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rightsizer.curation.pii import PATTERNS, scan
from rightsizer.curation.policy import Policy, load_policy
from rightsizer.curation.pseudonyms.session import SessionRewriter
from rightsizer.curation.recognizers import check_digits as c
from rightsizer.curation.recognizers.secrets import SECRET_TYPES
from rightsizer.errors import ConfigError
from rightsizer.types import Call, Message, Request, TextPart, ToolCallPart, ToolCallResponsePart

sys.path.insert(0, str(Path(__file__).parents[1] / "recognizers"))
from test_every_type import ROWS

KINDS = sorted({p.type for p in PATTERNS} - SECRET_TYPES)
KEY = b"k" * 32


def said(text: str) -> Call:
    message = Message(role="user", parts=(TextPart(content=text),))
    return Call(id="c", session_id="s", request=Request(messages=(message,)))


def rewritten(call: Call, policy: Policy | None = None) -> str:
    return SessionRewriter([call], KEY, policy).rewrite(call).request.messages[0].text


@pytest.mark.parametrize("action", ["keep", "mask", "drop", "pseudonymise"])
@pytest.mark.parametrize("kind", KINDS)
def test_of_a_class(kind: str, action: str) -> None:
    for value, english, chinese in ROWS[kind]:
        for text in (f"My {english} {value} and more", f"我的{chinese}：{value}，谢谢"):
            types = {span.type for span in scan(text)}
            policy = Policy.model_validate({"classes": dict.fromkeys(types, action)})
            rewriter = SessionRewriter([said(text)], KEY, policy)
            call = rewriter.rewrite(said(text))
            new = call.request.messages[0].text
            if action == "keep":
                assert new == text
            elif action == "mask":
                assert value not in new
                assert "<" in new
            elif action == "drop":
                assert rewriter.forbidden(text) in types
            else:
                assert value not in new
                found = {span.type for span in scan(new)}
                old_id = kind == "CN_ID_CARD" and len(value) == 15  # its surrogate may be read as a card
                assert found == types or old_id, new
            assert not rewriter.survivors(new)
            assert rewriter.rewrite(call) == call


@pytest.mark.parametrize("text", ["She has diabetes and takes metformin", "她患有糖尿病，在服用二甲双胍"])
def test_of_health(text: str, tmp_path: Path) -> None:
    assert rewritten(said(text)) == text
    masked = rewritten(said(text), Policy(classes={"HEALTH": "mask"}))
    assert masked.count("<HEALTH_") == 2
    assert SessionRewriter([said(text)], KEY, Policy(classes={"HEALTH": "drop"})).forbidden(text) == "HEALTH"
    (tmp_path / "policy.toml").write_text('[classes]\nHEALTH = "pseudonymise"\n')
    with pytest.raises(ConfigError, match="HEALTH"):
        load_policy(tmp_path / "policy.toml")


CHECKED = {
    "CREDIT_CARD": c.luhn, "CN_ID_CARD": c.cn_id, "CN_USCC": c.cn_uscc, "IBAN_CODE": c.mod97,
    "IN_AADHAAR": c.verhoeff, "BR_CPF": c.cpf, "TW_ID": c.tw_id, "ES_NIF": c.es_nif, "SG_NRIC": c.sg_nric,
    "VIN": c.vin, "US_SSN": c.us_ssn, "KR_RRN": c.kr_rrn, "IT_FISCAL_CODE": c.codice_fiscale, "IMEI": c.luhn,
    "ABA_ROUTING": c.aba_routing,
}  # fmt: skip


@pytest.mark.parametrize("kind", CHECKED)
def test_check_digits_hold_in_a_whole_session_too(kind: str) -> None:
    """Where a number is also taken for an id, it keeps the form of what it is."""
    value, english, _ = ROWS[kind][0]
    record = json.dumps({"number": value, "note": f"{english} {value}"})
    parts = (
        Message(role="assistant", parts=(ToolCallPart(id="t", name="f", arguments=record),)),
        Message(role="tool", parts=(ToolCallResponsePart(id="t", response=record),)),
        Message(role="user", parts=(TextPart(content=f"{english} {value}"),)),
    )
    call = Call(id="c", session_id="s", request=Request(messages=parts))
    for seed in range(4):
        new = SessionRewriter([call], bytes([seed]) * 32).rewrite(call).request.messages
        given = new[2].text.removeprefix(f"{english} ")
        assert given != value
        assert CHECKED[kind](given)
        assert json.loads(new[0].tool_calls[0].arguments)["number"] == given


def test_a_mainland_mobile_stays_one() -> None:
    new = rewritten(said("电话13812345678，谢谢"))
    assert new.startswith("电话138")
    assert [s.type for s in scan(new)] == ["PHONE_NUMBER"]
    assert new.endswith("，谢谢")


TOOLS = '{"city": "Leeds", "phone": "415-555-0137", "note": "call Ada Byron"}'


def with_tool(name: str) -> Call:
    asked = Message(role="assistant", parts=(ToolCallPart(id="t", name=name, arguments=TOOLS),))
    user = Message(role="user", parts=(TextPart(content="I am Ada Byron of Leeds, call 415-555-0137"),))
    return Call(id="c", session_id="s", request=Request(messages=(user, asked)))


def test_of_a_field_of_one_tool_and_of_all() -> None:
    policy = Policy(
        fields={"phone": "keep"}, tools={"get_weather": {"city": "keep"}, "other": {"city": "mask"}}
    )

    def arguments(name: str) -> dict[str, str]:
        call = SessionRewriter([with_tool(name)], KEY, policy).rewrite(with_tool(name))
        made: dict[str, str] = json.loads(call.request.messages[1].tool_calls[0].arguments)
        return made

    weather, other = arguments("get_weather"), arguments("other")
    assert weather["city"] == "Leeds"
    assert other["city"].startswith("<")
    assert weather["phone"] == other["phone"] == "415-555-0137"
    assert "Ada" not in weather["note"] + other["note"]


def test_a_field_that_drops_takes_the_call_and_no_other() -> None:
    policy = Policy(tools={"find": {"city": "drop"}})
    rewriter = SessionRewriter([with_tool("find")], KEY, policy)
    assert rewriter.forbidden(TOOLS)
    assert SessionRewriter([with_tool("other")], KEY, policy).forbidden(TOOLS) is None


def test_of_a_value() -> None:
    policy = Policy(keep=("415-555-0137",), personal=("Zephyr",))
    new = rewritten(said("call 415-555-0137 about Zephyr"), policy)
    assert "415-555-0137" in new
    assert "Zephyr" not in new


def test_a_masked_secret_is_in_no_map_whatever_it_looks_like() -> None:
    call = said("my password: AB123456789 and api_key=4111111111111111AB")
    rewriter = SessionRewriter([call], KEY)
    new = rewriter.rewrite(call)
    assert "AB123456789" not in new.request.messages[0].text
    assert not any("AB123456789" in value or "4111" in value for value in rewriter.originals)
    assert "AB123456789" not in rewriter.restore(new).request.messages[0].text
