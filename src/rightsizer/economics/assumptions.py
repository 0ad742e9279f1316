"""What the savings assume, in one place, each with its unit and why it has this value."""

from __future__ import annotations

from pydantic import Field

from rightsizer.types import Frozen

DAYS_PER_MONTH = 365.25 / 12
HOURS_PER_MONTH = DAYS_PER_MONTH * 24


class Assumptions(Frozen):
    """Inputs to every projection. None is measured here; change them to yours."""

    core_hour_usd: float = Field(default=0.05, ge=0, description="price of one CPU core for an hour")
    student_cpu_s: tuple[float, float, float] = Field(
        default=(0.002, 0.01, 0.04), description="CPU-seconds a student needs for a call: low, point, high"
    )
    serving_cores: float = Field(
        default=1.0, ge=0, description="CPU cores kept running for all students together"
    )
    audit_share: float = Field(
        default=0.02, ge=0, le=1, description="share of served calls still sent to the LLM to keep checking"
    )
    staff_hour_usd: float = Field(default=90.0, ge=0, description="an hour of an engineer, all costs")
    setup_hours: float = Field(default=8.0, ge=0, description="hours to put one task live, once")
    upkeep_hours_month: float = Field(
        default=1.0, ge=0, description="hours a month and task: review, monitoring"
    )
    retrain_core_hours_month: float = Field(
        default=1.0, ge=0, description="core-hours of retraining a month and task"
    )

    def serving_usd(self) -> tuple[float, float, float]:
        """USD of compute per served call: low, point, high."""
        low, point, high = (s / 3600 * self.core_hour_usd for s in self.student_cpu_s)
        return low, point, high

    def fixed_usd_month(self, n_tasks: int) -> float:
        """USD a month that do not depend on traffic: reserved cores, retraining, people."""
        if n_tasks == 0:
            return 0.0
        cores = self.serving_cores * HOURS_PER_MONTH * self.core_hour_usd
        per_task = (
            self.upkeep_hours_month * self.staff_hour_usd + self.retrain_core_hours_month * self.core_hour_usd
        )
        return cores + n_tasks * per_task

    def setup_usd(self, n_tasks: int) -> float:
        """USD spent once."""
        return n_tasks * self.setup_hours * self.staff_hour_usd

    def sentences(self) -> tuple[str, ...]:
        """The assumptions as sentences for people."""
        low, point, high = (s * 1000 for s in self.student_cpu_s)
        return (
            f"A student answers in process on a CPU: {point:g} ms of CPU a call ({low:g} to {high:g}), "
            f"at ${self.core_hour_usd:g} per core-hour.",
            f"{self.serving_cores:g} CPU core is kept running for all students together.",
            f"{self.audit_share * 100:g} % of served calls are still sent to the LLM, to keep checking.",
            f"Putting a task live takes {self.setup_hours:g} h once and {self.upkeep_hours_month:g} h a "
            f"month, at ${self.staff_hour_usd:g} an hour.",
            f"Retraining a task takes {self.retrain_core_hours_month:g} core-hour a month.",
        )
