"""Five floors: imports run downward, and stages never import each other (contract in pyproject.toml)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("importlinter")


def lint(config: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    from importlinter.cli import lint_imports

    monkeypatch.chdir(config.parent)
    return lint_imports(config_filename=str(config), no_cache=True, no_logo=True)


def test_imports_run_downward(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = lint(root / "pyproject.toml", monkeypatch)
    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("floors/stages_a/__init__.py", "from floors import stages_b"),
        ("floors/ground/__init__.py", "from floors import stages_a"),
        ("floors/utils.py", ""),
    ],
    ids=["a stage imports a stage", "an import runs upward", "a stray module"],
)
def test_this_check_can_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path, file: str, line: str
) -> None:
    """The same kind of contract, on a package of three modules with one fault each."""
    for module in ("stages_a", "stages_b", "ground"):
        (tmp_path / "floors" / module).mkdir(parents=True)
        (tmp_path / "floors" / module / "__init__.py").touch()
    (tmp_path / "floors" / "__init__.py").touch()
    (tmp_path / "setup.cfg").write_text(
        "[importlinter]\nroot_package = floors\n[importlinter:contract:1]\nname = floors\ntype = layers\n"
        "containers = floors\nexhaustive = true\nlayers =\n    stages_a | stages_b\n    ground\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert lint(tmp_path / "setup.cfg", monkeypatch) == 0
    (tmp_path / file).write_text(line + "\n", encoding="utf-8")
    assert lint(tmp_path / "setup.cfg", monkeypatch) == 1
    shutil.rmtree(tmp_path / "floors")
