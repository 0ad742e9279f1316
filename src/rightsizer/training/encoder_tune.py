"""Fine-tuning of the sentence encoder on a task's texts and answers, full or LoRA. Needs the extra 'train'.

A cosine classifier on the pooled unit vector (Gidaris & Komodakis 2018), whose class weights start at the
class means of the frozen encoder, so that the first step ranks classes well. AdamW, warm-up and cosine
decay (Loshchilov & Hutter 2019), batches of like length, early stopping on held-out groups. The embeddings
of words stay as they are, for a word of no training call must keep its place. LoRA (Hu et al. 2022) is
peft's, merged before the weights are handed on. Equal seeds on one machine give equal weights.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.errors import MissingExtra

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Labels = npt.NDArray[np.int32]

LORA_TARGETS = ("query", "key", "value", "dense")
POOL = 16  # batches whose rows are sorted by length together
CACHED_TOKENS = 400_000  # of so many at most, what the frozen layers say is kept: 300 MB at 384 numbers each
CHECKS = 2  # looks at the held-out rows per pass over the data
HEAD_LR = 3e-3
STRANGE_COSINE = 0.3  # where the score of "none" starts
MIDDLE = 0.3  # of a mixture, so much at least is of either


@dataclass(frozen=True)
class Tuning:
    """How to tune. `lora_rank` 0 tunes all weights but the embeddings; `scale` multiplies the cosines.

    `frozen_layers` at the bottom stay as they are; -1 stands for half of them. `stranger_share` of each batch
    come from the strangers, whose loss counts `stranger_weight`. Where there are some, up to `mixed` mixtures
    of two known texts' vectors are strangers too, and count `mixed_weight`. `patience` is how many looks in a
    row at a clearly worse held-out accuracy end the run; `max_steps` bounds it.
    """

    epochs: float = 3.0
    lr: float = 1.5e-4
    batch: int = 32
    scale: float = 20.0
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    label_smoothing: float = 0.0
    lora_rank: int = 0
    frozen_layers: int = -1
    stranger_share: float = 0.25
    stranger_weight: float = 0.5
    mixed: int = 32
    mixed_weight: float = 0.25
    patience: int = 3
    max_steps: int = 4000
    max_tokens: int = 128


@dataclass(frozen=True)
class Tuned:
    """Weights under the checkpoint's names, unit class vectors (classes, size), and what the run was."""

    weights: dict[str, Floats]
    classes: Floats
    steps: int
    accuracies: tuple[float, ...]
    losses: tuple[float, ...]


def can_tune() -> bool:
    """Whether torch and transformers are installed (found, not imported)."""
    return all(importlib.util.find_spec(m) is not None for m in ("torch", "transformers"))


def tune_encoder(
    folder: Path,
    texts: Sequence[str],
    labels: Labels,
    held_out: npt.NDArray[np.bool_],
    how: Tuning,
    *,
    strangers: Sequence[str] = (),
    pooling: str = "mean",
    seed: int = 0,
    progress: Callable[[str, float, float | None], None] | None = None,
) -> Tuned:
    """Tune the encoder in `folder` to tell the `labels` 0 … n-1 of `texts` apart.

    Rows where `held_out` is true are not learnt from: they decide when to stop and which weights are kept.
    Of `strangers` it is learnt that no class vector is near them.

    Raises:
        MissingExtra: torch, transformers or (for LoRA) peft is not installed.
    """
    if not can_tune() or (how.lora_rank and importlib.util.find_spec("peft") is None):
        raise MissingExtra("train", "fine-tuning the sentence encoder")
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        run = _Run(folder, [*texts, *strangers], labels, how, pooling)
        return run.fit(np.flatnonzero(~held_out), np.flatnonzero(held_out), seed, progress)


