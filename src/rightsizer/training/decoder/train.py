"""The way from examples to a decoder student: tokens, memory, training, files, recipe."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rightsizer.errors import InputError
from rightsizer.students.artifact import Artifact, save
from rightsizer.students.decoder import WEIGHTS
from rightsizer.students.decoder_format import DecoderFormat
from rightsizer.students.sealed_weights import seal_folder
from rightsizer.students.shots import ShotBook, book_of
from rightsizer.training.decoder.data import Tokenized, tokenize
from rightsizer.training.decoder.energy import EnergyMeter
from rightsizer.training.decoder.load import load_model, load_tokenizer
from rightsizer.training.decoder.memory import available_bytes, estimate_of, make_room, on_gpu
from rightsizer.training.decoder.recipe import Recipe
from rightsizer.training.prompted import MOST_SHOTS, choices, spread
from rightsizer.training.trained import Progress, Trained, describe
from rightsizer.types import Candidate, Example, Message, Task, TextPart
from rightsizer.views.answer import canonical_answer
from rightsizer.views.view import fit_mask

if TYPE_CHECKING:
    from rightsizer.students.encoder import Encoder
    from rightsizer.training.decoder.fit import Fitted, Teacher

# Room for an answer longer than any seen, which a narrow task hardly ever needs.
ANSWER_SLACK = 1.5
LEAST_NEW_TOKENS = 16
# Calls that the base answers for its preferences: its mistakes are in the first thousands as in the rest.
MOST_PREFERENCES = 2_000

TIGHT = "memory is tight: what was freed was given back at once, which takes longer"


def train_decoder(
    candidate: Candidate,
    task: Task,
    examples: Sequence[Example],
    out: Path,
    *,
    seed: int = 0,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Fine-tune a decoder; ``candidate.base_model`` names it, ``candidate.params`` is the rest of a `Recipe`.

    The teacher's answers are the labels: that is distillation of sequences (Kim & Rush 2016). A run that was
    cut off goes on from its last saved point when it is started again with the same recipe and examples.

    Raises:
        InputError: no base model, nothing to train on, or more memory needed than there is.
        MissingExtra: the extra ``train`` (or ``qlora``) is not installed.
    """
    if not candidate.base_model:
        raise InputError(f"{candidate.method} needs a base model", hint="--base FOLDER or a model's name")
    tuning = {} if candidate.method not in ("lora", "qlora", "dora", "full") else {"tuning": candidate.method}
    recipe = Recipe.model_validate({"base": candidate.base_model, "seed": seed, **tuning, **candidate.params})
    form = DecoderFormat(load_tokenizer(recipe.base))
    book = _book(examples, recipe)
    shown = examples if book is None else [_with_shots(e, book, recipe.shots) for e in examples]
    train, held_out = _split(shown, recipe, form)
    if recipe.checkpoints is None:
        recipe = recipe.model_copy(update={"checkpoints": on_gpu()})
    needed = estimate_of(recipe, longest_tokens=train.longest_tokens, answer_tokens=train.longest_answer)
    tight = make_room(needed, available_bytes(), recipe)
    model = load_model(recipe)
    work = out.parent / f".training-{_run_id(recipe, train)}"
    meter = EnergyMeter()
    params = _params(form, train, recipe, task, examples, book)
    if recipe.objective == "preferences":
        fitted = _prefer(model, form, train, recipe, task, params, work, progress)
    else:
        fitted = _fit(model, form, train, held_out, recipe, work, progress)
    _save(fitted, form, params, out)
    shutil.rmtree(work, ignore_errors=True)
    return describe(
        candidate,
        out,
        recipe=_written(recipe, fitted, train, held_out, needed.total_bytes, meter.joules(), params),
        train_s=fitted.seconds,
        notes=(
            *(f"{n} examples left out: {why}" for why, n in sorted(train.left_out.items())),
            *((TIGHT,) if tight else ()),
        ),
    )


def _book(examples: Sequence[Example], recipe: Recipe) -> ShotBook | None:
    if not recipe.shots:
        return None
    return book_of(spread(examples, MOST_SHOTS, recipe.seed), fit_mask([e.prompt for e in examples]))


def _with_shots(example: Example, book: ShotBook, k: int) -> Example:
    """The example as it will be asked; none of its own session, or the model would learn to copy itself."""
    prompt = book.prompt(example.prompt, k, lambda shot: shot.group == example.group)
    return example.model_copy(update={"prompt": prompt})


def _split(
    examples: Sequence[Example], recipe: Recipe, form: DecoderFormat
) -> tuple[Tokenized, Tokenized | None]:
    """Training rows, and those of held-out groups for early stopping where there are enough."""
    groups = sorted({e.group for e in examples})
    random.Random(recipe.seed).shuffle(groups)
    chosen = set(groups[: int(recipe.holdout * len(groups))]) if recipe.max_steps < 0 else set()
    train = tokenize([e for e in examples if e.group not in chosen], form, recipe.max_tokens)
    rest = [e for e in examples if e.group in chosen]
    return train, tokenize(rest, form, recipe.max_tokens) if len(rest) >= recipe.batch_size else None


def _fit(
    model: Any,
    form: DecoderFormat,
    train: Tokenized,
    held_out: Tokenized | None,
    recipe: Recipe,
    work: Path,
    progress: Progress | None,
) -> Fitted:
    from rightsizer.training.decoder.fit import fit

    teacher = _teacher(train, form, recipe) if recipe.objective == "logits" else None
    return fit(model, form.tokenizer, train, held_out, recipe, work, teacher=teacher, progress=progress)


