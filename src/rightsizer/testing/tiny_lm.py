"""Tiny random language models of real architectures, with a tokenizer of their own, for tests and benchmarks.

Weights of real models cannot be fetched everywhere; their code can be run everywhere. A model from here has
the architecture, the files and the chat template of a real one, and knows nothing until it is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rightsizer.errors import MissingExtra

# The architectures of the founding text, and the model of each that people know.
ARCHITECTURES = {
    "llama": "Llama, xLAM-2, SmolLM2",
    "qwen2": "Qwen2.5, DeepSeek-R1-Distill-Qwen",
    "qwen3": "Qwen3",
    "phi3": "Phi-3",
    "gemma3_text": "Gemma 3",
    "smollm3": "SmolLM3",
    "nemotron_h": "Nemotron-H",
}
CHATML = (
    "{% if tools %}<|im_start|>system\n"
    "{% if messages[0].role == 'system' %}{{ messages[0].content }}\n\n{% endif %}"
    "Tools:\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}"
    'Call one with <tool_call>{"name": ..., "arguments": ...}</tool_call><|im_end|>\n'
    "{% elif messages[0].role == 'system' %}<|im_start|>system\n"
    "{{ messages[0].content }}<|im_end|>\n{% endif %}"
    "{% for message in messages %}{% if not (loop.first and message.role == 'system') %}"
    "<|im_start|>{{ message.role }}\n{{ message.content or '' }}"
    "{% for call in message.tool_calls or [] %}<tool_call>\n"
    '{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}'
    "\n</tool_call>{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ROWS = 64
SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")


def write_tiny_lm(
    folder: Path,
    texts: Sequence[str],
    *,
    architecture: str = "llama",
    vocabulary: int = 1_000,
    width: int = 64,
    layers: int = 2,
    seed: int = 0,
) -> Path:
    """A random model of this architecture in `folder`, its tokenizer trained on `texts`; gives the folder.

    Raises:
        MissingExtra: torch and transformers are not installed.
    """
    try:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM
    except ImportError:
        raise MissingExtra("decoders", "a tiny language model") from None
    tokenizer = _tokenizer(texts, vocabulary)
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    # As makers do, more rows than tokens: a round number. llama.cpp's converter of Gemma cuts them off again.
    rows = len(tokenizer) if architecture == "gemma3_text" else -(-len(tokenizer) // ROWS) * ROWS
    config = AutoConfig.for_model(architecture, **_shape(architecture, rows, width, layers), **ids)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_converter(llama_cpp: Path, folder: Path) -> Path:
    """A folder that stands for `llama_cpp` as ``LLAMA_CPP_DIR``, whose converter knows tokenizers from here.

    llama.cpp's converter tells tokenizers by a hash and refuses one that was trained a minute ago; those from
    here split words as GPT-2's does, and that is what the converter in `folder` is told.
    """
    folder.mkdir(parents=True, exist_ok=True)
    original = llama_cpp / "convert_hf_to_gguf.py"
    (folder / original.name).write_text(
        "import runpy, sys\n"
        f"sys.path[:0] = [{str(llama_cpp)!r}, {str(llama_cpp / 'gguf-py')!r}]\n"
        "from conversion.base import TextModel\n"
        "from conversion.phi import Phi3MiniModel\n"
        "TextModel.get_vocab_base_pre = lambda self, tokenizer: 'gpt-2'\n"
        "Phi3MiniModel.set_vocab = lambda self: self._set_vocab_gpt2()\n"
        f"runpy.run_path({str(original)!r}, run_name='__main__')\n",
        encoding="utf-8",
    )
    for place in ("build/bin", "bin"):
        if (llama_cpp / place).is_dir() and not (folder / "bin").exists():
            (folder / "bin").symlink_to(llama_cpp / place)
    return folder


def _shape(architecture: str, vocabulary: int, width: int, layers: int) -> dict[str, Any]:
    heads = 4
    shape: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": 2,
        "head_dim": width // heads,
        "max_position_embeddings": 2_048,
        "tie_word_embeddings": True,
    }
    if architecture == "nemotron_h":
        del shape["num_hidden_layers"]
        shape |= {
            "layers_block_type": ["mamba", "attention", "mlp"][: max(2, layers + 1)],
            "ssm_state_size": 16,
            "mamba_num_heads": 4,
            "mamba_head_dim": width // 2,
            "n_groups": 2,
            "chunk_size": 64,
        }
    if architecture == "gemma3_text":
        shape |= {"sliding_window": 512, "query_pre_attn_scalar": width // heads}
    return shape


def _tokenizer(texts: Sequence[str], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=SPECIAL[0], bos_token=SPECIAL[1], eos_token=SPECIAL[2]
    )
    tokenizer.chat_template = CHATML
    return tokenizer
