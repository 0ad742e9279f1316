"""Ids made a piece of randomness at a time are ids as `new_id` makes them."""

from __future__ import annotations

import uuid

import pytest

from rightsizer.gateway import call_ids
from rightsizer.gateway.call_ids import CallIds
from rightsizer.types import new_id


def test_ids_are_uuids_of_version_seven_and_never_repeat() -> None:
    ids = CallIds()
    made = [ids.new() for _ in range(3000)]  # several pieces
    assert len(set(made)) == len(made)
    for each in made:
        prefix, _, text = each.partition("_")
        assert prefix == "call"
        assert (uuid.UUID(text).version, uuid.UUID(text).variant) == (7, uuid.RFC_4122)
        assert len(each) == len(new_id("call"))
    assert {uuid.UUID(each[5:]).bytes[8] >> 4 for each in made} == {8, 9, 10, 11}


def test_sorting_ids_sorts_by_birth(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_700_000_000_000, 1_800_000_000_000, 1_000_000_007))
    monkeypatch.setattr(call_ids.time, "time_ns", lambda: next(clock) * 1_000_000)
    ids = CallIds()
    made = [ids.new() for _ in range(90)]
    assert made == sorted(made)


def test_two_workers_give_out_different_ids() -> None:
    one, other = CallIds(), CallIds()
    assert not {one.new() for _ in range(100)} & {other.new() for _ in range(100)}
