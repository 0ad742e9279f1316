"""A base model and its tokenizer, ready for a tuning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rightsizer.errors import InputError, MissingExtra
from rightsizer.students.decoder import WEIGHTS
from rightsizer.students.sealed_weights import opened_folder
from rightsizer.training.decoder.recipe import Recipe

# Settings that only models with state-space layers have (Mamba, Mamba-2 and hybrids).
STATE_SPACE = ("ssm_state_size", "mamba_num_heads", "mamba_d_state")
FUSED = ["out_proj", "conv1d"]


def load_tokenizer(base: str) -> Any:
    """The tokenizer, with a chat template and a padding token.

    Raises:
        InputError: it cannot be loaded, or has no chat template.
        MissingExtra: transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtra("decoders", "training a decoder") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the tokenizer of {base} cannot be loaded: {_first_line(error)}",
            hint="name a folder as Hugging Face saves a model, or a model of a hub that can be reached",
        ) from error
    if not tokenizer.chat_template:
        raise InputError(f"{base} has no chat template", hint="use the instruct version of the model")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(recipe: Recipe) -> Any:
    """The base model, or the student that the recipe goes on from.

    In four bits for qlora (Dettmers et al. 2023: NF4, double quantisation).

    Raises:
        InputError: it cannot be loaded.
        MissingExtra: torch, or bitsandbytes for qlora, is not installed.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError:
        raise MissingExtra("decoders", "training a decoder") from None
    # What is trained itself stays in 32 bits: in 16, most updates would be rounded away.
    half = torch.cuda.is_available() and recipe.bf16 and recipe.tuning != "full"
    more: dict[str, Any] = {"dtype": torch.bfloat16 if half else torch.float32}
    if recipe.tuning == "qlora":
        more["quantization_config"] = _four_bit(more["dtype"])
    try:
        if not recipe.start:
            return AutoModelForCausalLM.from_pretrained(recipe.base, **more)
        with opened_folder(Path(recipe.start) / WEIGHTS) as before:
            # A whole model lies in its student's folder, an adapter beside its base.
            if recipe.tuning == "full":
                return AutoModelForCausalLM.from_pretrained(before, **more)
            from peft import PeftModel

            model = AutoModelForCausalLM.from_pretrained(recipe.base, **more)
            return PeftModel.from_pretrained(model, before, is_trainable=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the model {recipe.base} cannot be loaded: {_first_line(error)}",
            hint="name a folder as Hugging Face saves a model, or a model of a hub that can be reached",
        ) from error


def adapter_config(recipe: Recipe, model: Any) -> Any:
    """The adapter of a recipe on every linear layer; None for full fine-tuning, or if the model has one.

    A state-space layer runs its output projection inside a fused kernel, which reads the weights as they
    are: an adapter there would not be seen, so it gets none.

    LoRA: Hu et al. 2022. DoRA: Liu et al. 2024. QLoRA: Dettmers et al. 2023.
    """
    if recipe.tuning == "full" or hasattr(model, "peft_config"):
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules="all-linear",
        exclude_modules=FUSED if any(hasattr(model.config, name) for name in STATE_SPACE) else None,
        use_dora=recipe.tuning == "dora",
        task_type="CAUSAL_LM",
    )


def _four_bit(dtype: Any) -> Any:
    try:
        import bitsandbytes  # noqa: F401 - transformers only says so when it is too late
    except ImportError:
        raise MissingExtra("qlora", "training in four bits") from None
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
