"""Shopping lists."""

import unittest

from recipes.shopping import shopping


class ShoppingTest(unittest.TestCase):
    def test_sums_over_recipes_and_units(self) -> None:
        source = "Bread\n\n500 g flour\n3 eggs\n\n---\nCake\n\n1 kg Flour\n1 egg\n"
        self.assertEqual(shopping(source), "[ ] 1 egg\n[ ] 3 eggs\n[ ] 1.5 kg flour\n")

    def test_mass_and_volume_stay_apart(self) -> None:
        self.assertEqual(shopping("X\n\n1 cup sugar\n10 g sugar\n"), "[ ] 10 g sugar\n[ ] 240 ml sugar\n")
