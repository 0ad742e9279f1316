"""A tiny random BERT that knows the words of the made-up labelling task."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.students.encoder import Encoder, load_encoder
from rightsizer.students.features import split_words
from rightsizer.testing.label_calls import label_examples
from rightsizer.testing.tiny_bert import write_tiny_bert


@pytest.fixture
def tiny_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    """The encoder, run by ONNX Runtime; its folder is ``files.folder``."""
    pytest.importorskip("tokenizers", reason="the extra 'encoder' is not installed")
    pytest.importorskip("onnxruntime", reason="the extra 'encoder' is not installed")
    monkeypatch.setenv("RIGHTSIZER_CACHE", str(tmp_path / "cache"))
    texts = [e.prompt.messages[-1].text for e in label_examples(400)]
    words = sorted({word for text in texts for word in split_words(text)})
    found = load_encoder(write_tiny_bert(tmp_path / "bert", words, hidden=48))
    assert found is not None
    return found
