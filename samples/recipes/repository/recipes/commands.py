"""The table of commands, read from commands.txt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """One command: `target` is `module:function`, which takes the text of a recipe and gives text."""

    name: str
    target: str
    summary: str

    def load(self) -> Callable[[str], str]:
        """Import the function."""
        module, _, function = self.target.partition(":")
        return getattr(import_module(module), function)


def commands(path: Path = Path(__file__).with_name("commands.txt")) -> dict[str, Command]:
    """All commands by name; a name that is there twice is an error."""
    out: dict[str, Command] = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        command = Command(*line.split(maxsplit=2))
        if command.name in out:
            raise ValueError(f"{path.name}: {command.name} is there twice")
        out[command.name] = command
    return out
