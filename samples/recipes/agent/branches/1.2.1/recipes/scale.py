"""Scales recipes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from recipes.parse import Recipe, recipe
from recipes.units import readable, show


def scale(whole: Recipe, factor: Fraction) -> Recipe:
    """The recipe times a positive factor, in units that read well."""
    if factor <= 0:
        raise ValueError(f"cannot scale by {factor}")
    scaled = []
    for one in whole.ingredients:
        amount, unit = readable(one.amount * factor, one.unit)
        scaled.append(replace(one, amount=amount, unit=unit))
    return replace(whole, ingredients=tuple(scaled))


def text(whole: Recipe) -> str:
    """A recipe as it is written."""
    lines = [f"{show(one.amount)} {one.unit} {one.name}".replace("  ", " ") for one in whole.ingredients]
    return "\n".join([whole.title, "", *lines]) + "\n"


def double(source: str) -> str:
    """The command `double`."""
    return text(scale(recipe(source), Fraction(2)))


def halve(source: str) -> str:
    """The command `halve`."""
    return text(scale(recipe(source), Fraction(1, 2)))
