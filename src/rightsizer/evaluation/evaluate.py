"""The gate's decision on a student, as the record that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rightsizer.evaluation.classes import decide_classes
from rightsizer.evaluation.gate import Decision, Growth
from rightsizer.stats import binomial_upper
from rightsizer.types import Dataset, Evaluation, Score, Student, ToolRisk, new_id


def evaluate(
    student: Student,
    dataset: Dataset,
    calibration: Sequence[Score],
    test: Sequence[Score],
    *,
    alpha: float,
    delta: float,
    min_coverage: float = 0.01,
    alpha_write: float | None = None,
    tool_risk: Mapping[str, ToolRisk] | None = None,
    baselines: Mapping[str, float] | None = None,
    growth: Growth = float,
) -> Evaluation:
    """Student against teacher on both sealed splits, as a record.

    `coverage` and `agreement` are those of the test split at the certified thresholds, and
    `agreement_low` is 1 − alpha, which is what was proved; without a pass nothing is served, and they
    are 0 and None. `grid` has one row per threshold of the plan (of both plans, where writes are proved
    apart: ``write`` is 1 in theirs).

    Args:
        alpha_write: tolerated mean loss of served answers that write; None: they are as all others.
        tool_risk: what a person said of tools, kept for the route (what was guessed is guessed again).
        growth: how the calibration split grows with the log, see `gate.decide`.

    Raises:
        InputError: see `decide_classes`.
    """
    d = decide_classes(
        calibration, test, alpha=alpha, delta=delta, min_coverage=min_coverage, alpha_write=alpha_write,
        n_calls=len(dataset.rows), growth=growth,
    )  # fmt: skip
    base, passed, served = d.parts[0], d.verdict == "pass", d.test_served
    rows = [
        _grid_row(part, i, delta / len(d.parts)) | ({"write": float(part is d.write)} if alpha_write else {})
        for part in d.parts
        for i in range(len(part.plan.thresholds))
    ]
    return Evaluation(
        id=new_id("evaluation"),
        student_id=student.id,
        task_id=student.task_id,
        dataset_id=dataset.id,
        verdict=d.verdict,
        reason=d.reason,
        threshold=d.threshold,
        alpha=alpha,
        delta=delta,
        min_coverage=min_coverage,
        n_calibration=base.n_calibration,
        n_test=base.n_test,
        n_sessions_calibration=base.n_sessions_calibration,
        n_sessions_test=base.n_sessions_test,
        coverage=served / base.n_test if passed else 0.0,
        agreement=1 - d.test_losses / served if passed and served else None,
        agreement_low=1 - alpha if passed else None,
        calls_needed=d.calls_needed,
        grid=tuple(rows),
        baselines=dict(baselines or {}),
        alpha_write=alpha_write,
        threshold_write=d.threshold_write,
        tool_risk=dict(tool_risk or {}) if alpha_write else {},
        artifact_hash=student.artifact_hash,
        weights_hash=student.recipe.get("weights", {}).get("sha256", ""),
        created_at=datetime.now(UTC),
    )


def _grid_row(d: Decision, i: int, delta: float) -> dict[str, float]:
    cal, test = d.calibration[i], d.test[i]
    return {
        "threshold": d.plan.thresholds[i],
        "coverage": cal.served / d.n_calibration if d.n_calibration else 0.0,
        "risk": cal.losses / cal.served if cal.served else 0.0,
        "risk_upper": binomial_upper(
            round(cal.losses * cal.sessions / max(1, cal.served)), cal.sessions, delta
        ),
        "served": float(cal.served),
        "losses": float(cal.losses),
        "sessions": float(cal.sessions),
        "p_value": d.p_values[i],
        "level": d.levels[i],
        "certified": float(d.rejected[i]),
        "test_coverage": test.served / d.n_test if d.n_test else 0.0,
        "test_risk": test.losses / test.served if test.served else 0.0,
    }
