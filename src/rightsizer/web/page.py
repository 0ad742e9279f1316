"""What every page of ours shares: inline files under a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from rightsizer.economics import wording


def inline(name: str) -> str:
    """A style sheet or script of the package, as text."""
    return (resources.files("rightsizer.web") / "templates" / name).read_text(encoding="utf-8").strip()


def policy(css: str, script: str) -> str:
    """Content security policy that allows exactly this style sheet and this script."""
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def environment() -> Environment:
    """Templates with escaping on, undefined names an error, and figures worded as on the terminal."""
    env = Environment(
        loader=PackageLoader("rightsizer.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "money": wording.money,
        "range": wording.money_range,
        "count": wording.count,
        "share": lambda value: unbroken(wording.share(value)),
        "percent": lambda value: unbroken(wording.percent(value)),
        "size": wording.size,
        "days": wording.days,
        "reason": wording.reason_words,
    }
    return env


def unbroken(figure: str) -> str:
    """A figure whose unit is never left alone at the beginning of a line."""
    return figure.replace(" ", "\N{NO-BREAK SPACE}")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
