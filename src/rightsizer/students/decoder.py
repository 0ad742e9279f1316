"""A decoder in this process, by transformers: the reference that every other runtime is compared with.

The folder holds the adapter or the whole model, its tokenizer, and the hash of the format it was trained in;
a template that changed since is an error, not a worse answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rightsizer.errors import ArtifactError, MissingExtra
from rightsizer.scoring.metrics import schema_errors
from rightsizer.students.answers import stamp
from rightsizer.students.artifact import Artifact, Seal, current_seal
from rightsizer.students.decoder_constraint import Constraint, constraint_tokenizer, grammar_for
from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.students.sealed_weights import opened_folder
from rightsizer.students.shots import ShotBook, book_from
from rightsizer.types import Message, Prediction, Request
from rightsizer.views.answer import canonical_answer

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder

log = logging.getLogger("rightsizer.students")
WEIGHTS = "model"


@dataclass(frozen=True)
class Written:
    """What a model wrote. `probability` is that of the whole answer; `ended`: it stopped by itself."""

    text: str
    probability: float
    ended: bool
    prompt_tokens: int
    tokens: int


@dataclass(frozen=True)
class DecoderStudent:
    """`folder` is the artifact's; `params` say what lies in it (`training.decoder.train` writes them).

    `seal` opens the weights where they lie sealed: they are read at the first question, not when loaded.
    """

    folder: Path
    params: Mapping[str, Any]
    seal: Seal | None = None

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction per request, in order; invalid answers and refused conversations are abstentions."""
        found: list[Prediction] = []
        size = int(self.params.get("batch_size", 8))
        for start in range(0, len(requests), size):
            found += self._batch(requests[start : start + size])
        return found

    def _batch(self, requests: Sequence[Request]) -> list[Prediction]:
        prompts = [self._prompt_or_none(r) for r in requests]
        asked = [i for i, p in enumerate(prompts) if p is not None]
        out = [Prediction(message=None, reason="the chat template refuses it") for _ in requests]
        texts = [p for p in prompts if p is not None]
        grammars = [grammar_for(requests[i], self.params.get("known")) for i in asked]
        for i, written in zip(asked, self.write(texts, grammars), strict=True):
            out[i] = self._judge(requests[i], written)
        return out

    def prompt(self, request: Request) -> str:
        """The text that the model continues, with the examples that it was trained to read.

        Raises:
            ValueError: the template refuses this conversation.
        """
        shots = int(self.params.get("shots", 0))
        return self.format.prompt(self._book.prompt(request, shots) if shots else request)

    def _prompt_or_none(self, request: Request) -> str | None:
        try:
            return self.prompt(request)
        except ValueError:
            return None

    def _judge(self, request: Request, written: Written) -> Prediction:
        message = self.format.read(written.text) if written.ended else None
        if message is None or self._unknown(message) or schema_errors(message, request):
            return Prediction(message=None, reason="no valid answer")
        return Prediction(message=stamp(message, request), confidence=min(1.0, written.probability))

    def _unknown(self, message: Message) -> bool:
        known = self.params.get("known_answers")
        return known is not None and canonical_answer(message) not in known

    def write(
        self,
        prompts: Sequence[str],
        grammars: Sequence[str | None],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Written]:
        """Continue each prompt until its end of turn."""
        import torch

        if not prompts:
            return []
        tokenizer, model = self.format.tokenizer, self._model
        inputs = tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=False)
        inputs = {k: v.to(model.device) for k, v in inputs.items() if k in ("input_ids", "attention_mask")}
        n_prompt = inputs["input_ids"].shape[1]
        if temperature > 0:
            torch.manual_seed(seed)
        with torch.inference_mode():
            out = model.generate(
                **inputs,
                max_new_tokens=max_tokens or int(self.params["max_new_tokens"]),
                do_sample=temperature > 0,
                **({"temperature": temperature} if temperature > 0 else {}),
                logits_processor=self._constraints(grammars, n_prompt),
                output_logits=True,
                return_dict_in_generate=True,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
        return self._written(out, n_prompt, inputs["attention_mask"].sum(1).tolist())

    def _constraints(self, grammars: Sequence[str | None], n_prompt: int) -> list[Any]:
        if not self.params.get("constrain", True) or not any(grammars):
            return []
        end_id = int(self.format.tokenizer.eos_token_id)
        return [Constraint(self._constraint_tokenizer, list(grammars), n_prompt, end_id)]

    def _written(self, out: Any, n_prompt: int, prompt_tokens: list[int]) -> list[Written]:
        import torch

        tokenizer = self.format.tokenizer
        # Probabilities before the constraint: it makes forced tokens look sure.
        logprobs = torch.stack(out.logits, 1).float().log_softmax(-1)
        ids = out.sequences[:, n_prompt:]
        chosen = logprobs.gather(-1, ids.unsqueeze(-1)).squeeze(-1)
        found = []
        for row, n in zip(range(len(ids)), prompt_tokens, strict=True):
            ends = (ids[row] == tokenizer.eos_token_id).nonzero()
            length = int(ends[0]) if len(ends) else len(ids[row])
            # The end of turn counts: stopping there was a choice too.
            probability = float(chosen[row, : length + 1].sum().exp())
            text = tokenizer.decode(ids[row, :length], skip_special_tokens=True)
            found.append(Written(text, probability, bool(len(ends)), n, length))
        return found

    @cached_property
    def format(self) -> DecoderFormat:
        """The prompt's format, checked against the one of the training."""
        try:
            from transformers import AutoTokenizer
        except ImportError:
            raise MissingExtra("decoders", "a decoder student") from None
        with opened_folder(self.folder / WEIGHTS, self.seal) as folder:
            tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        made = DecoderFormat(tokenizer)
        if made.hash != self.params["format_hash"]:
            raise ArtifactError(
                f"the chat template in {self.folder} is not the one of the training",
                hint="restore the folder from a backup, or train the task again",
            )
        return made

    @cached_property
    def _book(self) -> ShotBook:
        return book_from(self.params["book"])

    @cached_property
    def _model(self) -> Any:
        import torch
        from transformers import AutoModelForCausalLM

        dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
        with opened_folder(self.folder / WEIGHTS, self.seal) as folder:
            if self.params["tuning"] == "full":
                model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
            else:
                from peft import PeftModel

                base = AutoModelForCausalLM.from_pretrained(self.params["base"], dtype=dtype)
                model = PeftModel.from_pretrained(base, folder)
        if torch.cuda.is_available():
            model = model.to("cuda")
        return model.eval()

    @cached_property
    def _constraint_tokenizer(self) -> Any:
        return constraint_tokenizer(
            self.format.tokenizer, int(self._model.config.get_text_config().vocab_size)
        )


def load_decoder(artifact: Artifact, encoder: Encoder | None) -> DecoderStudent:
    """The student of a 'decoder' artifact; its weights are read at the first question."""
    if artifact.folder is None:
        raise ArtifactError("a decoder needs its folder", hint="load it with load_student(folder)")
    return DecoderStudent(artifact.folder, artifact.params, current_seal())
