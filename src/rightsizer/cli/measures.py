"""`evaluations measures | judge | pass-k`: answers by other rules than the gate's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from rightsizer.cli.context import console, emit_json, json_option, progress_bar, workspace

if TYPE_CHECKING:
    from rich.console import Console

    from rightsizer.pipeline.judge import JudgedStudent
    from rightsizer.pipeline.measures import Measures, Share, StudentMeasures
    from rightsizer.pipeline.trials import PassK


@click.command()
@click.argument("student")
@json_option
def measures(student: str, as_json: bool) -> None:
    """STUDENT's test answers by other rules: BFCL's, arguments' P/R/F1, validity, restraint, similarity.

    \b
    rightsizer evaluations measures student_01a…
    """
    from rightsizer.pipeline.measures import measure_student
    from rightsizer.types import Student

    with workspace() as ws, progress_bar(as_json) as progress:
        found = measure_student(ws, ws.find(Student, student), progress=progress)
    emit_json(found) if as_json else print_measures(found, console())


@click.command()
@click.argument("student")
@click.option("--server", required=True, metavar="URL", help="Base URL of the judge's server, ending in /v1.")
@click.option("--model", required=True, help="The judge: a model of another family than both.")
@click.option("--api-key-env", default="", metavar="NAME", help="Environment variable with its key.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most calls judged.")
@click.option(
    "--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A person's verdicts (JSON lines: call_id, verdict): how far the judge can be believed.",
)  # fmt: skip
@json_option
def judge(
    student: str, server: str, model: str, api_key_env: str, limit: int, labels: Path | None, as_json: bool
) -> None:
    """An LLM's opinion of STUDENT's test answers beside the LLM's own, asked in both orders by a rubric.

    \b
    rightsizer evaluations judge student_01a… --server http://localhost:8000/v1 --model other-large
    """
    from rightsizer.pipeline.judge import judge_student
    from rightsizer.students.chat_server import Server
    from rightsizer.types import Student

    spec = Server(base_url=server, model=model, api_key_env=api_key_env, timeout_s=120.0)
    with workspace() as ws, progress_bar(as_json) as progress:
        found = judge_student(
            ws, ws.find(Student, student), spec, limit=limit, labels=labels, progress=progress
        )
    emit_json(found) if as_json else print_judged(found, console())


@click.command(name="pass-k")
@click.option("--by", required=True, metavar="FIELD", help="Metadata field that tells what was tried.")
@click.option(
    "--metric", default="", help="Outcome that tells success; default: balance.outcome_key, or reward."
)
@click.option("--at-least", default=1.0, show_default=True, help="A session succeeds from this outcome on.")
@click.option("--most", type=click.IntRange(1, 64), default=8, show_default=True, help="Largest k.")
@json_option
def pass_k(by: str, metric: str, at_least: float, most: int, as_json: bool) -> None:
    """How often all of k recorded trials of the same thing succeed: the agent's own reliability.

    \b
    rightsizer evaluations pass-k --by task_id --metric reward
    """
    from rightsizer.pipeline.trials import pass_k as run

    with workspace() as ws, progress_bar(as_json) as progress:
        found = run(ws, by=by, metric=metric, at_least=at_least, most=most, progress=progress)
    emit_json(found) if as_json else print_pass_k(found, console())


def print_measures(found: StudentMeasures, out: Console) -> None:
    from rightsizer.cli.tables import table

    made = table("Test calls by other rules than the gate's", "", "#all it answers", "#what is served")
    columns = [found.answered, found.served]
    made.add_row("calls answered", *(_of((c.answered, c.calls)) if c else "–" for c in columns))
    for label, name in (
        ("exactly the LLM's answer", "exact"), ("by BFCL's string rules", "relaxed"),
        ("valid for tool or schema", "valid"), ("the right tool", "tool"),
        ("no tool where the LLM called none", "restraint"),
    ):  # fmt: skip
        made.add_row(label, *(_share(getattr(c, name)) if c else "–" for c in columns))
    made.add_row("arguments: precision · recall · F1", *(_prf(c) if c else "–" for c in columns))
    made.add_row("text similarity (chrF)", *(_plain(c.similarity) if c else "–" for c in columns))
    out.print(made)


def print_judged(found: JudgedStudent, out: Console) -> None:
    from rightsizer.cli.tables import percent, table

    r = found.report
    made = table(f"{escape(found.judge)} on {found.calls:,} test calls", "verdict", "#calls")
    rows = (("as good", r.as_good), ("worse", r.worse), ("unknown", r.unknown), ("of these flips", r.flipped))
    for label, n in rows:
        made.add_row(label, f"{n:,}")
    out.print(made)
    decided = r.as_good + r.worse
    share = percent(r.as_good / decided) if decided else "–"
    out.print(
        f"as good where the judge decides: {share} ({percent(r.low)} to {percent(r.high)}); "
        f"{found.asked:,} of {found.answered:,} answers differ and were asked about; "
        f"flip rate {percent(r.flip_rate)}"
    )
    if r.label_agreement is not None:
        kappa = "–" if r.kappa is None else f"{r.kappa:.2f}"
        out.print(f"agrees with {r.n_labelled:,} labels: {percent(r.label_agreement)}, kappa {kappa}")
    else:
        out.print("[dim]no labels: what this judge is worth is unknown (`--labels`)[/]")


def print_pass_k(found: PassK, out: Console) -> None:
    from rightsizer.cli.tables import percent, table

    title = f"{found.n_sessions:,} sessions, {found.n_tried:,} values of {escape(found.by)}"
    made = table(title, "#k", f"#pass^k by {escape(found.metric)}", "#tried so often")
    for k, (value, n) in enumerate(zip(found.values, found.counts, strict=True), 1):
        made.add_row(str(k), percent(value), f"{n:,}")
    out.print(made)


def _of(counts: tuple[int, int]) -> str:
    return f"{counts[0]:,} of {counts[1]:,}"


def _share(share: Share) -> str:
    from rightsizer.cli.tables import percent

    return "–" if share.value is None else f"{percent(share.value)} of {share.n:,}"


def _prf(found: Measures) -> str:
    a = found.arguments
    return f"{a.precision:.3f} · {a.recall:.3f} · {a.f1:.3f}" if a.wanted or a.given else "–"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
