"""Scaling recipes."""

import unittest
from fractions import Fraction

from recipes.parse import recipe
from recipes.scale import double, halve, scale

BREAD = "Bread\n\n500 g flour\n1 tsp salt\n3 eggs\n"


class ScaleTest(unittest.TestCase):
    def test_double_changes_to_units_that_read_well(self) -> None:
        self.assertEqual(double(BREAD), "Bread\n\n1 kg flour\n10 ml salt\n6 eggs\n")

    def test_halve(self) -> None:
        self.assertEqual(halve(BREAD), "Bread\n\n250 g flour\n2.5 ml salt\n1.5 eggs\n")

    def test_there_and_back(self) -> None:
        once = scale(recipe(BREAD), Fraction(1))
        self.assertEqual(scale(scale(once, Fraction(3)), Fraction(1, 3)), once)

    def test_nothing_is_no_factor(self) -> None:
        with self.assertRaises(ValueError):
            scale(recipe(BREAD), Fraction(0))
