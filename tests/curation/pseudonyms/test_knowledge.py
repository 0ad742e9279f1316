"""What a log teaches: nobody's values, and owners counted once however many sessions they have."""

from __future__ import annotations

import json

from rightsizer.curation.pseudonyms.knowledge import LogReader
from rightsizer.types import Call, Message, Request, ToolCallResponsePart


def call(session: str, **values: object) -> Call:
    part = ToolCallResponsePart(response=json.dumps(values))
    return Call(
        id=session, session_id=session, request=Request(messages=(Message(role="tool", parts=(part,)),))
    )


def catalogue(*calls: Call, owners: int = 3) -> frozenset[str]:
    reader = LogReader(owners)
    for one in calls:
        reader.read(one)
    return reader.knowledge().catalogue


def test_three_owners_make_a_catalogue_value() -> None:
    calls = [call(f"s{n}", user_id=f"user-{n}00", product_id="P-1001") for n in range(3)]
    assert catalogue(*calls) == {"P-1001"}
    assert not catalogue(*calls[:2])
    assert catalogue(*calls[:2], owners=2) == {"P-1001"}


def test_three_sessions_of_one_customer_do_not() -> None:
    assert not catalogue(*(call(f"s{n}", user_id="user-100", product_id="P-1001") for n in range(3)))


def test_sessions_that_share_any_name_of_a_customer_are_one_owner() -> None:
    rows = [("user-1", "c-1"), ("user-2", "c-1"), ("user-2", "c-3")]
    calls = [call(f"s{n}", user_id=u, customer_id=c, product_id="P-1001") for n, (u, c) in enumerate(rows)]
    assert not catalogue(*calls)


def test_sessions_of_nobody_count_for_nothing() -> None:
    assert not catalogue(*(call(f"s{n}", product_id="P-1001") for n in range(9)))


def test_personal_ids_are_never_catalogue() -> None:
    calls = [call(f"s{n}", user_id=f"user-{n}00", order_id="#W1234567", member_no="M-100") for n in range(5)]
    assert not catalogue(*calls)
