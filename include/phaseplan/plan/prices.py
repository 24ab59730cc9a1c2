"""Know what models cost: a dated table, made from genai-prices by `provision/prices.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("prices.json")


@cache
def prices_of() -> Mapping[str, Mapping[str, float]]:
    """Return US dollars per million tokens by model: `input`, `output`, and where known `cached` and `written`.

    `cached` is what the provider reads from its cache, `written` what it puts there. Of a price in tiers it is the
    dearest. A model that is not there has no known price, which is not the same as none.
    """
    models: Mapping[str, Mapping[str, float]] = json.loads(_FILE.read_text(encoding="utf-8"))["models"]
    return models


def dated() -> str:
    """Return the day of the table, as `2026-11-28`."""
    return str(json.loads(_FILE.read_text(encoding="utf-8"))["made"])
