"""The report as one HTML file: no request leaves it, and only its own few lines of script can run."""

from __future__ import annotations

from markupsafe import Markup

from rightsizer.economics import wording
from rightsizer.economics.report_types import Report
from rightsizer.web import charts
from rightsizer.web.page import environment, inline, policy


def render_html(report: Report) -> str:
    """The whole page as text. Self-contained: styles, script and charts are inline, under a strict CSP.

    Task names are escaped; prompts and answers are not in a `Report` and so cannot be in the page.
    """
    tiles, places = charts.money_map(report)
    css = inline("report.css") + places
    script = inline("report.js")
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            head=report.headline,
            log=report.log,
            tiles=tiles,
            charts=charts,
            verdicts=wording.VERDICT_WORDS,
            baselines=wording.BASELINES,
            csp=policy(css, script),
            css=Markup(css),
            script=Markup(script),
        )
    )
