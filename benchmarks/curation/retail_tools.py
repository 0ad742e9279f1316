"""The read tools of τ-bench's retail shop, and two that write, over any database of its form.

Own re-implementations for replaying logged calls on a rewritten database; results are what the shop
answers, as parsed JSON or text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

Database = dict[str, dict[str, Any]]  # "users", "orders", "products"


def load_database(folder: Path) -> Database:
    """The shop's database from its three files."""
    orders = zstandard.ZstdDecompressor().decompress((folder / "orders.json.zst").read_bytes(), 1 << 28)
    return {
        "users": json.loads((folder / "users.json").read_text(encoding="utf-8")),
        "orders": json.loads(orders),
        "products": json.loads((folder / "products.json").read_text(encoding="utf-8")),
    }


def find_by_email(db: Database, email: str) -> Any:
    for user_id, user in db["users"].items():
        if user["email"].lower() == email.lower():
            return user_id
    return "Error: user not found"


def find_by_name(db: Database, first_name: str, last_name: str, zip: str) -> Any:
    for user_id, user in db["users"].items():
        name = user["name"]
        same = (
            name["first_name"].lower() == first_name.lower()
            and name["last_name"].lower() == last_name.lower()
        )
        if same and user["address"]["zip"] == zip:
            return user_id
    return "Error: user not found"


def get_user(db: Database, user_id: str) -> Any:
    return db["users"].get(user_id, "Error: user not found")


def get_order(db: Database, order_id: str) -> Any:
    return db["orders"].get(order_id, "Error: order not found")


def get_product(db: Database, product_id: str) -> Any:
    return db["products"].get(product_id, "Error: product not found")


def list_products(db: Database) -> Any:
    return {p["name"]: p["product_id"] for p in sorted(db["products"].values(), key=lambda p: p["name"])}


def modify_user_address(db: Database, user_id: str, **address: str) -> Any:
    if user_id not in db["users"]:
        return "Error: user not found"
    db["users"][user_id]["address"] = _in_order(address)
    return db["users"][user_id]


def modify_order_address(db: Database, order_id: str, **address: str) -> Any:
    order = db["orders"].get(order_id)
    if order is None:
        return "Error: order not found"
    if order["status"] != "pending":
        return "Error: non-pending order cannot be modified"
    order["address"] = _in_order(address)
    return order


def _in_order(address: dict[str, str]) -> dict[str, str]:
    return {k: address[k] for k in ("address1", "address2", "city", "state", "country", "zip")}


TOOLS: dict[str, Callable[..., Any]] = {
    "find_user_id_by_email": find_by_email,
    "find_user_id_by_name_zip": find_by_name,
    "get_user_details": get_user,
    "get_order_details": get_order,
    "get_product_details": get_product,
    "list_all_product_types": list_products,
    "modify_user_address": modify_user_address,
    "modify_pending_order_address": modify_order_address,
}


def execute(db: Database, name: str, arguments: str) -> Any:
    """What the tool answers; None for a tool that is not here, or arguments it cannot take."""
    tool = TOOLS.get(name)
    try:
        return tool(db, **json.loads(arguments)) if tool else None
    except (TypeError, ValueError, KeyError):
        return None
