"""The demo: the whole loop, on a log of a scripted agent or on the user's own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rightsizer.capture.importers import ImportReport
from rightsizer.economics.report import Report
from rightsizer.pipeline.collect import import_logs
from rightsizer.pipeline.loop import RunOutcome, run_loop
from rightsizer.pipeline.progress import Progress, silent
from rightsizer.pipeline.replay import ReplayOutcome, replay_log
from rightsizer.pipeline.report import make_report
from rightsizer.pipeline.workspace import Workspace
from rightsizer.types import Funnel


@dataclass(frozen=True)
class DemoOutcome:
    """Everything the demo showed. `replay` is None on the user's own logs: nothing was held out."""

    imported: ImportReport
    funnel: Funnel
    run: RunOutcome
    replay: ReplayOutcome | None
    report: Report


def run_demo(
    ws: Workspace, *, sessions: int, logs: Sequence[Path], progress: Progress = silent
) -> DemoOutcome:
    """Import, run with release, replay sessions that were never imported, report."""
    with tempfile.TemporaryDirectory() as folder:
        held_out: Path | None = None
        if not logs:
            from rightsizer.testing.demo_agent import write_logs

            log, held_out = write_logs(Path(folder), sessions, seed=1)
            logs = [log]
        imported = import_logs(ws, logs, progress=progress)
        run = run_loop(ws, release=True, progress=progress)
        replay = replay_log(ws, held_out, progress=progress) if held_out is not None else None
    report = make_report(ws, progress=progress)
    return DemoOutcome(imported, ws.store.records.list(Funnel)[-1], run, replay, report)
