"""The table of commands."""

import tempfile
import unittest
from pathlib import Path

from recipes.commands import commands


class CommandsTest(unittest.TestCase):
    def test_every_command_loads(self) -> None:
        for command in commands().values():
            with self.subTest(command.name):
                self.assertTrue(callable(command.load()))

    def test_a_name_twice_is_an_error(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "commands.txt"
            path.write_text("a m:f does it\na m:g does it too\n")
            with self.assertRaisesRegex(ValueError, "a is there twice"):
                commands(path)
