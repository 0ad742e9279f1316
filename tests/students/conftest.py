"""A tiny random BERT, saved as sentence-transformers would save it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.testing.tiny_bert import write_tiny_bert


@pytest.fixture
def bert_folder(tmp_path: Path) -> Path:
    """Folder with config.json, tokenizer.json, model.safetensors and the pooling's config."""
    pytest.importorskip("tokenizers", reason="the extra 'encoder' is not installed")
    pytest.importorskip("onnxruntime", reason="the extra 'encoder' is not installed")
    return write_tiny_bert(tmp_path / "bert")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX files are built under the test run's own folder (once), not in the user's cache."""
    monkeypatch.setenv("RIGHTSIZER_CACHE", str(tmp_path_factory.getbasetemp() / "rightsizer-cache"))