class _Run:
    """One model being tuned: the network, its classifier, the tokenised texts."""

    def __init__(self, folder: Path, texts: Sequence[str], labels: Labels, how: Tuning, pooling: str) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()
        logging.set_verbosity_error()
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(how.max_tokens)
        self.how, self.pooling = how, pooling
        self.ids = [e.ids for e in tokenizer.encode_batch([t[: how.max_tokens * 40] for t in texts])]
        self.labels = torch.from_numpy(np.asarray(labels, np.int64))
        net = AutoModel.from_pretrained(
            folder,
            dtype=torch.float32,
            hidden_dropout_prob=how.dropout,
            attention_probs_dropout_prob=how.dropout,
        )
        self.net: Any = _with_lora(net, how.lora_rank) if how.lora_rank else net
        if not how.lora_rank:
            for part in (net.embeddings, *net.encoder.layer[: n_frozen(how, len(net.encoder.layer))]):
                part.requires_grad_(False)
        self.below: list[Any] = []
        self.skipped: tuple[Any, Any] | None = None
        if not how.lora_rank:
            self._skip_frozen(n_frozen(how, len(net.encoder.layer)))

    def _skip_frozen(self, frozen: int) -> None:
        """Keep what the layers that stay as they are say of each text, and go on without them; not where that
        would take too much memory. Dropout on it is what is left of theirs."""
        import torch

        if not frozen or sum(map(len, self.ids)) > CACHED_TOKENS:
            return
        layers = self.net.encoder.layer
        self.net.encoder.layer = layers[:frozen]
        self.net.eval()
        found: dict[int, Any] = {}
        order = sorted(range(len(self.ids)), key=lambda i: len(self.ids[i]))
        with torch.no_grad():
            for start in range(0, len(order), 64):
                part = order[start : start + 64]
                states, _ = self._states(part)
                found.update(
                    (i, said[: len(self.ids[i])].bfloat16()) for i, said in zip(part, states, strict=True)
                )
        self.skipped = self.net.embeddings, layers
        self.below = [found[i] for i in range(len(self.ids))]
        self.net.embeddings, self.net.encoder.layer = _given(self.how.dropout), layers[frozen:]

    def _states(self, rows: Sequence[int]) -> tuple[Any, Any]:
        """What the network says of each token of these texts, padded together, and which tokens are some."""
        import torch

        lengths = torch.tensor([len(self.ids[i]) for i in rows])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        if self.below:
            lower = torch.zeros(*mask.shape, self.below[0].shape[1])
            lower[mask] = torch.cat([self.below[i] for i in rows]).float()
            given = {"inputs_embeds": lower}
        else:
            ids = torch.zeros(mask.shape, dtype=torch.long)
            ids[mask] = torch.tensor([token for i in rows for token in self.ids[i]])
            given = {"input_ids": ids}
        with torch.autocast("cpu", torch.bfloat16, enabled=_fast_bf16()):
            return self.net(**given, attention_mask=mask.long()).last_hidden_state.float(), mask

    def vectors(self, rows: Sequence[int]) -> Any:
        """Unit vectors (rows, size) of these texts, padded together."""
        from torch.nn.functional import normalize

        states, mask = self._states(rows)
        if self.pooling == "cls":
            return normalize(states[:, 0], dim=1)
        weights = mask[:, :, None].float()
        return normalize((states * weights).sum(1) / weights.sum(1), dim=1)

    def encode(self, rows: npt.NDArray[np.int64]) -> Any:
        """`vectors` of many rows, without dropout or gradients."""
        import torch

        self.net.eval()
        order = sorted(rows.tolist(), key=lambda i: len(self.ids[i]))
        found: dict[int, Any] = {}
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                part = order[start : start + 64]
                found.update(zip(part, self.vectors(part), strict=True))
        return torch.stack([found[i] for i in rows.tolist()])

    def fit(
        self,
        learn: npt.NDArray[np.int64],
        check: npt.NDArray[np.int64],
        seed: int,
        progress: Callable[[str, float, float | None], None] | None,
    ) -> Tuned:
        import torch
        from torch.nn.functional import normalize

        how = self.how
        classes = torch.nn.Parameter(self._class_means(learn))
        level = torch.nn.Parameter(torch.tensor(STRANGE_COSINE))
        foreign = self._foreign_batches(seed)
        tuned = [p for p in self.net.parameters() if p.requires_grad]
        groups = [
            {"params": tuned, "lr": how.lr, "weight_decay": how.weight_decay},
            {"params": [classes, level], "lr": HEAD_LR, "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups)
        per_pass = math.ceil(len(learn) / how.batch)
        total = max(1, min(how.max_steps, round(per_pass * how.epochs)))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: _rate(s, total, how.warm_up))
        look_every = max(1, per_pass // CHECKS)
        best, kept, waited = -1.0, self._snapshot(classes), 0
        accuracies, losses = [], []
        for step, rows in enumerate(_batches(learn, self.ids, how.batch, total, seed), 1):
            self.net.train()
            away = foreign(max(len(self.ids[i]) for i in rows))
            vectors, heads = self.vectors(rows + away), normalize(classes, dim=1)
            loss = self._loss(how.scale * (vectors @ heads.T), self.labels[rows], how.scale * level)
            if away:
                between = _between(vectors[: len(rows)], self.labels[rows], how.mixed)
                loss = loss + how.mixed_weight * _none_loss(
                    how.scale * (between @ heads.T), how.scale * level
                )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(tuned, 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if progress is not None:
                progress("tune", step, total)
            if len(check) and (step % look_every == 0 or step == total):
                accuracies.append(self._accuracy(check, classes))
                # A few hundred rows cannot tell weights apart that differ by less than their standard error:
                # of those the later ones, which have seen more at a lower rate.
                slack = math.sqrt(max(best * (1 - best), 0.0) / len(check))
                waited = waited + 1 if accuracies[-1] < best - slack else 0
                if not waited:
                    best, kept = max(best, accuracies[-1]), self._snapshot(classes)
                if waited >= how.patience:
                    break
        weights, heads = kept if len(check) else self._snapshot(classes)
        unit = normalize(heads, dim=1).numpy()
        return Tuned(self._weights(weights), unit, len(losses), tuple(accuracies), tuple(losses))

    def _loss(self, logits: Any, labels: Any, level: Any) -> Any:
        """Cross entropy of the classes; with strangers in the last rows, also with one answer more, "none",
        whose score is one `level` for all: it is the right one for them, and wrong for the others."""
        from torch.nn.functional import cross_entropy

        n = len(labels)
        loss = cross_entropy(logits[:n], labels, label_smoothing=self.how.label_smoothing)
        if len(logits) == n:
            return loss
        known = (loss + cross_entropy(_with_none(logits[:n], level), labels)) / 2
        return known + self.how.stranger_weight * _none_loss(logits[n:], level)

    def _foreign_batches(self, seed: int) -> Callable[[int], list[int]]:
        """What gives rows of strangers: of the waiting batches the one whose longest text is nearest to a
        length, so that padding costs little; empty where there are none."""
        strangers = np.arange(len(self.labels), len(self.ids))
        size = round(self.how.batch * self.how.stranger_share) if len(strangers) else 0
        if not size:
            return lambda length: []
        batches = _batches(strangers, self.ids, size, 2**62, seed + 1)
        waiting = [next(batches) for _ in range(POOL)]

        def take(length: int) -> list[int]:
            away = [abs(max(len(self.ids[i]) for i in batch) - length) for batch in waiting]
            found = waiting.pop(int(np.argmin(away)))
            waiting.append(next(batches))
            return found

        return take

    def _class_means(self, learn: npt.NDArray[np.int64]) -> Any:
        import torch

        vectors, labels = self.encode(learn), self.labels[learn]
        means = torch.zeros(int(self.labels.max()) + 1, vectors.shape[1]).index_add(0, labels, vectors)
        return means / torch.bincount(labels, minlength=len(means)).clamp(min=1)[:, None]

    def _accuracy(self, rows: npt.NDArray[np.int64], classes: Any) -> float:
        from torch.nn.functional import normalize

        guess = (self.encode(rows) @ normalize(classes.detach(), dim=1).T).argmax(1)
        return float((guess == self.labels[rows]).float().mean())

    def _snapshot(self, classes: Any) -> tuple[dict[str, Any], Any]:
        tuned = {n: p.detach().clone() for n, p in self.net.named_parameters() if p.requires_grad}
        return tuned, classes.detach().clone()

    def _weights(self, kept: dict[str, Any]) -> dict[str, Floats]:
        self.net.load_state_dict(kept, strict=False)
        if self.skipped is not None:
            self.net.embeddings, self.net.encoder.layer = self.skipped
        plain = self.net.merge_and_unload() if self.how.lora_rank else self.net
        return {n: t.detach().float().numpy().copy() for n, t in plain.state_dict().items()}


def _with_none(logits: Any, level: Any) -> Any:
    import torch

    return torch.cat([logits, level.expand(len(logits), 1)], 1)


def _none_loss(logits: Any, level: Any) -> Any:
    """Cross entropy of rows for which "none" is the right answer; 0 for no rows."""
    import torch
    from torch.nn.functional import cross_entropy

    if not len(logits):
        return logits.sum()
    return cross_entropy(_with_none(logits, level), torch.full((len(logits),), logits.shape[1]))


def _between(vectors: Any, labels: Any, n: int) -> Any:
    """About `n` unit vectors between two of these of different labels, drawn at random: of no class."""
    import torch
    from torch.nn.functional import normalize

    one, other = torch.randint(len(labels), (2, n))
    apart = labels[one] != labels[other]
    one, other = one[apart], other[apart]
    share = MIDDLE + (1 - 2 * MIDDLE) * torch.rand(len(one), 1)
    return normalize(share * vectors[one] + (1 - share) * vectors[other], dim=1)


def _given(dropout: float) -> Any:
    """In place of an embedding of words: hands on what it is given, with dropout."""
    import torch

    class Given(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dropout = torch.nn.Dropout(dropout)

        def forward(self, inputs_embeds: Any, **_: Any) -> Any:
            return self.dropout(inputs_embeds)

    return Given()


def n_frozen(how: Tuning, layers: int) -> int:
    """How many of an encoder's `layers` stay as they are, from the bottom up."""
    return layers // 2 if how.frozen_layers < 0 else min(how.frozen_layers, layers)


def _with_lora(net: Any, rank: int) -> Any:
    from peft import LoraConfig, get_peft_model

    return get_peft_model(net, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(LORA_TARGETS)))


def _rate(step: int, total: int, warm_up: float) -> float:
    """Linear to 1 over the share `warm_up` of the run, then half a cosine to 0."""
    ramp = max(1.0, warm_up * total)
    if step < ramp:
        return (step + 1) / (ramp + 1)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - ramp) / max(1.0, total - ramp))))


def _batches(
    rows: npt.NDArray[np.int64], ids: Sequence[Sequence[int]], size: int, total: int, seed: int
) -> Iterator[list[int]]:
    """`total` batches over shuffled passes; rows of a batch are of like length, so padding costs little."""
    rng = np.random.default_rng(seed)
    made = 0
    while made < total:
        order = rng.permutation(rows).tolist()
        batches = []
        for start in range(0, len(order), size * POOL):
            pool = sorted(order[start : start + size * POOL], key=lambda i: len(ids[i]))
            batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        for i in rng.permutation(len(batches))[: total - made]:
            made += 1
            yield batches[i]


def _fast_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it is emulated, it is slower than float32."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
