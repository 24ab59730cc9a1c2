"""Write the prices of models into a file of the package, from the tables of genai-prices, which is not needed to run.

.venv/bin/python -m provision.prices   writes include/phaseplan/plan/prices.json anew
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from provision.common import TOP, finish, run, say

SOURCE = "genai-prices==0.2.3"
FILE = TOP / "include/phaseplan/plan/prices.json"
_PROVIDERS = ("anthropic", "openai", "google")
_KEYS = {"input": "input_mtok", "output": "output_mtok", "cached": "cache_read_mtok", "written": "cache_write_mtok"}
_NO_TEXT = re.compile(r"image|tts|audio|realtime|live|transcribe|embed")
_OTHER_UNITS = re.compile(r"output_(image|audio|video)|hours|mchars")


def dearest(price: Any) -> float:
    """Return the highest of a price's tiers."""
    return float(max([price.base, *(tier.price for tier in price.tiers)]) if hasattr(price, "tiers") else price)


def names(model: Any) -> Iterator[str]:
    """List every name under which a request may ask for a model."""
    yield model.id
    clauses = [model.match]
    while clauses:
        clause = clauses.pop()
        clauses += getattr(clause, "or_", [])
        name = getattr(clause, "equals", None) or getattr(clause, "starts_with", None)
        if name:
            yield name.rstrip("-")


def table(providers: Any, at: datetime) -> dict[str, dict[str, float]]:
    """US dollars per million tokens of text, by name; the dearer one where two models share a name."""
    out: dict[str, dict[str, float]] = {}
    for provider in providers:
        for model in provider.models if provider.id in _PROVIDERS else ():
            prices = {key: value for key, value in vars(model.get_prices(at)).items() if value is not None}
            textual = not _NO_TEXT.search(model.id) and not any(_OTHER_UNITS.search(key) for key in prices)
            if not textual or not {"input_mtok", "output_mtok"} <= prices.keys():
                continue
            row = {name: dearest(prices[key]) for name, key in _KEYS.items() if key in prices}
            for name in names(model):
                out[name] = max(out.get(name, row), row, key=lambda each: each["input"] + each["output"])
    return dict(sorted(out.items()))


def main(_: list[str]) -> int:
    """Fetch the tables into a folder that is removed again, and write the file."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, SOURCE, quiet=True)
        sys.path.insert(0, folder)
        rows = table(importlib.import_module("genai_prices.data").providers, now)
    lines = [f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()]
    head = f'{{\n  "source": "{SOURCE} (MIT)",\n  "made": "{now:%Y-%m-%d}",\n  "models": {{\n'
    FILE.write_text(head + ",\n".join(lines) + "\n  }\n}\n")
    say(f"{len(rows)} names in {FILE.relative_to(TOP)}")
    return 0


if __name__ == "__main__":
    finish(main)
