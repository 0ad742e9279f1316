"""The error tree: one base, a way out in every message, and the drawing on top of the module is true."""

from __future__ import annotations

import inspect
import re

import pytest

from rightsizer import errors
from rightsizer.errors import MissingExtra, RecordError, RightsizerError, StoreBusy, UpstreamError

ALL = [
    c
    for _, c in inspect.getmembers(errors, inspect.isclass)
    if issubclass(c, RightsizerError) and c.__module__ == errors.__name__
]


def drawn() -> dict[str, str]:
    """error → its parent, as the tree in the module's docstring draws it."""
    parents: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if not (found := re.match(r"^([\s│├└─]*)([A-Z]\w+)(\s|$)", line)) or not line.startswith("    "):
            continue
        depth, name = len(found[1]), found[2]
        while stack and stack[-1][0] >= depth:
            stack.pop()
        if stack:
            parents[name] = stack[-1][1]
        stack.append((depth, name))
    return parents


def test_the_drawn_tree_is_the_class_tree() -> None:
    real = {c.__name__: c.__bases__[0].__name__ for c in ALL if c is not RightsizerError}
    assert drawn() == real


@pytest.mark.parametrize("cls", ALL)
def test_every_error_says_what_it_means(cls: type[RightsizerError]) -> None:
    assert cls.__doc__


def test_the_hint_is_part_of_what_is_printed() -> None:
    assert str(RightsizerError("no such file", hint="check the path")) == "no such file\n  → check the path"
    assert str(RightsizerError("no such file")) == "no such file"


def test_a_record_error_carries_its_reason() -> None:
    error = RecordError("invalid-json", "line 3 is not JSON", hint="fix it")
    assert (error.reason, error.message, error.hint) == ("invalid-json", "line 3 is not JSON", "fix it")


def test_a_missing_extra_says_how_to_install_it() -> None:
    error = MissingExtra("encoder", "reading meaning")
    assert error.extra == "encoder"
    assert "pip install 'rightsizer[encoder]'" in str(error)


def test_retryable_is_a_property_of_the_kind_and_can_be_said_of_one() -> None:
    assert StoreBusy("held").retryable
    assert not RightsizerError("broken").retryable
    assert UpstreamError("HTTP 503", retryable=True).retryable
    assert not UpstreamError("HTTP 400", retryable=False).retryable
    assert not UpstreamError("HTTP 400").retryable
