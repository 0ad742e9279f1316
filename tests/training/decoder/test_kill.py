"""A training run killed by SIGKILL in the middle goes on, and ends where an undisturbed one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from rightsizer.students.artifact import Seal, is_sealed, sealed
from rightsizer.students.sealed_weights import opened_folder
from rightsizer.testing.label_calls import label_examples
from rightsizer.training.train import train
from rightsizer.types import Candidate, Task

EXAMPLES = label_examples(60)
TASK = Task(id="t", name="intents", output="label")
STEPS = 6
SEAL = Seal(close=lambda b: b[::-1], open=lambda b: b[::-1])
# The same run in a process of its own; it says each step, so that it can be killed at one.
PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from test_kill import EXAMPLES, SEAL, TASK, candidate
from rightsizer.students.artifact import sealed
from rightsizer.training.train import train
from contextlib import nullcontext
from pathlib import Path
def told(what, done, total):
    print(int(done), flush=True)
with sealed(SEAL) if {seal} else nullcontext():
    train(candidate({base!r}), TASK, EXAMPLES, Path({out!r}), progress=told)
"""


def candidate(base: str) -> Candidate:
    params = {"max_steps": STEPS, "batch_size": 4, "learning_rate": 5e-3, "save_steps": 2, "bf16": False}
    return Candidate(rung="decoder", method="full", base_model=base, params=params)


@pytest.mark.parametrize("seal", [False, True])
def test_killed_and_resumed_it_has_the_weights_of_an_undisturbed_run(
    tiny: Callable[[str], Path], tmp_path: Path, seal: bool
) -> None:
    import torch
    from safetensors.torch import load_file

    base = str(tiny("llama"))
    killed, whole = tmp_path / "killed" / "s", tmp_path / "whole" / "s"
    for folder in (killed, whole):
        folder.parent.mkdir()
    code = PROGRAM.format(tests=str(Path(__file__).parent), base=base, out=str(killed), seal=seal)
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert run.stdout is not None
    steps = [int(line) for line in iter(run.stdout.readline, "") if _stop(run, line)]
    run.wait(60)
    assert run.returncode == -signal.SIGKILL, steps
    assert not (killed / "student.json").exists()  # half a run is no student

    saved = [p for p in killed.parent.glob(".training-*/checkpoint-*/*") if p.is_file()]
    assert len(saved) > 3
    assert {is_sealed(p) for p in saved} == {seal}
    with sealed(SEAL) if seal else nullcontext():
        again = train(candidate(base), TASK, EXAMPLES, killed)
    assert not list(killed.parent.glob(".training-*"))
    undisturbed = train(candidate(base), TASK, EXAMPLES, whole)
    assert 2 <= again.recipe["resumed_at"] < STEPS
    assert again.recipe["steps"] == undisturbed.recipe["steps"] == STEPS
    with opened_folder(killed / "model", SEAL) as model:
        a, b = (load_file(folder / "model.safetensors") for folder in (model, whole / "model"))
    assert a.keys() == b.keys()
    start = load_file(Path(base) / "model.safetensors")
    for name in b:
        assert torch.allclose(a[name], b[name], atol=1e-5), name
    assert any(not torch.allclose(b[name], start[name], atol=1e-3) for name in b)  # it did learn something


def _stop(run: subprocess.Popen[str], line: str) -> bool:
    """Kill the run once it has passed a saved point; whether the line says a step."""
    if line.strip().isdigit() and int(line) >= 3:
        os.kill(run.pid, signal.SIGKILL)
    return line.strip().isdigit()


@pytest.fixture(autouse=True)
def _posix() -> None:
    if os.name != "posix":
        pytest.skip("SIGKILL is of POSIX")
