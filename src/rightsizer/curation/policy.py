"""The policy: one readable file that says, class by class, what happens to sensitive values.

``<home>/policy.toml`` (or the file that ``curate.policy`` names); without one, the defaults below hold.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError

from rightsizer.curation.pii import PATTERNS
from rightsizer.curation.recognizers.secrets import SECRET_TYPES
from rightsizer.curation.sensitive import KEPT_TYPES
from rightsizer.errors import ConfigError
from rightsizer.types import Frozen

FILE_NAME = "policy.toml"
Action = Literal["mask", "pseudonymise", "drop", "keep"]
ACTIONS: tuple[str, ...] = get_args(Action)

# Classes that no pattern finds: by the names of fields, by shapes, by models, in dates and amounts.
NAMED_CLASSES = (
    "PERSON", "HANDLE", "ID", "ADDRESS", "CITY", "POSTCODE", "ORGANIZATION", "LOCATION", "DATE", "AMOUNT",
    "HEALTH",
)  # fmt: skip
CLASSES = tuple(sorted({p.type for p in PATTERNS} - SECRET_TYPES | set(NAMED_CLASSES)))
DEFAULTS: dict[str, Action] = {
    **dict.fromkeys(CLASSES, "pseudonymise"),
    **dict.fromkeys(("AMOUNT", "HEALTH", *KEPT_TYPES), "keep"),
    **dict.fromkeys(("CVV", "SECRET"), "mask"),
}


class Paraphrase(Frozen):
    """Prose said in other words by a model of your own; off unless a model is named."""

    model: str = ""
    base_url: str = "http://127.0.0.1:8000/v1"
    api_key_env: str = Field(default="", description="environment variable that holds the key")
    timeout_s: float = 30.0


class Policy(Frozen):
    """What happens to which class, field and value.

    `classes` and `fields` speak of what leaves the house (`export --curated`), `learn` of what students
    see: ``mask`` (a placeholder, put back when a student answers), ``keep``, or ``drop`` (the call is set
    aside). A field is a key (``loyalty_no``) or a dotted path (``customer.note``) and gets an action or
    a class; `tools` holds such tables for single tools and wins.
    """

    version: Literal[1] = 1
    classes: dict[str, Action] = Field(default_factory=dict)
    learn: dict[str, Literal["mask", "keep", "drop"]] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)
    tools: dict[str, dict[str, str]] = Field(default_factory=dict)
    keep: tuple[str, ...] = Field(
        default=(), description="values that are nobody's: your own shop's address …"
    )
    personal: tuple[str, ...] = Field(default=(), description="values that are always replaced")
    unnamed: bool = Field(
        default=True,
        description="short values of records are somebody's though no field says so, unless ordinary",
    )
    owners: int = Field(default=3, ge=2, description="ids seen with so many distinct owners are catalogue")
    owner_fields: tuple[str, ...] = ()
    tenant_field: str = Field(default="", description="metadata key that names the tenant; empty: one tenant")
    paraphrase: Paraphrase = Paraphrase()

    def action(self, kind: str) -> Action:
        """What happens to values of this class when they leave the house; unknown classes are replaced."""
        if kind in SECRET_TYPES or kind == "SECRET":
            chosen = self.classes.get(kind, self.classes.get("SECRET", "mask"))
            return "drop" if chosen == "drop" else "mask"  # a secret never enters the map, and never leaves
        return self.classes.get(kind) or DEFAULTS.get(kind, "pseudonymise")

    def field(self, tool: str, key: str, path: str) -> str | None:
        """What a person has said about this field: a class, an action, or None."""
        for table in (self.tools.get(tool, {}), self.fields):
            if table:
                said = table.get(path) or table.get(key)
                if said:
                    return said
        return None

    def found_types(self, default: frozenset[str]) -> frozenset[str]:
        """The classes that patterns look for in what leaves the house: also those that stay unless asked."""
        return default | {kind for kind in KEPT_TYPES if self.action(kind) != "keep"}

    def masked_types(self, default: frozenset[str]) -> frozenset[str]:
        """The classes that students see as placeholders."""
        kept = {kind for kind, action in self.learn.items() if action == "keep"}
        return (default | {kind for kind, action in self.learn.items() if action != "keep"}) - kept


def load_policy(path: Path, *, required: bool = False) -> Policy:
    """The policy in a TOML file; the defaults where there is none and none is required.

    Raises:
        ConfigError: the file cannot be read, or says something that has no meaning.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigError(f"no policy file {path}", hint="check the setting curate.policy") from None
        return Policy()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ConfigError(
            f"cannot read the policy {path}: {e}", hint="it must be readable TOML in UTF-8"
        ) from e
    try:
        policy = Policy.model_validate(document)
    except ValidationError as e:
        error = e.errors()[0]
        where = ".".join(map(str, error["loc"]))
        raise ConfigError(
            f"policy {path}: {where}: {error['msg']}", hint="see docs/reference/policy.md"
        ) from None
    _check(policy, path)
    return policy


def _check(policy: Policy, path: Path) -> None:
    known = {*CLASSES, *SECRET_TYPES, "SECRET"}
    for table, kinds in (("classes", policy.classes), ("learn", policy.learn)):
        for kind in kinds:
            if kind not in known:
                raise _unknown(f"{table}.{kind}", kind, known, path)
    if policy.classes.get("HEALTH") == "pseudonymise":
        raise ConfigError(
            f"policy {path}: HEALTH: there is no other health to put in the place of somebody's",
            hint='HEALTH = "mask", "drop" or "keep"',
        )
    for kind, action in {**policy.classes, **policy.learn}.items():
        if (kind in SECRET_TYPES or kind == "SECRET") and action in ("keep", "pseudonymise"):
            raise ConfigError(
                f"policy {path}: {kind}: a secret can only be masked or its call dropped",
                hint=f'{kind} = "mask"',
            )
    tables: dict[str, dict[str, str]] = {
        "fields": policy.fields,
        **{f"tools.{t}": v for t, v in policy.tools.items()},
    }
    for table, rows in tables.items():
        for name, said in rows.items():
            if said not in known and said not in ACTIONS:
                raise _unknown(f"{table}.{name}", said, {*known, *ACTIONS}, path)


def _unknown(where: str, word: Any, known: set[str], path: Path) -> ConfigError:
    close = difflib.get_close_matches(str(word), sorted(known), n=1)
    hint = (
        f"did you mean '{close[0]}'?"
        if close
        else "classes and actions are listed in docs/reference/policy.md"
    )
    return ConfigError(f"policy {path}: {where}: unknown '{word}'", hint=hint)
