"""Other formats."""

import json
import unittest

from recipes.export import as_json, markdown


class ExportTest(unittest.TestCase):
    def test_markdown_escapes_bars(self) -> None:
        self.assertIn("| 3 |  | red\\|green apples |", markdown("Pie\n\n3 red|green apples\n"))

    def test_json_keeps_fractions(self) -> None:
        data = json.loads(as_json("Pie\n\n1/3 cup sugar\n"))
        self.assertEqual(data["ingredients"], [{"amount": "1/3", "unit": "cup", "name": "sugar"}])
