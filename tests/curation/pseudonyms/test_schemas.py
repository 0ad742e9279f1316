"""Schemas hold the developer's words: real contacts and keys go, structure and enumerations stay."""

from __future__ import annotations

from typing import Any

from rightsizer.curation.canaries import canary
from rightsizer.curation.mask_cache import MaskCache
from rightsizer.curation.policy import Policy
from rightsizer.curation.pseudonyms.schemas import SchemaBlanker
from rightsizer.types import Request

KEY, PHONE = canary("GITHUB_TOKEN"), "+1 415 555 2671"


def tool(**fields: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": fields, "required": sorted(fields)}
    return {
        "type": "function",
        "function": {"name": "send", "description": "sends", "parameters": parameters},
    }


def blanked(*tools: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return SchemaBlanker(MaskCache(), Policy()).request(Request(messages=(), tools=tools)).tools


def test_contacts_and_keys_get_placeholders_that_do_not_depend_on_a_session() -> None:
    made = tool(
        to={"type": "string", "description": f"e.g. lin.wu@firm.cn or {PHONE}", "default": "lin.wu@firm.cn"},
        token={"type": "string", "examples": [KEY]},
    )
    fields = blanked(made)[0]["function"]["parameters"]["properties"]
    assert fields["to"] == {
        "type": "string",
        "description": "e.g. <EMAIL_1> or <PHONE_1>",
        "default": "<EMAIL_1>",
    }
    assert fields["token"]["examples"] == ["<SECRET:GITHUB_TOKEN>"]
    assert blanked(made) == blanked(made)


def test_what_is_made_up_and_what_arguments_must_equal_stays() -> None:
    made = tool(
        email={"type": "string", "description": "such as 'something@example.com'"},
        queue={"enum": ["billing@firm.cn", "sales@firm.cn"]},
        description={"type": "string", "pattern": "^[0-9]+$"},
    )
    assert blanked(made) == (made,)
