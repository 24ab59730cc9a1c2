"""Writes recipes in other formats."""

from __future__ import annotations

import json

from recipes.parse import recipe


def markdown(source: str) -> str:
    """The command `markdown`."""
    whole = recipe(source)
    rows = [f"| {one.amount} | {one.unit} | {one.name.replace('|', chr(92) + '|')} |" for one in whole.ingredients]
    return "\n".join([f"# {whole.title}", "", "| amount | unit | ingredient |", "|---|---|---|", *rows]) + "\n"


def as_json(source: str) -> str:
    """The command `json`."""
    whole = recipe(source)
    items = [{"amount": str(one.amount), "unit": one.unit, "name": one.name} for one in whole.ingredients]
    return json.dumps({"title": whole.title, "ingredients": items}, indent=2) + "\n"
