"""Where the house stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def source_files(root: Path) -> list[Path]:
    """Every Python file that ships."""
    files = sorted((root / "src" / "rightsizer").rglob("*.py"))
    assert files
    return files


@pytest.fixture(scope="session")
def project_files(root: Path) -> list[Path]:
    """Every text file of the project: what git knows or would add; without git, what is not built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [n for n in listed.stdout.decode().split("\0") if n]
        return sorted(root / n for n in names if (root / n).is_file())
    folders = ["src", "tests", "docs", "benchmarks", "examples", ".ci"]
    found = [p for folder in folders for p in (root / folder).rglob("*") if p.is_file()]
    return sorted([*found, *(p for p in root.iterdir() if p.is_file())])
