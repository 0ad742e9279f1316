"""Which tools write: by declaration, name and description, in English and Chinese."""

from __future__ import annotations

import pytest

from rightsizer.scoring.tool_risk import guess_risk, writes
from rightsizer.types import Message, TextPart, ToolCallPart

NAMES = {
    "read": "get_order look_up_order findUserByEmail list-files track_parcel searchDirectFlight calculate",
    "write": "cancel_order refundOrder update_user create_event transfer_to_human delete_file bookHotel",
}  # fmt: skip


@pytest.mark.parametrize(("risk", "name"), [(r, n) for r, names in NAMES.items() for n in names.split()])
def test_by_the_verb_of_the_name(risk: str, name: str) -> None:
    assert guess_risk({"type": "function", "function": {"name": name}}) == risk


@pytest.mark.parametrize(
    ("description", "risk"),
    [
        ("查询订单的退款状态", "read"),
        ("为用户办理退货", "write"),
        ("取消订单", "write"),
        ("Cancels a booking.", "write"),
        ("Returns the weather of a city", "write"),  # ambiguous: the strict side
        ("Finds flights", "read"),
        ("", "write"),
    ],
)
def test_by_the_description_where_the_name_tells_nothing(description: str, risk: str) -> None:
    assert guess_risk({"function": {"name": "x17", "description": description}}) == risk


def test_what_the_tool_declares_goes_before_its_name() -> None:
    assert guess_risk({"name": "cancel_view", "annotations": {"readOnlyHint": True}}) == "read"


def test_what_a_person_said_goes_before_all() -> None:
    message = Message(role="assistant", parts=(ToolCallPart(name="get_order"), TextPart(content="x")))
    assert not writes(message, (), {})
    assert writes(message, (), {"get_order": "write"})


def test_one_write_among_reads_writes_and_text_never_does() -> None:
    calls = (ToolCallPart(name="get_order"), ToolCallPart(name="cancel_order"))
    assert writes(Message(role="assistant", parts=calls), (), {})
    assert not writes(Message(role="assistant", parts=(TextPart(content="cancel_order"),)), (), {})
