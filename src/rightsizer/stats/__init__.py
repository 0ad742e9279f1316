"""Intervals, tests and sequential bounds: pure functions over arrays, each with its source.

No function gives NaN: what cannot be computed from raises `InputError`, and no data at all gives the
answer that knows nothing (an interval of [0, 1], a p-value of 1, an e-value of 1).
"""

from rightsizer.stats.betting import betting_interval, e_process, e_value, stakes_for
from rightsizer.stats.binomial import (
    binomial_lower,
    binomial_upper,
    clopper_pearson,
    p_at_least,
    p_at_most,
    wilson,
)
from rightsizer.stats.multiple import bonferroni, fallback
from rightsizer.stats.paired import Equivalence, Estimate, cluster_bootstrap, mcnemar_exact, tost
from rightsizer.stats.power import calls_needed
from rightsizer.stats.repeated import pass_hat_k

__all__ = [
    "Equivalence",
    "Estimate",
    "betting_interval",
    "binomial_lower",
    "binomial_upper",
    "bonferroni",
    "calls_needed",
    "clopper_pearson",
    "cluster_bootstrap",
    "e_process",
    "e_value",
    "fallback",
    "mcnemar_exact",
    "p_at_least",
    "p_at_most",
    "pass_hat_k",
    "stakes_for",
    "tost",
    "wilson",
]
