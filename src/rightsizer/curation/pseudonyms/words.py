"""The word lists beside this file: TOML, words separated by spaces."""

from __future__ import annotations

import tomllib
from importlib.resources import files


def load_words(name: str) -> dict[str, tuple[str, ...]]:
    """Lists of a file by name, in order."""
    document = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return {key: tuple(value.split()) for key, value in document.items() if isinstance(value, str)}


def load_names(name: str) -> dict[str, tuple[str, ...]]:
    """Lists of a file whose entries may be of several words."""
    document = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return {key: tuple(value) for key, value in document.items()}


def load_table(name: str, table: str) -> dict[str, str]:
    """A table of words to words."""
    document = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return {str(k): str(v) for k, v in document[table].items()}
