"""The first place where two canonical values differ, named without showing any value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rightsizer.scoring.values import Path, dump

_PLAIN_NAME = re.compile(r"^[^\W\d][\w$-]{0,63}$")


def first_difference(teacher: Any, student: Any, path: Path = ()) -> tuple[Path, str] | None:
    """(path, what) of the first difference in canonical order, or None.

    `what` is 'missing' (the student lacks it), 'unexpected' (the teacher lacks it), 'differs', or
    'has another length'.
    """
    if isinstance(teacher, Mapping) and isinstance(student, Mapping):
        for key in sorted(teacher.keys() | student.keys()):
            if key not in student:
                return (*path, key), "missing"
            if key not in teacher:
                return (*path, key), "unexpected"
            if found := first_difference(teacher[key], student[key], (*path, key)):
                return found
        return None
    if isinstance(teacher, list) and isinstance(student, list):
        if len(teacher) != len(student):
            return path, "has another length"
        for t, s in zip(teacher, student, strict=True):
            if found := first_difference(t, s, path):
                return found
        return None
    return None if dump(teacher) == dump(student) else (path, "differs")


def show_path(path: Path) -> str:
    """The dotted path; a key that does not look like a field name is data, and shown as ``*``."""
    return ".".join(part if _PLAIN_NAME.match(part) else "*" for part in path)
