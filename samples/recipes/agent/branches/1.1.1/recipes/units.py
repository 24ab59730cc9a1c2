"""Units of amounts, and conversion within one dimension."""

from __future__ import annotations

from fractions import Fraction

#: Unit -> (dimension, how many of the dimension's base unit it is).
UNITS: dict[str, tuple[str, Fraction]] = {
    "g": ("mass", Fraction(1)),
    "kg": ("mass", Fraction(1000)),
    "oz": ("mass", Fraction("28.349523125")),
    "lb": ("mass", Fraction("453.59237")),
    "ml": ("volume", Fraction(1)),
    "l": ("volume", Fraction(1000)),
    "tsp": ("volume", Fraction(5)),
    "tbsp": ("volume", Fraction(15)),
    "cup": ("volume", Fraction(240)),
    "": ("count", Fraction(1)),
}


class UnitError(ValueError):
    """An unknown unit, or two units of different dimensions."""


def dimension(unit: str) -> str:
    """What a unit measures."""
    if unit not in UNITS:
        raise UnitError(f"unknown unit {unit!r}; known are {', '.join(sorted(filter(None, UNITS)))}")
    return UNITS[unit][0]


def convert(amount: Fraction, unit: str, to: str) -> Fraction:
    """The same amount in another unit of the same dimension, exactly."""
    if dimension(unit) != dimension(to):
        raise UnitError(f"{unit or 'pieces'} is {dimension(unit)}, {to or 'pieces'} is {dimension(to)}")
    return amount * UNITS[unit][1] / UNITS[to][1]


def readable(amount: Fraction, unit: str) -> tuple[Fraction, str]:
    """The amount in the largest metric unit that leaves at least 1 of it."""
    ladder = {"mass": ("kg", "g"), "volume": ("l", "ml"), "count": ("",)}[dimension(unit)]
    for candidate in ladder:
        converted = convert(amount, unit, candidate)
        if converted >= 1:
            break
    return converted, candidate


def show(amount: Fraction) -> str:
    """At most two decimals, none where none are needed."""
    return f"{float(amount):.2f}".rstrip("0").rstrip(".")
