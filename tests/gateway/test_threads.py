"""A worker computes in one thread, whoever starts the gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rightsizer.gateway.threads import VARIABLES

SCRIPT = """
import inspect, json, os, pathlib, socket, sys
{first}
from rightsizer.gateway.serve import _work
from rightsizer.gateway.settings import GatewaySettings

def source():  # asked for in the worker, before it answers anything
    import numpy
    from threadpoolctl import threadpool_info
    print(json.dumps([pool["num_threads"] for pool in threadpool_info()]), flush=True)
    os._exit(0)

{then}
given = dict(settings=GatewaySettings(port=0), home=pathlib.Path(sys.argv[1]), kek=bytes(32))
given |= dict(route_source=source, listener=socket.socket())
_work(**{{name: given.get(name) for name in inspect.signature(_work).parameters}})
"""


def threads(folder: Path, *, first: str = "", then: str = "", **chosen: str) -> list[int]:
    """How many threads each pool of a worker's NumPy has."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(first=first, then=then), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **chosen},
    )
    assert out.returncode == 0, out.stderr
    found: list[int] = json.loads(out.stdout)
    return found


def test_a_worker_s_numpy_has_one_thread(tmp_path: Path) -> None:
    assert set(threads(tmp_path)) == {1}


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core, one thread anyway")
def test_it_has_more_where_nobody_says_so(tmp_path: Path) -> None:
    """Without this, the other tests here could not fail."""
    unlimited = "import rightsizer.gateway.threads as t; t.use_one_thread = lambda: None"
    assert max(threads(tmp_path, then=unlimited)) > 1


def test_one_thread_too_where_numpy_was_loaded_before(tmp_path: Path) -> None:
    assert set(threads(tmp_path, first="import numpy")) == {1}


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="OpenBLAS takes no more threads than cores")
def test_who_chose_a_number_gets_it(tmp_path: Path) -> None:
    assert max(threads(tmp_path, OPENBLAS_NUM_THREADS="2")) == 2
