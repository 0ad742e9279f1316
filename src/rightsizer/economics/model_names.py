"""Model names as logs write them, brought to one form.

Logs name one model in many ways: ``gpt-4o-2024-11-20``, ``openai/gpt-4o``, ``us.anthropic.claude-…-v2:0``
(Bedrock), ``claude-3-5-haiku@20241022`` (Vertex), ``accounts/fireworks/models/llama-v3p1-8b-instruct``,
``ft:gpt-4.1-2025-04-14:org``. `parse_model_name` splits such a name into who serves it, a normal key, and
the key without its date; sizes and tiers (``70b``, ``mini``) are never touched, because they set the price.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Path or prefix as logs write it → provider as the price table writes it.
PROVIDERS = {
    "openai": "openai",
    "azure": "openai",
    "azure_ai": "openai",
    "anthropic": "anthropic",
    "google": "gemini",
    "gemini": "gemini",
    "vertex_ai": "gemini",
    "mistral": "mistral",
    "mistralai": "mistral",
    "deepseek": "deepseek",
    "xai": "xai",
    "x-ai": "xai",
    "cohere": "cohere_chat",
    "moonshot": "moonshot",
    "moonshotai": "moonshot",
    "dashscope": "dashscope",
    "zai": "zai",
    "z-ai": "zai",
    "minimax": "minimax",
    "groq": "groq",
    "together": "together_ai",
    "together_ai": "together_ai",
    "fireworks": "fireworks_ai",
    "fireworks_ai": "fireworks_ai",
    "deepinfra": "deepinfra",
    "novita": "novita",
    "cerebras": "cerebras",
    "sambanova": "sambanova",
    "nebius": "nebius",
}

_BEDROCK = re.compile(
    r"^(?:(?:us|eu|apac|ap|au|jp|ca|global)\.)?"
    r"(anthropic|meta|amazon|mistral|cohere|ai21|deepseek|openai|qwen|google|nvidia|minimax|moonshotai?|zai)\.(.+)$"
)
_DATES = re.compile(
    r"-(?:20\d\d-\d\d-\d\d|20\d{6}|2[3-9](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|1[0-2])-20\d\d|00[1-9]|latest|preview|exp|\d\d-\d\d)(?=-|$)"
)
_CLAUDE = re.compile(
    r"^claude-(?:(?P<v1>\d(?:-\d)?)-(?P<f1>opus|sonnet|haiku)|(?P<f2>opus|sonnet|haiku)-(?P<v2>\d(?:-\d)?))(?=-|$)"
)
# Words of packaging, not of the model: how a host quantised or served open weights.
_PACKAGING = re.compile(
    r"-(?:instruct|chat|turbo|fp8|fp4|bf16|awq|hf|it|versatile|instant|specdec|basic|maas|tput|lightning|free"
    r"|8192|32768|131072|4096)(?=-|$)"
)
_OPEN = re.compile(
    r"^(?:llama|codellama|qwen|gemma|mistral-7b|mixtral|open-mi[sx]t|gpt-oss|phi-|nemotron|granite|hermes)"
)


@dataclass(frozen=True)
class ModelName:
    """A parsed name. `key` identifies the model with its date, `undated` without."""

    provider: str | None
    key: str
    undated: str
    fine_tuned: bool = False

    @property
    def open_weights(self) -> bool:
        """Whether the key looks like open weights, which many hosts serve at different prices."""
        return bool(_OPEN.match(self.key))


@lru_cache(maxsize=4096)
def parse_model_name(name: str) -> ModelName:
    """The normal form of a model's name. Never raises; an unknown name is its own key."""
    text = (
        name.strip().lower().replace("@default", "").replace("@", "-").replace(" ", "-").replace("_v", "-v")
    )
    text = re.sub(r":(?=\d+(?:\.\d+)?b\b)", "-", text)  # Ollama writes the size after a colon
    text = re.sub(r"^(?:openai|anthropic)-(?=gpt|claude|o\d)", "", text)
    fine_tuned = text.startswith("ft:")
    if fine_tuned:
        text = text.split(":")[1]
    provider, text = _split_provider(text)
    text = re.sub(r"(?::(?:free|nitro|beta|extended|floor|online|thinking|exacto))+$", "", text)
    text = re.sub(r"-v\d+(?::\d+)?(?::\d+k)?$", "", text) if "claude" in text or ":" in text else text
    text = _normal(text.replace("gpt-35", "gpt-3.5"))
    undated = _DATES.sub("", text)
    prefix = "ft:" if fine_tuned else ""
    return ModelName(provider, prefix + text, prefix + undated, fine_tuned)


def _split_provider(text: str) -> tuple[str | None, str]:
    """(provider that serves the model, name): the first known segment of the path decides."""
    *path, last = text.split("/")
    provider = next((PROVIDERS[p] for p in path if p in PROVIDERS), None)
    bedrock = _BEDROCK.match(last)
    if bedrock:
        return provider or PROVIDERS.get(bedrock[1]), bedrock[2]
    return provider, last


def _normal(text: str) -> str:
    """Spelling variants of one model brought together."""
    if text.startswith("claude"):
        text = text.replace(".", "-")
        match = _CLAUDE.match(text)
        if match:
            family = match["f1"] or match["f2"]
            text = f"claude-{family}-{match['v1'] or match['v2']}{text[match.end() :]}"
        return text
    text = re.sub(r"(?<=\d)p(?=\d)", ".", text)
    text = re.sub(
        r"^(?:meta|nvidia|ibm|mistralai|qwen|google)-(?=(?:llama|nemotron|granite|mistral|qwen|gemma))",
        "",
        text,
    )
    text = re.sub(r"^llama-?v?(?=\d)", "llama-", text)
    text = re.sub(r"^(llama-\d)-(\d)(?=-)", r"\1.\2", text)
    text = re.sub(r"^(qwen|gemma|phi)-?(?=\d)", r"\1-", text)
    if _OPEN.match(text) or re.match(r"^(?:deepseek|glm|kimi|minimax)", text):
        text = _PACKAGING.sub("", text)
    return text
