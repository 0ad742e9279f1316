"""The blocks of the README that are marked `run` do run, in order, on the demo agent's log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rightsizer.testing.demo_agent import write_logs

BLOCK = re.compile(r"^```(bash|python) run\n(.*?)^```", re.M | re.S)

# Small and quick; what is promised here is that the commands work together, not what they find.
QUICK = {
    "RIGHTSIZER_ENCODER_ENABLED": "false",
    "RIGHTSIZER_GATE_ALPHA_LABEL": "0.1",
    "RIGHTSIZER_GATE_ALPHA_TOOL_CALL": "0.2",
    "RIGHTSIZER_GATE_ALPHA_FIELDS": "0.2",
    "RIGHTSIZER_GATE_MIN_CALLS": "100",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def test_the_blocks_run(root: Path, tmp_path: Path) -> None:
    blocks = BLOCK.findall((root / "README.md").read_text(encoding="utf-8"))
    assert {language for language, _ in blocks} == {"bash", "python"}
    log, _ = write_logs(tmp_path, n_sessions=400)
    log.rename(tmp_path / "calls.jsonl")
    env = {**os.environ, **QUICK, "PYTHONUTF8": "1", "HOME": str(tmp_path)}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    for language, block in blocks:
        command = [sys.executable, "-c", block] if language == "python" else ["bash", "-c", _checked(block)]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", page)


def _checked(block: str) -> str:
    """Stop at the first command that fails; 3 (`run`: nothing passed) is an answer, not a failure."""
    return 'ok() { "$@" || { code=$?; [ $code -eq 3 ] || exit $code; }; }\n' + re.sub(
        r"^rightsizer", "ok rightsizer", "set -e\nexport RIGHTSIZER_HOME=~/my-agent\n" + block, flags=re.M
    )


@pytest.mark.parametrize("code", [0, 3, 1])
def test_a_failing_block_would_be_noticed(code: int, tmp_path: Path) -> None:
    script = tmp_path / "rightsizer"
    script.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    script.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", _checked("rightsizer run --all\ntrue\n")], env=env, check=False)
    assert done.returncode == (1 if code == 1 else 0)
