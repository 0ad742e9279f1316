"""Importing the package, the command line or the gateway loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "torch", "transformers", "sklearn", "scipy", "onnx", "onnxruntime", "tokenizers", "pandas",
    "pyarrow", "huggingface_hub", "joblib", "jinja2", "jsonschema", "rich",
}  # fmt: skip


def loaded(statement: str) -> set[str]:
    """Top-level modules in memory after `statement`, in a fresh interpreter."""
    code = (
        f"import sys, json\n{statement}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stderr
    return set(json.loads(out.stdout))


@pytest.mark.parametrize(
    "module",
    [
        "rightsizer",
        "rightsizer.cli",
        "rightsizer.cli.app",
        "rightsizer.config",
        "rightsizer.types",
        "rightsizer.gateway",
    ],
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert not loaded(f"import {module}") & HEAVY


def test_help_loads_no_learning_library() -> None:
    seen = loaded(
        "from rightsizer.cli.app import run\nimport io\nout, sys.stdout = sys.stdout, io.StringIO()\n"
        "run(['--help'])\nsys.stdout = out"
    )
    assert not seen & {"torch", "sklearn", "scipy", "onnxruntime", "pandas"}


def test_this_check_can_fail() -> None:
    assert "sklearn" in loaded("import sklearn.linear_model") & HEAVY


def test_pickle_is_never_read_or_written(source_files: list[Path]) -> None:
    import ast

    banned = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    found = []
    for path in source_files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                value = node.value
                names = [] if isinstance(value, ast.Constant) and value.value is False else ["pickle"]
            found += [f"{path.name}:{getattr(node, 'lineno', 0)}" for n in names if n.split(".")[0] in banned]
    assert not found


def test_the_gateway_s_supervisor_loads_only_what_it_needs() -> None:
    """Its pages are copied once more by each child that touches them: see ADR 0025."""
    seen = loaded("import rightsizer.gateway.serve, rightsizer.pipeline.gateway")
    assert not seen & (HEAVY | {"asyncio", "uvicorn", "uvloop", "httptools", "numpy", "ssl", "ctypes"})
