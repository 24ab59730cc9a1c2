"""Makes shopping lists."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from recipes.parse import Recipe, recipe
from recipes.units import UNITS, convert, dimension, readable, show

_BASE = {"mass": "g", "volume": "ml", "count": ""}


def totals(*recipes: Recipe) -> dict[tuple[str, str], Fraction]:
    """Sum of every ingredient by (name, dimension), in the dimension's base unit."""
    out: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for one in recipes:
        for item in one.ingredients:
            kind = dimension(item.unit)
            out[item.name.lower(), kind] += convert(item.amount, item.unit, _BASE[kind])
    return dict(out)


def shopping(source: str) -> str:
    """The command `shopping`: one line an ingredient, sorted by name. Recipes are separated by `---`."""
    lines = []
    for (name, kind), amount in sorted(totals(*map(recipe, source.split("\n---\n"))).items()):
        shown, unit = readable(amount, _BASE[kind])
        lines.append(f"[ ] {show(shown)} {unit} {name}".replace("  ", " "))
    return "\n".join(lines) + "\n"


assert set(_BASE) == {kind for kind, _ in UNITS.values()}, "a dimension has no base unit"
