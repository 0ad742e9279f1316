"""Documentation is tested: what exists is described, and what is described exists."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rightsizer import errors
from rightsizer.cli.app import cli
from rightsizer.config import load_settings

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def read(root: Path, name: str) -> str:
    return (root / "docs" / "reference" / name).read_text(encoding="utf-8")


def documents(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def options_of(command: click.Command) -> set[str]:
    names = {o for p in command.params if isinstance(p, click.Option) for o in (*p.opts, *p.secondary_opts)}
    return {name for name in names if name.startswith("--")} - {"--help"}


def sections(text: str, level: str = "##") -> dict[str, str]:
    """Heading (without backticks) → the text below it."""
    parts = re.split(rf"^{level} (.+)$", text, flags=re.M)
    return {head.strip().strip("`"): body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_setting_is_documented_with_its_default(root: Path, tmp_path: Path) -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `([^`]*)` \|", read(root, "settings.md"), flags=re.M))
    settings = load_settings(tmp_path, env={}).explain()
    assert rows == {s.name: json.dumps(s.value, ensure_ascii=False) for s in settings}


def test_every_error_is_documented(root: Path) -> None:
    real = {
        name: cls
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, errors.RightsizerError)
    }
    described = sections(read(root, "errors.md"))
    assert described.keys() == real.keys()
    for name, cls in real.items():
        assert ("retryable" in described[name]) == (cls.retryable or name == "UpstreamError"), name


def test_every_command_and_option_is_documented(root: Path) -> None:
    described = sections(read(root, "cli.md"))
    real = {f"rightsizer {name}": command for name, command in commands()}
    assert {head for head in described if head.startswith("rightsizer ")} == real.keys()
    for name, command in real.items():
        assert set(re.findall(r"`(--[\w-]+)", described[name])) - {"--json"} == options_of(command) - {
            "--json"
        }, name
    named = set(re.findall(r"`(--[\w-]+)", described["Global options"]))
    assert named == options_of(cli) | {"--help", "--json"}


def spoken_commands(root: Path) -> Iterator[tuple[str, str]]:
    """(document, command line) of every `rightsizer …` in code, ADRs (history) left out."""
    for path in documents(root):
        if "decisions" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        lines = [line for _, body in FENCE.findall(text) for line in body.splitlines()]
        lines += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
        for line in lines:
            if found := re.search(
                r"(?:^|[\s/|])rightsizer ((?:--home \S+ )?[a-z][\w-]*.*)", line.split(" #")[0]
            ):
                yield str(path.relative_to(root)), found[1]


def test_documents_name_only_commands_and_options_that_exist(root: Path) -> None:
    real = dict(commands())
    groups = {name.split()[0] for name in real if " " in name}
    spoken = list(spoken_commands(root))
    assert spoken
    for where, line in spoken:
        words = [w for w in shlex.split(line.replace("…", "")) if w not in ("$", "|")]
        if words[0] == "--home":
            words = words[2:]
        name = " ".join(words[:2]) if words[0] in groups and len(words) > 1 else words[0]
        assert name in real or name in groups, f"{where}: rightsizer {line}"
        if name in real:
            used = {w.split("=")[0] for w in words if w.startswith("--")}
            assert used <= options_of(real[name]) | {"--help"}, f"{where}: rightsizer {line}"


def test_relative_links_lead_somewhere(root: Path) -> None:
    broken = []
    for path in documents(root):
        for target in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
            file, _, anchor = target.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            there = (path.parent / file).resolve() if file else path
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(f"{path.relative_to(root)} → {target}")
    assert not broken


def anchors(path: Path) -> set[str]:
    """The anchors GitHub gives to the headings of a document."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("target", ["install", "demo", "test", "check", "bench"])
def test_make_has_the_targets_that_documents_name(root: Path, target: str) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.M)


def test_documents_name_only_make_targets_that_exist(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    for path in documents(root):
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", path.read_text(encoding="utf-8"), flags=re.M))
        assert named <= targets, path.name


def test_the_extra_all_has_every_extra_that_needs_no_gpu(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    (all_of,) = extras["all"]
    named = set(re.findall(r"[a-z0-9]+", all_of.split("[")[1]))
    torch = {name for name, needs in extras.items() if any("torch" in n for n in needs)}
    for name in sorted(extras):  # an extra that asks for one of those, as decoders for train, needs it too
        torch |= {name} if any(f"rightsizer[{t}]" in n for n in extras[name] for t in torch) else set()
    large = {"gliner", "presidio", "spacy"}  # recognisers from outside: hundreds of megabytes
    assert named == set(extras) - {"all"} - torch - large


def test_every_dependency_is_justified(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (root / "docs" / "decisions" / "0002-base-dependencies.md").read_text(encoding="utf-8")
    names = {re.split(r"[<>=\[;]", d)[0] for d in project["dependencies"]}
    assert set(re.findall(r"^\| `([\w-]+)` \|", text, flags=re.M)) == names


def test_decisions_are_numbered_without_gaps(root: Path) -> None:
    numbers = sorted(int(p.name[:4]) for p in (root / "docs" / "decisions").glob("[0-9]*.md"))
    assert len(numbers) == len(set(numbers))
    assert numbers[:2] == [1, 2]


def test_the_version_has_an_entry_in_the_changelog(root: Path) -> None:
    from rightsizer import __version__

    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {__version__}" in text or "## Unreleased" in text
