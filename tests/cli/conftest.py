"""A home in which the whole loop has run once on the scripted agent's log, shared by the CLI tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rightsizer.cli.app import run
from rightsizer.testing.demo_agent import write_log


@dataclass(frozen=True)
class Ran:
    """One finished command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@dataclass(frozen=True)
class Looped:
    """A home after `run --all --release`, with the logs it was made from."""

    home: Path
    log: Path
    held_out: Path
    outcome: dict


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command line in this process and capture what it printed."""

    def call(*args: object) -> Ran:
        capfd.readouterr()
        code = run([str(a) for a in args])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


def _quiet(args: Sequence[object], into: Path) -> int:
    """Run a command line outside of a test's capture, with stdout going to a file."""
    import subprocess
    import sys

    with into.open("wb") as out:
        return subprocess.run(
            [sys.executable, "-m", "rightsizer", *map(str, args)], stdout=out, check=False
        ).returncode


@pytest.fixture(scope="session")
def looped(tmp_path_factory: pytest.TempPathFactory) -> Looped:
    """import + run --all --release, once per test session (without the encoder: lexical and fast)."""
    folder = tmp_path_factory.mktemp("looped")
    home, log, held_out = folder / "home", folder / "agent.jsonl", folder / "held-out.jsonl"
    write_log(log, 2000, seed=1)
    write_log(held_out, 120, seed=2)
    base = ["--home", home, "--set", "encoder.enabled=false"]
    assert _quiet([*base, "import", log, "--json"], folder / "import.json") == 0
    assert _quiet([*base, "run", "--all", "--release", "--json"], folder / "run.json") == 0
    return Looped(home, log, held_out, json.loads((folder / "run.json").read_text()))
