"""Rebuild src/rightsizer/candidates/catalog.toml from a table of facts about small models.

    python benchmarks/make_catalog.py ../shared/data/model-tables/slm_catalog_facts.csv --read 2026-11-23

One row a model: names, counts, licence, context, scores, each with where it was read and whether that was
checked. Shapes of the attention cache are not in the table: they come from SHAPES below (the makers'
`config.json`, written down from memory). Those in CONFIRMED are what other people's code states as well
(`benchmarks/check_shapes.py`) and are marked verified, with that source; the others are marked unverified. A
model folder's own `config.json` always wins (`rightsizer.candidates.model_folder.read_config`).
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src/rightsizer/candidates/catalog.toml"

# code in the table → (source, as of)
SOURCES = {
    "B": ("BFCL V4 leaderboard, ShishirPatil/gorilla gh-pages", "2026-04-12"),
    "V": ("vLLM recipes", "2026-08-21"),
    "XI": ("Xinference 4.1.0 model list", "2026-08"),
    "L": ("LiteLLM 1.109.1 price list", "2026-11"),
    "W": ("whatmodel.sh, read through a search index", "2026-08"),
    "P": ("arXiv 2506.02153v2", "2025-09"),
    "G": ("a note on GitHub, second hand", "2026-08"),
    "O": ("Ollama model page", "2026-08"),
    "D": ("distil labs benchmark", "2026-08"),
    "E": ("ML.ENERGY leaderboard", "2026-02"),
    "IBM": ("IBM Granite documentation", "2026-08"),
    "U": ("Unsloth documentation", "2026-08"),
    "LRT": ("LiteRT model page", "2026-08"),
    "LQ": ("Liquid AI model page", "2026-08"),
    "GD": ("Google developers' page", "2026-08"),
    "HF": ("Hugging Face model card", "2026-08"),
    "NH": ("arXiv 2504.03624 abstract", "2025-04"),
    "HY": ("arXiv 2411.13676 abstract", "2024-11"),
    "SG": ("SGLang cookbook", "2026-08"),
    "AG": ("arXiv 2504.03601", "2025-04"),
    "BS": ("BFCL list of supported models", "2026-04"),
}
COLUMNS = {
    "bfcl_v4_overall": "overall",
    "bfcl_v4_nonlive_ast": "non_live_ast",
    "bfcl_v4_live": "live",
    "bfcl_v4_multi_turn": "multi_turn",
    "bfcl_v4_irrelevance": "irrelevance",
}
# Attention layers that keep a cache for every token, key/value heads, size of a head;
# and, where most layers only look back a window: how many do, and the window in tokens.
QWEN25 = {"0.5": (24, 2, 64), "1.5": (28, 2, 128), "3": (36, 2, 128), "7": (28, 4, 128)}
SHAPES: dict[str, tuple[int, ...]] = {
    "Qwen/Qwen3-0.6B": (28, 8, 128),
    "Qwen/Qwen3-1.7B": (28, 8, 128),
    "Qwen/Qwen3-4B": (36, 8, 128),
    "Qwen/Qwen3-4B-Instruct-2507": (36, 8, 128),
    "Qwen/Qwen3-4B-Thinking-2507": (36, 8, 128),
    "Qwen/Qwen3-8B": (36, 8, 128),
    "Qwen/Qwen3-14B": (40, 8, 128),
    "Qwen/Qwen3-30B-A3B-Instruct-2507": (48, 4, 128),
    "google/gemma-3-270m-it": (3, 1, 256, 15, 512),
    "google/gemma-3-1b-it": (4, 1, 256, 22, 512),
    "google/gemma-3-4b-it": (5, 4, 256, 29, 1024),
    "google/gemma-3-12b-it": (8, 8, 256, 40, 1024),
    "google/functiongemma-270m-it": (3, 1, 256, 15, 512),
    "microsoft/phi-2": (32, 32, 80),
    "microsoft/Phi-3-mini-4k-instruct": (32, 32, 96),
    "microsoft/Phi-3-small-8k-instruct": (32, 8, 128),
    "microsoft/Phi-3-small-128k-instruct": (32, 8, 128),
    "microsoft/Phi-3.5-mini-instruct": (32, 32, 96),
    "microsoft/Phi-4-mini-instruct": (32, 8, 128),
    "microsoft/Phi-4-mini-reasoning": (32, 8, 128),
    "microsoft/phi-4": (40, 10, 128),
    "meta-llama/Llama-3.2-1B-Instruct": (16, 8, 64),
    "meta-llama/Llama-3.2-3B-Instruct": (28, 8, 128),
    "meta-llama/Llama-3.1-8B-Instruct": (32, 8, 128),
    "HuggingFaceTB/SmolLM2-135M-Instruct": (30, 3, 64),
    "HuggingFaceTB/SmolLM2-360M-Instruct": (32, 5, 64),
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": (24, 32, 64),
    "HuggingFaceTB/SmolLM3-3B": (36, 4, 128),
    "ibm-granite/granite-3.1-8b-instruct": (40, 8, 128),
    "ibm-granite/granite-3.2-8b-instruct": (40, 8, 128),
    "ibm-granite/granite-4.0-micro": (40, 8, 64),
    "ibm-granite/granite-4.0-h-micro": (4, 8, 64),
    "ibm-granite/granite-4.0-h-tiny": (4, 4, 128),
    "LiquidAI/LFM2-350M": (6, 8, 64),
    "LiquidAI/LFM2-700M": (6, 8, 64),
    "LiquidAI/LFM2-1.2B": (6, 8, 64),
    "LiquidAI/LFM2-2.6B-Exp": (8, 8, 64),
    "LiquidAI/LFM2.5-350M": (6, 8, 64),
    "LiquidAI/LFM2.5-1.2B-Instruct": (6, 8, 64),
    "LiquidAI/LFM2.5-1.2B-Thinking": (6, 8, 64),
    "LiquidAI/LFM2-8B-A1B": (6, 8, 64),
    "nvidia/Nemotron-H-8B-Base-8K": (4, 8, 128),
    "nvidia/NVIDIA-Nemotron-Nano-9B-v2": (4, 8, 128),
    "nvidia/NVIDIA-Nemotron-Nano-12B-v2": (6, 8, 128),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": QWEN25["1.5"],
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": QWEN25["7"],
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": (32, 8, 128),
    "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B": (36, 8, 128),
    "Salesforce/xLAM-2-1b-fc-r": QWEN25["1.5"],
    "Salesforce/xLAM-2-3b-fc-r": QWEN25["3"],
    "Salesforce/Llama-xLAM-2-8b-fc-r": (32, 8, 128),
    "MadeAgents/Hammer2.1-0.5b": QWEN25["0.5"],
    "MadeAgents/Hammer2.1-1.5b": QWEN25["1.5"],
    "MadeAgents/Hammer2.1-3b": QWEN25["3"],
    "MadeAgents/Hammer2.1-7b": QWEN25["7"],
    "Team-ACE/ToolACE-2-8B": (32, 8, 128),
    "katanemo/Arch-Agent-1.5B": QWEN25["1.5"],
    "katanemo/Arch-Agent-3B": QWEN25["3"],
    "uiuc-convai/CoALM-8B": (32, 8, 128),
    "mistralai/Ministral-8B-Instruct-2410": (36, 8, 128),
    "tiiuae/Falcon3-7B-Instruct": (28, 4, 256),
    "tiiuae/Falcon3-10B-Instruct": (40, 4, 256),
    "CohereLabs/c4ai-command-r7b-12-2024": (8, 8, 128, 24, 4096),
    "openai/gpt-oss-20b": (12, 8, 64, 12, 128),
    "zai-org/GLM-4-9B-0414": (40, 2, 128),
}
LITGPT = "litgpt 0.5.13, config.py"
TRANSFORMERS = "transformers 5.24.0, defaults of the model type"
CONFIRMED: dict[str, str] = {
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": LITGPT,
    "HuggingFaceTB/SmolLM2-135M-Instruct": LITGPT,
    "HuggingFaceTB/SmolLM2-360M-Instruct": LITGPT,
    "HuggingFaceTB/SmolLM3-3B": TRANSFORMERS,
    "Qwen/Qwen3-0.6B": LITGPT,
    "Qwen/Qwen3-1.7B": LITGPT,
    "Qwen/Qwen3-14B": LITGPT,
    "Qwen/Qwen3-30B-A3B-Instruct-2507": LITGPT,
    "Qwen/Qwen3-4B": LITGPT,
    "Qwen/Qwen3-4B-Instruct-2507": LITGPT,
    "Qwen/Qwen3-4B-Thinking-2507": LITGPT,
    "Qwen/Qwen3-8B": LITGPT,
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": LITGPT,
    "google/gemma-3-12b-it": LITGPT,
    "google/gemma-3-1b-it": LITGPT,
    "google/gemma-3-4b-it": LITGPT,
    "meta-llama/Llama-3.1-8B-Instruct": LITGPT,
    "meta-llama/Llama-3.2-1B-Instruct": LITGPT,
    "meta-llama/Llama-3.2-3B-Instruct": LITGPT,
    "microsoft/Phi-3.5-mini-instruct": LITGPT,
    "microsoft/phi-2": LITGPT,
    "microsoft/phi-4": LITGPT,
    "tiiuae/Falcon3-10B-Instruct": LITGPT,
    "tiiuae/Falcon3-7B-Instruct": LITGPT,
    "zai-org/GLM-4-9B-0414": TRANSFORMERS,
}
# The ids under which two models of the founding text are known that have no public weights.
PATTERNS = {
    "RETRO-7.5B": "retrieved examples in the prompt",
    "Toolformer-6.7B": "tools called inside the answer",
}
SCORE = re.compile(
    r"(?P<name>BFCLv[34]|TAU2|tau2?-(?:telecom|retail|airline))\s+(?P<value>\d+(?:\.\d+)?)|"
    r"/\s*(?P<more>\d+(?:\.\d+)?)\s*\((?P<who2>[^)]*)\)"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("table", type=Path)
    arguments.add_argument("--read", required=True, help="the day the table was read")
    given = arguments.parse_args()
    with given.table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        f"# Small models and what is publicly known of them; read {given.read}. Facts, not advice.",
        "# Made by benchmarks/make_catalog.py; every figure has source, date, and if it was checked.",
        "# `by`: official = the benchmark's own table; maker = the model's maker; independent = others.",
        "",
    ]
    for row in sorted(rows, key=lambda r: str(r["hf_id"]).lower()):
        lines += entry(row)
    TARGET.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"{len(rows)} models → {TARGET.name}")


def entry(row: dict[str, str]) -> Iterator[str]:
    """One `[[model]]` table."""
    name, kind = row["hf_id"], "model"
    if name.startswith("(no public weights) "):
        name, kind = name.removeprefix("(no public weights) "), "pattern"
    licence = re.sub(r"\s*\((unverified|secondary|family)\)", "", row["licence"])
    codes = [c.strip() for c in row["sources"].split(",") if c.strip()]
    yield "[[model]]"
    yield f"id = {text(name)}"
    if kind == "pattern":
        yield f"pattern = {text(PATTERNS[name])}"
    yield f"vendor = {text(row['vendor'])}"
    yield f"parameters_b = {float(row['params_total_b'])}"
    yield f"active_parameters_b = {float(row['params_active_b'] or row['params_total_b'])}"
    yield f"architecture = {text(row['arch'].rstrip('?'))}"
    yield f"licence = {text(licence)}"
    yield f"licence_verified = {boolean(licence == row['licence'] and licence not in ('unverified', 'n/a'))}"
    yield f"commercial_use = {text(COMMERCIAL[row['commercial_use'].lower()])}"
    if row["context_tokens"].isdigit() and "ctx unverified" not in row["note"]:
        yield f"context_tokens = {int(row['context_tokens'])}"
    yield f"languages = {json.dumps(languages(row['languages']))}"
    if row["released"]:
        yield f"released = {text(row['released'])}"
    if row["vllm_tool_parser"]:
        yield f"tool_parser = {text(row['vllm_tool_parser'])}"
    yield f"founding = {boolean(bool(row['in_paper_or_seed']) or 'xLAM-2-8b' in name)}"
    yield f"sources = {json.dumps([f'{SOURCES[c][0]} ({SOURCES[c][1]})' for c in codes], ensure_ascii=False)}"
    yield f"verified = {text(row['verification'])}"
    if name in SHAPES:
        yield shape(SHAPES[name], CONFIRMED.get(name, ""))
    found = list(scores(row, codes))
    if found:
        yield from ("scores = [", *(f"  {{ {score} }}," for score in found), "]")
    yield ""


def shape(found: tuple[int, ...], source: str) -> str:
    names = ("layers", "kv_heads", "head_dim", "window_layers", "window_tokens")
    inner = ", ".join(f"{n} = {v}" for n, v in zip(names, found, strict=False))
    told = f", source = {text(source)}" if source else ""
    return f"attention = {{ {inner}, verified = {boolean(bool(source))}{told} }}"


def scores(row: dict[str, str], codes: list[str]) -> Iterator[str]:
    """The tool scores: the official table's columns, and what makers and others report."""
    for column, metric in COLUMNS.items():
        if row[column]:
            yield one("bfcl-v4", metric, float(row[column]), "official", "B", True)
    last, told = "", row["other_tool_scores"]
    code = "W" if re.search(r"\bW\b", told) else "G" if "G" in codes else codes[0]
    for found in SCORE.finditer(told):
        who = found["who2"] or (re.search(r"\(([^)]*)\)", told[found.end() :]) or [""])[0]
        last = (found["name"] or last).lower()
        by = "maker" if "maker" in who else "independent"
        benchmark, metric = (last[:4] + "-" + last[4:], "overall") if last.startswith("bfcl") else named(last)
        yield one(benchmark, metric, float(found["value"] or found["more"]), by, code, False)


def named(name: str) -> tuple[str, str]:
    family, _, domain = name.partition("-")
    return {"tau": "tau-bench", "tau2": "tau2-bench"}[family], domain or "overall"


def one(benchmark: str, metric: str, value: float, by: str, code: str, verified: bool) -> str:
    source, as_of = SOURCES[code]
    return (
        f"benchmark = {text(benchmark)}, metric = {text(metric)}, value = {value}, by = {text(by)}, "
        f"source = {text(source)}, as_of = {text(as_of)}, verified = {boolean(verified)}"
    )


COMMERCIAL = {
    "yes": "yes",
    "conditions": "conditions",
    "no": "no",
    "?": "unknown",
    "check": "unknown",
    "n/a": "unknown",
}


def languages(written: str) -> list[str]:
    """Language codes that the table names; `many` where it only says how many."""
    found = re.findall(r"\b[a-z]{2}\b", re.sub(r"\([^)]*\)", "", written))
    many = ["many"] if re.search(r"many|\d+ langs|multilingual", written) else []
    return found + many


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def boolean(value: bool) -> str:
    return "true" if value else "false"


if __name__ == "__main__":
    main()
