"""The catalogue of small models: what is publicly known of each, and who says so (S4)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from rightsizer.errors import ConfigError, NotFound
from rightsizer.types import Frozen

CommercialUse = Literal["yes", "conditions", "no", "unknown"]


class CatalogEntry(Frozen):
    """A part of a catalogue file: an unknown key is an error, lest a misspelt figure be lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


T = TypeVar("T", bound=CatalogEntry)


class ModelScore(CatalogEntry):
    """One published figure, in points of 100. `by` says whose word it is."""

    benchmark: str = Field(description="e.g. bfcl-v4, tau2-bench")
    metric: str = Field(description="e.g. overall, live, multi_turn, irrelevance, retail")
    value: float
    by: Literal["official", "maker", "independent", "measured"]
    source: str
    as_of: str
    verified: bool = False


class Attention(CatalogEntry):
    """Which layers keep a cache that grows with the context, and how large it is per token."""

    layers: int = Field(ge=0, description="attention layers that see the whole context")
    kv_heads: int = Field(ge=0)
    head_dim: int = Field(ge=0)
    window_layers: int = Field(0, ge=0, description="attention layers that look back `window_tokens` only")
    window_tokens: int = Field(0, ge=0)
    verified: bool = False
    source: str = Field("", description="who says so; empty: written down from memory")


class BaseModelCard(CatalogEntry):
    """A model of the catalogue. `parameters_b` counts billions; a `pattern` is an idea without weights."""

    id: str = Field(description="as Hugging Face spells it")
    pattern: str = Field("", description="what to use instead of weights that nobody published")
    vendor: str = ""
    parameters_b: float = Field(gt=0)
    active_parameters_b: float = Field(gt=0, description="read for every token (less than all: experts)")
    architecture: str = "dense"
    licence: str = "unverified"
    licence_verified: bool = False
    commercial_use: CommercialUse = "unknown"
    context_tokens: int | None = Field(None, description="None: nobody checked it")
    languages: tuple[str, ...] = Field((), description="`many`: makers claim many; empty: not stated")
    released: str = ""
    tool_parser: str = Field("", description="name of vLLM's parser of its tool calls")
    founding: bool = Field(False, description="named in arXiv 2506.02153, on which this system builds")
    sources: tuple[str, ...] = ()
    verified: Literal["ok", "partial", "unverified"] = "unverified"
    attention: Attention | None = None
    scores: tuple[ModelScore, ...] = ()
    local_path: str = Field("", description="a folder with config.json and weights, if you have it")


def load_catalog(extra: Path | None = None) -> tuple[BaseModelCard, ...]:
    """The shipped models and those of your own file, which replace shipped ones of the same id.

    Raises:
        ConfigError: the file is unreadable or says something a model cannot be.
    """
    known = {model.id: model for model in _shipped()}
    if extra is not None:
        known |= {model.id: model for model in read_catalog(extra)}
    return tuple(known[key] for key in sorted(known, key=str.lower))


def read_catalog(path: Path) -> tuple[BaseModelCard, ...]:
    """The models of one file.

    Raises:
        ConfigError: with the file, the entry and what is wrong.
    """
    return tuple(entries(path.name, _text(path), "model", BaseModelCard))


def find_model(models: Iterable[BaseModelCard], name: str) -> BaseModelCard:
    """A model by its id, or by the end of it when only one fits.

    Raises:
        NotFound: none fits, or several do.
    """
    models = list(models)
    exact = [m for m in models if m.id.lower() == name.lower()]
    fitting = exact or [m for m in models if m.id.lower().rpartition("/")[2] == name.lower()]
    fitting = fitting or [m for m in models if name.lower() in m.id.lower()]
    if len(fitting) != 1:
        some = ", ".join(m.id for m in fitting[:5])
        raise NotFound(
            f"no model of the catalogue is called {name!r}" if not fitting else f"{name!r} fits {some}",
            hint="`rightsizer candidates models` lists them; add yours in the file candidates.catalog names",
        )
    return fitting[0]


def entries(name: str, text: str, key: str, of: type[T]) -> list[T]:
    """The `[[key]]` tables of a TOML text, checked.

    Raises:
        ConfigError: with the place and what is wrong there.
    """
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{name} is not TOML: {error}", hint="see the shipped file for an example"
        ) from error
    found = []
    for number, raw in enumerate(document.get(key, []), 1):
        try:
            found.append(of.model_validate(raw))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            label = raw.get("id") or raw.get("name") if isinstance(raw, dict) else None
            raise ConfigError(
                f"{name}, [[{key}]] {number} ({label or 'unnamed'}): {place}: {first['msg']}",
                hint="the fields are listed in docs/reference/catalog.md",
            ) from error
    return found


@lru_cache(maxsize=1)
def _shipped() -> tuple[BaseModelCard, ...]:
    text = files("rightsizer.candidates").joinpath("catalog.toml").read_text("utf-8")
    return tuple(entries("catalog.toml", text, "model", BaseModelCard))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="name a TOML file in UTF-8") from error
