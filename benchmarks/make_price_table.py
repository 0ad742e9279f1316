"""Rebuild src/rightsizer/economics/prices.json from public price lists (facts only; MIT sources).

    python benchmarks/make_price_table.py --newest litellm-*.whl --read 2026-11-23

`--newest` is a litellm wheel or its price JSON; a model that only an older list knows is kept with that
list's date and marked as retired.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rightsizer.economics.model_names import parse_model_name
from rightsizer.economics.prices import HOSTS

TARGET = Path(__file__).resolve().parents[1] / "src/rightsizer/economics/prices.json"
MAKERS = frozenset(
    {
        *("openai", "anthropic", "gemini", "mistral", "deepseek", "xai", "cohere_chat"),
        *("dashscope", "moonshot", "zai", "minimax", "amazon_nova", "ai21"),
    }
)
ALSO = {"vertex_ai-language-models": "gemini", "zhipu": "zai"}
SHOWN_HOSTS = frozenset({"deepinfra", "groq", "together_ai", "fireworks_ai", "novita", "cerebras"})
MOST_FOR_EMBEDDING = 10.0  # USD per million: one list has a price a thousand times too high
EMBEDDERS = {
    **{name: name for name in ("openai", "gemini", "mistral", "voyage", "together_ai", "novita", "nebius")},
    "vertex_ai-embedding-models": "gemini",
    "cohere": "cohere_chat",
    "fireworks_ai": "fireworks_ai",
    "fireworks_ai-embedding-models": "fireworks_ai",
}
OPEN = re.compile(
    r"^(llama-[34]|qwen-(2\.5|3)|gemma-[234]|mistral|mixtral|ministral|deepseek-(v3|v4|r1|chat)|gpt-oss|phi-[34]|glm-|kimi-k|"
    r"minimax-m|nemotron|granite)"
)
NOT_CHAT = re.compile(
    r"audio|realtime|image|tts|transcribe|search|deep-research|embed|ocr|guard|computer-use|robotics|lyria|live|omni|vision|"
    r"-vl|veo|imagen|learnlm|safeguard|daybreak|cyber|rosalind|law|vibe|leanstral|voxtral|container|container|fim|"
    r"prover|coder|-code(?!x)|math|base|distill|experimental|fast|-spot|lightning|titan|labs-|-beta|preview-0\d|lite-preview|davinci|babbage|bison|gecko|codex-auto|moderation|4\.5v|4\.6v|5v|(?<!\d)exp-|euryale|lunaris"
)
THINKS = re.compile(
    r"^(o[134](-|$)|gpt-5(-mini|-nano|-pro|-codex)?(-20|$)|gpt-5\.\d-pro)|reasoner|thinking|-r1|qwq|magistral|multi-agent"
)
WORDS = {
    "litellm": "BerriAI/litellm model_prices_and_context_window_backup.json {version} (MIT), read {read}",
    "mirror": "Wei-Shaw/model-price-repo model_prices_and_context_window.json, July 2026 (MIT)",
    "langfuse": "langfuse default-model-prices.json, date per row (MIT)",
    "litellm-1.74": "litellm 1.74.0 model_prices_and_context_window_backup.json, July 2025 (MIT)",
    "catalog": "hosted prices of small models compiled in a catalogue of facts, August 2026",
}


def from_litellm(data: dict[str, Any], source: str, as_of: str) -> Iterator[dict[str, Any]]:
    """Rows of a litellm price file: chat models that take text, of makers and of a few hosts."""
    for name, raw in data.items():
        provider = ALSO.get(raw.get("litellm_provider"), raw.get("litellm_provider"))
        if raw.get("mode") not in ("chat", "responses") or provider not in MAKERS | SHOWN_HOSTS:
            continue
        if not raw.get("input_cost_per_token") or not raw.get("output_cost_per_token"):
            continue
        model = name if provider in HOSTS else name.removeprefix(f"{provider}/")
        if provider in HOSTS:
            model = model.split("/")[-1]
        if "/" in model:
            continue
        row = {
            "model": model,
            "provider": provider,
            "input": per_million(raw["input_cost_per_token"]),
            "cached_input": per_million(raw.get("cache_read_input_token_cost")),
            "output": per_million(raw["output_cost_per_token"]),
            "context": raw.get("max_input_tokens") or raw.get("max_tokens"),
            "tools": bool(raw.get("supports_function_calling")),
            "can_skip_thinking": bool(raw.get("supports_none_reasoning_effort")),
            "gone": bool(raw.get("deprecation_date")) and str(raw["deprecation_date"]) < as_of,
            "as_of": as_of[:10],
            "source": source,
        }
        yield row


def embeddings_of(data: dict[str, Any], source: str, as_of: str) -> Iterator[dict[str, Any]]:
    """Rows of the embedding models of makers and of a few hosts; nobody asks for what comes out of them."""
    for name, raw in data.items():
        provider = EMBEDDERS.get(raw.get("litellm_provider", ""))
        asked = per_million(raw.get("input_cost_per_token"))
        if raw.get("mode") != "embedding" or provider is None or not asked or asked > MOST_FOR_EMBEDDING:
            continue
        yield {
            "model": name.split("/")[-1],
            "provider": provider,
            "input": asked,
            "output": 0.0,
            "context": raw.get("max_input_tokens"),
            "embeds": True,
            "gone": bool(raw.get("deprecation_date")) and str(raw["deprecation_date"]) < as_of,
            "as_of": as_of[:10],
            "source": source,
        }


def from_langfuse(data: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for raw in data:
        tier = next((t for t in raw.get("pricingTiers", []) if t.get("isDefault")), None)
        prices = (tier or {}).get("prices", {})
        name = raw["modelName"].lower()
        maker = (
            "openai"
            if re.match(r"gpt|o\d|ft:|chatgpt", name)
            else "anthropic"
            if name.startswith("claude")
            else "gemini"
        )
        if prices.get("input") and prices.get("output"):
            yield {
                "model": name,
                "provider": maker,
                "input": per_million(prices["input"]),
                "cached_input": per_million(
                    prices.get("input_cached_tokens") or prices.get("cache_read_input_tokens")
                ),
                "output": per_million(prices["output"]),
                "as_of": raw["updatedAt"][:10],
                "source": "langfuse",
            }


def from_catalog(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for raw in csv.DictReader(file):
            if (
                raw["hosted_in_usd_per_m"]
                and raw["hosted_provider"] in SHOWN_HOSTS | MAKERS
                and raw["verification"] == "ok"
            ):
                yield {
                    "model": raw["hf_id"].split("/")[-1].lower(),
                    "provider": raw["hosted_provider"],
                    "input": float(raw["hosted_in_usd_per_m"]),
                    "output": float(raw["hosted_out_usd_per_m"]),
                    "context": int(raw["context_tokens"] or 0) or None,
                    "params_b": float(raw["params_total_b"]),
                    "as_of": "2026-08",
                    "source": "catalog",
                }


def per_million(per_token: float | None) -> float | None:
    return None if not per_token else round(float(per_token) * 1e6, 6)


def wanted(row: dict[str, Any]) -> bool:
    name = parse_model_name(row["model"]).key
    if row.get("embeds"):
        return True
    if NOT_CHAT.search(name):
        return False
    return row["provider"] in MAKERS or bool(OPEN.match(name))


def finish(row: dict[str, Any], newest: str) -> dict[str, Any]:
    """The row as it is written: only what is known, in the table's order."""
    name = parse_model_name(row["model"]).key
    size = re.search(r"(?<![a-qs-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z])", name)
    if "params_b" not in row and size:
        row["params_b"] = float(size[1] or 1) * float(size[2])
    row["reasons"] = bool(THINKS.search(name)) and not row.get("can_skip_thinking")
    row["retired"] = bool(row.get("gone")) or row["source"] not in (newest, "catalog")
    keys = (
        "model",
        "provider",
        "input",
        "cached_input",
        "output",
        "context",
        "tools",
        "reasons",
        "embeds",
        "params_b",
        "retired",
    )
    return {k: row[k] for k in keys if row.get(k) or k == "output"} | {
        "as_of": row["as_of"],
        "source": row["source"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--newest", type=Path)
    parser.add_argument("--read", default="2026-11-23", help="day on which --newest was the newest release")
    parser.add_argument("--tables", type=Path, default=TARGET.parents[3].parent / "shared/data/model-tables")
    args = parser.parse_args()
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    newest, words = "mirror", dict(WORDS)
    feeds: list[Iterator[dict[str, Any]]] = []
    if args.newest:
        newest = "litellm"
        listed = read_newest(args.newest)
        feeds += [f(listed, "litellm", args.read) for f in (from_litellm, embeddings_of)]
        version = re.search(r"\d+\.\d+\.\d+", args.newest.name)
        words["litellm"] = words["litellm"].format(version=version[0] if version else "", read=args.read)
    prices = args.tables / "prices"
    mirror = json.loads((prices / "model_prices_and_context_window.json").read_text())
    old = json.loads((prices / "litellm-1.74.0_model_prices_and_context_window_backup.json").read_text())
    feeds += [
        from_langfuse(json.loads((prices / "langfuse_default-model-prices.json").read_text())),
        *(f(mirror, "mirror", "2026-07") for f in (from_litellm, embeddings_of)),
        *(f(old, "litellm-1.74", "2025-07") for f in (from_litellm, embeddings_of)),
        from_catalog(args.tables / "slm_catalog_facts.csv"),
    ]
    for feed in feeds:  # newest first: the first list that knows a model decides its price
        for row in feed:
            name = parse_model_name(row["model"])
            if wanted(row):
                rows.setdefault((name.key, row["provider"]), row)
    done = [finish(r, newest) for r in rows.values()]
    done = drop_repeats(done)
    done.sort(key=lambda r: (r["provider"] in HOSTS, r["provider"], r["model"]))
    used = {r["source"] for r in done}
    head = {"as_of": args.read if args.newest else "2026-08-20", "unit": "USD per million tokens"}
    head["sources"] = {k: v for k, v in words.items() if k in used}
    lines = ",\n".join("  " + json.dumps(r, ensure_ascii=False) for r in done)
    body = json.dumps(head, indent=1, ensure_ascii=False)[:-2]
    TARGET.write_text(f'{body},\n "models": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    print(
        f"{len(done)} rows → {TARGET.name}; "
        + ", ".join(f"{s}: {sum(r['source'] == s for r in done)}" for s in used)
    )


def drop_repeats(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A dated row that says the same as the undated row of its provider adds nothing."""
    plain = {(r["model"].lower(), r["provider"]): r for r in rows}
    kept = []
    for row in rows:
        base = plain.get((parse_model_name(row["model"]).undated, row["provider"]))
        same = (
            base is not None
            and base is not row
            and all(base.get(k) == row.get(k) for k in ("input", "output", "cached_input"))
        )
        if not same:
            kept.append(row)
    return kept


def read_newest(path: Path) -> dict[str, Any]:
    if path.suffix != ".whl":
        return dict(json.loads(path.read_text()))
    with zipfile.ZipFile(path) as wheel:
        return dict(json.loads(wheel.read("litellm/model_prices_and_context_window_backup.json")))


if __name__ == "__main__":
    main()
