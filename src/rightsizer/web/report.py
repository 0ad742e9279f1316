"""The report as one HTML file: no request leaves it, and only its own few lines of script can run."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rightsizer.economics import wording
from rightsizer.economics.report_types import Report
from rightsizer.web import charts


def render_html(report: Report) -> str:
    """The whole page as text. Self-contained: styles, script and charts are inline, under a strict CSP.

    Task names are escaped; prompts and answers are not in a `Report` and so cannot be in the page.
    """
    tiles, places = charts.money_map(report)
    css = _file("report.css") + places
    script = _file("report.js")
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
        "share": wording.share,
        "percent": wording.percent,
        "size": wording.size,
        "days": wording.days,
        "reason": wording.reason_words,
    }
    return env.get_template("report.html.j2").render(
        report=report,
        head=report.headline,
        log=report.log,
        tiles=tiles,
        charts=charts,
        verdicts=wording.VERDICT_WORDS,
        csp=_policy(css, script),
        css=Markup(css),
        script=Markup(script),
    )


def _file(name: str) -> str:
    return (resources.files("rightsizer.web") / "templates" / name).read_text(encoding="utf-8").strip()


def _policy(css: str, script: str) -> str:
    """Content security policy that allows exactly this style sheet and this script."""
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
