"""Units and their conversion."""

import unittest
from fractions import Fraction

from recipes.units import UNITS, UnitError, convert, readable, show


class UnitsTest(unittest.TestCase):
    def test_there_and_back_is_exact(self) -> None:
        for unit, (dimension, _) in UNITS.items():
            for other, (same, _) in UNITS.items():
                if same == dimension:
                    there = convert(Fraction(7, 3), unit, other)
                    self.assertEqual(convert(there, other, unit), Fraction(7, 3), (unit, other))

    def test_dimensions_do_not_mix(self) -> None:
        with self.assertRaisesRegex(UnitError, "g is mass, ml is volume"):
            convert(Fraction(1), "g", "ml")

    def test_an_unknown_unit_is_named(self) -> None:
        with self.assertRaisesRegex(UnitError, "unknown unit 'furlong'"):
            convert(Fraction(1), "furlong", "g")

    def test_readable(self) -> None:
        self.assertEqual(readable(Fraction(1500), "g"), (Fraction(3, 2), "kg"))
        self.assertEqual(readable(Fraction(2), "tbsp"), (Fraction(30), "ml"))

    def test_show(self) -> None:
        self.assertEqual([show(Fraction(n)) for n in ("3", "3/2", "1/3")], ["3", "1.5", "0.33"])
