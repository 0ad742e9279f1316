"""The report as a verb: gather what the store knows and hand it to `economics`."""

from __future__ import annotations

from datetime import UTC, datetime

from rightsizer.economics.report import Report, Totals, build_report
from rightsizer.economics.tokens import cost_of
from rightsizer.pipeline.progress import Progress, counted, silent
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Evaluation, Funnel, Release, Route, Student, Task


def make_report(ws: Workspace, *, progress: Progress = silent) -> Report:
    """What the agent does by task, what it costs, what could move and should stay, and what has moved."""
    ws.enter("report", calls=ws.store.calls.count())
    records = ws.store.records
    funnels = records.list(Funnel)
    return build_report(
        tasks=[t for t in records.list(Task) if t.level == "template" and t.merged_into is None],
        evaluations=records.list(Evaluation),
        students=records.list(Student),
        releases=records.list(Release),
        routes=records.list(Route),
        funnel=funnels[-1] if funnels else None,
        totals=totals(ws, progress),
        prices=ws.prices,
        core_hour_usd=ws.settings.prices.core_hour_usd,
        now=datetime.now(UTC),
    )


def totals(ws: Workspace, progress: Progress = silent) -> Totals:
    """One pass over the log: calls, tokens, cost, models, and its span in time."""
    made = Totals.empty()
    tasks = ws.store.marks.assignments("template")
    for call in counted(ws.store.calls.scan(), "report", ws.store.calls.count(), progress):
        made.add(call, cost_of(call, ws.prices), tasks.get(call.id))
    return made
