"""Reading recipes."""

import unittest
from fractions import Fraction

from recipes.parse import Ingredient, RecipeError, ingredient, recipe


class ParseTest(unittest.TestCase):
    def test_ingredients(self) -> None:
        for line, want in {
            "200 g flour": Ingredient(Fraction(200), "g", "flour"),
            "1.5 l milk": Ingredient(Fraction(3, 2), "l", "milk"),
            "1 1/2 cup brown sugar": Ingredient(Fraction(3, 2), "cup", "brown sugar"),
            "3 eggs": Ingredient(Fraction(3), "", "eggs"),
            "2 large eggs": Ingredient(Fraction(2), "", "large eggs"),
        }.items():
            with self.subTest(line):
                self.assertEqual(ingredient(line), want)

    def test_what_is_no_ingredient_is_named(self) -> None:
        for line in ("flour", "", "1/0 g salt"):
            with self.subTest(line), self.assertRaises(RecipeError):
                ingredient(line)

    def test_recipe(self) -> None:
        bread = recipe("Bread\n\n500 g flour\n3 dl water\n")
        self.assertEqual(bread.title, "Bread")
        self.assertEqual(bread.ingredients[1], Ingredient(Fraction(3), "", "dl water"))

    def test_a_title_alone_is_no_recipe(self) -> None:
        with self.assertRaises(RecipeError):
            recipe("Bread\n")