def _teacher(train: Tokenized, form: DecoderFormat, recipe: Recipe) -> Teacher:
    from rightsizer.training.decoder.fit import Teacher

    if not recipe.teacher:
        raise InputError("distilling logits needs a teacher model", hint="--teacher FOLDER or a model's name")
    theirs = DecoderFormat(load_tokenizer(recipe.teacher))
    model = load_model(recipe.model_copy(update={"base": recipe.teacher, "tuning": "lora", "start": ""}))
    same = theirs.tokenizer.get_vocab() == form.tokenizer.get_vocab()
    if same:
        return Teacher(model, theirs.tokenizer.pad_token_id)
    rows = tokenize(train.kept, theirs, 2 * recipe.max_tokens)
    if len(rows.rows) != len(train.rows):
        raise InputError(
            f"{len(train.rows) - len(rows.rows)} examples do not fit into the teacher",
            hint="lower max_tokens",
        )
    return Teacher(model, theirs.tokenizer.pad_token_id, rows.rows)


def _prefer(
    model: Any,
    form: DecoderFormat,
    train: Tokenized,
    recipe: Recipe,
    task: Task,
    params: dict[str, Any],
    work: Path,
    progress: Progress | None,
) -> Fitted:
    """Prefer the teacher's answer where the base, or a student in shadow, said something else."""
    from rightsizer.training.decoder.preferences import disagreements, own_answers, prefer

    if recipe.pairs == "shadow":
        asked = tuple(e for e in train.kept if e.rejected is not None)
        if not asked:
            raise InputError(
                f"no student answered a training call of {task.name} in shadow",
                hint="rightsizer release STUDENT --shadow, then let the gateway run; `curate` and `discover`",
            )
        said = [e.rejected for e in asked]
    else:
        asked = train.kept[:MOST_PREFERENCES]
        said = own_answers(model, form, params, asked, progress)
    pairs = disagreements(asked, said, task.policy)
    return prefer(model.train(), form, pairs, recipe, work, progress=progress)


def _params(
    form: DecoderFormat,
    train: Tokenized,
    recipe: Recipe,
    task: Task,
    examples: Sequence[Example],
    book: ShotBook | None,
) -> dict[str, Any]:
    """What the student has to know beside its weights."""
    longest = max(sum(r["completion_mask"]) for r in train.rows)
    known = choices(examples) if task.output == "label" else None
    # Held to a list, a model may still spell an answer byte by byte; the list ends it in time.
    spelled = max((len(k.encode()) + 1 for k in known), default=0) if known is not None else 0
    return {
        "base": recipe.base,
        "tuning": recipe.tuning,
        "format_hash": form.hash,
        "max_new_tokens": max(LEAST_NEW_TOKENS, int(ANSWER_SLACK * longest), spelled),
        "known": list(known) if known is not None else None,
        "known_answers": sorted({_canonical(k) for k in known}) if known is not None else None,
        "constrain": True,
        "shots": recipe.shots,
        "book": book.to_json() if book is not None else None,
    }


def _save(fitted: Fitted, form: DecoderFormat, params: dict[str, Any], out: Path) -> None:
    """Write the student's folder; the manifest goes last: a half-written folder is not a student."""
    weights = out / WEIGHTS
    if weights.exists():
        shutil.rmtree(weights)
    weights.mkdir(parents=True, mode=0o700)
    # Preferences put a frozen copy beside an adapter that was there before: it is no part of the student.
    more = {"selected_adapters": ["default"]} if hasattr(fitted.model, "peft_config") else {}
    fitted.model.save_pretrained(weights, **more)
    form.tokenizer.save_pretrained(weights)
    seal_folder(weights)
    save(Artifact("decoder", params), out)


def _canonical(label: str) -> str:
    return canonical_answer(Message(role="assistant", parts=(TextPart(content=label),)))


def _run_id(recipe: Recipe, train: Tokenized) -> str:
    """What makes two runs the same one: recipe and examples."""
    told = [recipe.model_dump(), [[e.call_id, e.rejected_by] for e in train.kept]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _rejected_by(train: Tokenized) -> dict[str, int]:
    """Whose answers in shadow the training calls carry."""
    return dict(sorted(Counter(e.rejected_by for e in train.kept if e.rejected is not None).items()))


def _written(
    recipe: Recipe,
    fitted: Fitted,
    train: Tokenized,
    held_out: Tokenized | None,
    memory_bytes: int,
    joules: float | None,
    params: dict[str, Any],
) -> dict[str, Any]:
    import torch

    return {
        "method": recipe.tuning,
        "recipe": recipe.model_dump(),
        "format_hash": params["format_hash"],
        "n_examples": len(train.rows),
        "n_held_out": len(held_out.rows) if held_out else 0,
        "n_pairs": fitted.n_pairs,
        "shadow_answers": _rejected_by(train),
        "n_tokens": sum(len(r["input_ids"]) for r in train.rows),
        "steps": fitted.steps,
        "resumed_at": fitted.resumed_at,
        "loss_first": fitted.losses[0] if fitted.losses else None,
        "loss_last": fitted.losses[-1] if fitted.losses else None,
        "held_out_loss": fitted.held_out_loss,
        "memory_estimate_bytes": memory_bytes,
        "wall_s": round(fitted.seconds, 3),
        "gpu_hours": round(fitted.seconds / 3600, 5) if torch.cuda.is_available() else 0.0,
        "energy_j": round(joules, 1) if joules is not None else None,
        "versions": {
            "torch": torch.__version__,
            "transformers": _version("transformers"),
            "trl": _version("trl"),
        },
    }


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)
