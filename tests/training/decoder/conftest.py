"""Tiny random models of real architectures; skipped, saying so, without the extra `decoders`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_lm import write_tiny_lm
from rightsizer.types import Example

EXAMPLES = label_examples(60)


def texts(examples: list[Example]) -> list[str]:
    return [m.text for e in examples for m in (*e.prompt.messages, e.completion)]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A model folder by architecture, made once a session."""
    for package in ("torch", "transformers", "peft", "trl", "llguidance"):
        pytest.importorskip(package, reason="needs the extra 'decoders'")
    folder = tmp_path_factory.mktemp("tiny")

    def made(architecture: str) -> Path:
        target = folder / architecture
        return (
            target if target.exists() else write_tiny_lm(target, texts(EXAMPLES), architecture=architecture)
        )

    return made
