"""Precision and recall of the importer over documents of plans in waves and of every format; imports of a megabyte."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.documents import corpus, formats

MEGABYTE = 1_000_000  # characters
WORDS = "explain what it does and why it matters "


def measure() -> dict[str, float]:
    """Measure precision and recall of each kind of fact over all documents together, and how long imports take."""
    wanted: dict[str, int] = dict.fromkeys(corpus.KINDS, 0)
    found, right = dict(wanted), dict(wanted)
    slowest = 0.0
    for document in corpus.documents():
        begun = time.perf_counter()
        made = corpus.scores(document)
        slowest = max(slowest, time.perf_counter() - begun)
        for kind, score in made.items():
            wanted[kind] += len(score.wanted)
            found[kind] += len(score.found)
            right[kind] += len(score.wanted & score.found)
    out = {"documents": float(len(corpus.documents())), "slowest import s": slowest}
    for kind in corpus.KINDS:
        out[f"{kind}: precision (of {found[kind]})"] = right[kind] / max(1, found[kind])
        out[f"{kind}: recall (of {wanted[kind]})"] = right[kind] / max(1, wanted[kind])
    return out | _formats() | _large()


def _formats() -> dict[str, float]:
    """Measure the documents of each format: the least precision or recall of any kind, and what is lost in silence."""
    out: dict[str, float] = {}
    for name, documents, *cells, lost in formats.rows():
        least = min(float(figure) for cell in cells for figure in cell.split(" / "))
        out[f"{name}, {documents} documents: least precision or recall"] = least
        out[f"{name}: units lost in silence"] = float(lost)
    return out


def _large() -> dict[str, float]:
    """Measure whole processes that import a megabyte, against one that imports a page."""
    head = "| ID | Branch | Title | Depends on |\n|---|---|---|---|\n"
    row = "| B-{n} | feature/b{n} | {words} | - |\n"
    task = "- [ ] T{n:04} [P] Write src/m{n}/file.py and {words}\n"
    notes = "\n\n{words}.\n- a thing\n- another thing with `src/x/y.go`\n"
    texts = {
        "rows": "# Phase 5: Big\n\n## Wave 1\n\n" + head + _many(row, 900),
        "tasks": "# Tasks: Big\n\n## Phase 1: Setup\n\n" + _many(task, 6_000),
        "a plan in waves with much prose": (corpus.HERE / "01-founding.md").read_text() + _many(notes, 3_500),
    }
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.md"
        page.write_text("# Phase 5: Small\n\n" + head + "".join(row.format(n=n, words="x") for n in (1, 2)))
        small = min(_seconds(page) for _ in range(3))
        out = {"import of a page, whole process s": small}
        for name, text in texts.items():
            file = Path(folder) / "big.md"
            file.write_text(text)
            seconds = min(_seconds(file) for _ in range(3))
            out[f"import of 1 MB, {name}, whole process s"] = seconds
            out[f"  times as long as a page, {name}"] = seconds / small
    return out


def _many(line: str, times: int) -> str:
    """Return a line so often, numbered, that all are about a megabyte."""
    words = WORDS * ((MEGABYTE // times - len(line)) // len(WORDS) + 1)
    text = "".join(line.format(n=n, words=words.strip()) for n in range(1, times + 1))
    return text[: text.rindex("\n", 0, MEGABYTE - 20_000) + 1] if len(text) > MEGABYTE - 20_000 else text


def _seconds(file: Path) -> float:
    """Return the time of one import, from the start of Python to its end."""
    command = [sys.executable, "-m", "phaseplan.cli.main", "import", str(file)]
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun
