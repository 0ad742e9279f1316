"""One thread for the products of small matrices, which is what a student in this process computes.

OpenBLAS starts a thread for each core and lets them spin for each other. For products of a millisecond that
gains nothing, and where the cores are busy (with the gateway's other processes, for one) it costs ten times
the product. `OMP_NUM_THREADS` and `OPENBLAS_NUM_THREADS` say otherwise where they are set.
"""

from __future__ import annotations

import os
import sys

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def use_one_thread() -> None:
    """Hold this process to it, be NumPy loaded already or not."""
    chosen = any(name in os.environ for name in VARIABLES)
    for name in VARIABLES:
        os.environ.setdefault(name, "1")
    if "numpy" in sys.modules and not chosen:  # it has read the variables
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1)
