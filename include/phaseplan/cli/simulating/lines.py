"""Make lines of styled pieces: colours for a terminal, plain text for everything else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from phaseplan.text.clean import clean

WIDTH = 100

Piece = tuple[str, str]  # text, style in rich's words
Line = list[Piece]


def plain(text: str, style: str = "") -> Line:
    """Make a line of one piece; text of a plan is made safe for a terminal."""
    return [(clean(text), style)]


def fit(text: str, width: int, right: bool = False) -> str:
    """Fit text into exactly this many columns; text that is too long ends in dots."""
    text = clean(text)
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…" if width > 1 else set_cell_size(text, width)
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def columns(rows: Sequence[Sequence[str]], left_columns: int = 1, styles: Sequence[str] = ()) -> list[Line]:
    """Align a table whose first row is its head; the first `left_columns` are flush left, the others flush right."""
    widths = [max(cell_len(clean(row[i])) for row in rows) for i in range(len(rows[0]))]
    out: list[Line] = []
    for number, row in enumerate(rows):
        cells = [
            fit(cell, width, right=i >= left_columns) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        style = "bold" if number == 0 else styles[number - 1] if styles else ""
        out.append([(f"  {'  '.join(cells)}".rstrip(), style)])
    return out


def show(lines: Iterable[Line]) -> None:
    """Print lines; a pipe gets no colours."""
    if not sys.stdout.isatty():
        sys.stdout.writelines("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line), end="\n")
