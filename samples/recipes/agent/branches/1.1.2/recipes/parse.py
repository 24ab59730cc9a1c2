"""Reads recipes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_LINE = re.compile(r"(?:(?P<whole>\d+)\s+)?(?P<amount>\d+(?:[./]\d+)?)\s*(?P<rest>.+)")
_WORDS = {"g", "kg", "oz", "lb", "ml", "l", "tsp", "tbsp", "cup"}


class RecipeError(ValueError):
    """A line that is no ingredient, or a text that is no recipe."""


@dataclass(frozen=True)
class Ingredient:
    """An amount of something; the unit is empty for pieces."""

    amount: Fraction
    unit: str
    name: str


@dataclass(frozen=True)
class Recipe:
    """A title and its ingredients."""

    title: str
    ingredients: tuple[Ingredient, ...]


def ingredient(line: str) -> Ingredient:
    """Read one line: `200 g flour`, `1 1/2 cup milk`, `3 eggs`."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise RecipeError(f"no ingredient: {line!r}; write <amount> [unit] <name>")
    try:
        amount = Fraction(match["amount"]) + int(match["whole"] or 0)
    except ZeroDivisionError:
        raise RecipeError(f"no amount: {line!r}") from None
    unit, _, name = match["rest"].partition(" ")
    if unit not in _WORDS or not name.strip():
        unit, name = "", match["rest"]
    return Ingredient(amount, unit, name.strip())


def recipe(text: str) -> Recipe:
    """Read a whole recipe."""
    title, _, rest = text.strip().partition("\n")
    lines = [line for line in rest.splitlines() if line.strip()]
    if not title.strip() or not lines:
        raise RecipeError("a recipe is a title, an empty line, and one ingredient a line")
    return Recipe(title.strip(), tuple(ingredient(line) for line in lines))
