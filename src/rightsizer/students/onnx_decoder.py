"""A decoder exported to ONNX, run by ONNX Runtime GenAI: the same prompts, forms and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rightsizer.errors import InputError, MissingExtra
from rightsizer.students.decoder import Written

CONFIG = "genai_config.json"


@dataclass(frozen=True)
class OnnxWriter:
    """Writes with the model in `folder`, one prompt after the other. `tokenizer` is the student's own."""

    folder: Path
    tokenizer: Any
    max_new_tokens: int

    def write(
        self,
        prompts: Sequence[str],
        grammars: Sequence[str | None],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Written]:
        """Continue each prompt until its end of turn, as `DecoderStudent.write` does.

        Raises:
            InputError: the folder holds no such model.
            MissingExtra: onnxruntime-genai is not installed.
        """
        most = max_tokens or self.max_new_tokens
        return [
            self._continued(prompt, grammar, most, temperature, seed)
            for prompt, grammar in zip(prompts, grammars, strict=True)
        ]

    def _continued(
        self, prompt: str, grammar: str | None, most: int, temperature: float, seed: int
    ) -> Written:
        genai, model = self._loaded
        ids = list(self.tokenizer(prompt, add_special_tokens=False)["input_ids"])
        asked = genai.GeneratorParams(model)
        sampled = {"temperature": temperature, "random_seed": seed} if temperature > 0 else {}
        asked.set_search_options(max_length=len(ids) + most, do_sample=temperature > 0, **sampled)
        if grammar is not None:
            asked.set_guidance("lark_grammar", grammar)
        generator = genai.Generator(model, asked)
        generator.append_tokens(np.array(ids, dtype=np.int32))
        written: list[int] = []
        logprob = 0.0
        while not generator.is_done():
            scores = np.asarray(generator.get_logits(), dtype=np.float64).reshape(-1)  # before the constraint
            generator.generate_next_token()
            written.append(int(generator.get_next_tokens()[0]))
            logprob += float(scores[written[-1]] - _log_sum(scores))
        ended = bool(written) and written[-1] == self.tokenizer.eos_token_id
        kept = written[:-1] if ended else written
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        return Written(text, float(np.exp(logprob)), ended, len(ids), len(kept))

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        try:
            import onnxruntime_genai
        except ImportError:
            raise MissingExtra("genai", "a decoder in ONNX") from None
        if not (self.folder / CONFIG).is_file():
            raise InputError(
                f"there is no model for ONNX Runtime GenAI in {self.folder}",
                hint="rightsizer students export STUDENT FOLDER --to onnx; it is in FOLDER/onnx",
            )
        return onnxruntime_genai, onnxruntime_genai.Model(str(self.folder))


def _log_sum(scores: Any) -> float:
    top = float(scores.max())
    return top + float(np.log(np.exp(scores - top).sum()))
