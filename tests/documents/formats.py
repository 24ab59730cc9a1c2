"""`python -m tests.documents.formats`: documents of each format, a careful reading of each, and what import does.

Prints the table of docs/import.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from phaseplan.documents.importing.document import Imported, import_file, import_text
from tests.documents.corpus import Score

FOLDER = Path(__file__).resolve().parents[1] / "data" / "documents"
KINDS = ("units", "order", "needs", "titles", "paths")


def documents() -> list[Path]:
    """List the documents; each has its reading in the YAML beside it."""
    return sorted(path for path in FOLDER.rglob("*") if path.suffix in (".md", ".json", ".csv"))


def wanted(document: Path) -> dict[str, Any]:
    """Return what a careful reader makes of a document."""
    return dict(yaml.safe_load(document.with_suffix(".yaml").read_text()))


def plans(done: Imported) -> list[dict[str, Any]]:
    """Return the imported plans as plain data."""
    return [dict(yaml.safe_load(text)) for text in done.texts]


def compact(plan: dict[str, Any]) -> dict[str, Any]:
    """Write a plan as the readings are written."""
    branches = [branch for wave in plan["waves"] for branch in wave["branches"]]
    out = {key: plan[key] for key in ("phase", "title", "depends_on", "blocks", "claims") if key in plan}
    out["waves"] = {wave["wave"]: [branch["id"] for branch in wave["branches"]] for wave in plan["waves"]}
    out["wave_titles"] = {wave["wave"]: wave["title"] for wave in plan["waves"] if "title" in wave}
    out["wave_times"] = {wave["wave"]: wave["duration"] for wave in plan["waves"] if "duration" in wave}
    out["validate"] = {wave["wave"]: wave["validate"] for wave in plan["waves"] if "validate" in wave}
    out["needs"] = {branch["id"]: sorted(branch["depends_on"]) for branch in branches if branch.get("depends_on")}
    for name, key in (
        ("titles", "title"),
        ("names", "branch"),
        ("owns", "owns"),
        ("lines", "lines"),
        ("times", "duration"),
        ("labels", "agent_label"),
    ):
        out[name] = {branch["id"]: branch[key] for branch in branches if key in branch}
    return out


def read(text: str, file: str = "x.md") -> tuple[dict[str, Any], Imported]:
    """Import a document of one plan; return the plan as the readings are written, and the result."""
    done = import_text(file, text)
    (plan,) = map(compact, plans(done))
    return plan, done


def facts(plan: dict[str, Any], titled: set[str]) -> dict[str, set[Any]]:
    """Turn a plan into sets that can be compared; `titled` are the units whose titles the reading gives."""
    return {
        "units": {unit for units in plan["waves"].values() for unit in units},
        "order": {(wave, unit) for wave, units in plan["waves"].items() for unit in units},
        "needs": {(unit, need) for unit, needs in plan.get("needs", {}).items() for need in needs},
        "titles": {(unit, title) for unit, title in plan.get("titles", {}).items() if unit in titled},
        "paths": {(unit, path) for unit, paths in plan.get("owns", {}).items() for path in paths},
    }


def scores(document: Path) -> dict[str, Score]:
    """Score one document."""
    want, made = wanted(document)["plans"], [compact(plan) for plan in plans(import_file(document))]
    sums: dict[str, tuple[set[Any], set[Any]]] = {kind: (set(), set()) for kind in KINDS}
    for i in range(max(len(want), len(made))):
        reading = want[i] if i < len(want) else {"waves": {}}
        titled = set(reading.get("titles", {}))
        for plan, side in ((reading, 0), (made[i] if i < len(made) else {"waves": {}}, 1)):
            for kind, values in facts(plan, titled).items():
                sums[kind][side].update((i, value) for value in values)
    return {kind: Score(frozenset(a), frozenset(b)) for kind, (a, b) in sums.items()}


def lost(document: Path) -> int:
    """Count units of a careful reader that are neither in a plan nor reported."""
    done, reading = import_file(document), wanted(document)
    units = sum(len(units) for plan in reading["plans"] for units in plan["waves"].values()) + reading.get("others", 0)
    made = sum(len(units) for plan in plans(done) for units in compact(plan)["waves"].values())
    reported = Counter(d.code for d in done.diagnostics)
    return max(0, units - made - reported["PP916"] - reported["PP917"])


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: format, documents, precision and recall of each kind, what was lost in silence."""
    by_format: dict[str, list[Path]] = {}
    for document in documents():
        by_format.setdefault(document.parent.name, []).append(document)
    for name, several in by_format.items():
        every = [scores(document) for document in several]
        cells = []
        for kind in KINDS:
            want = sum(len(score[kind].wanted) for score in every)
            found = sum(len(score[kind].found) for score in every)
            both = sum(len(score[kind].wanted & score[kind].found) for score in every)
            cells.append(f"{both / found if found else 1:.2f} / {both / want if want else 1:.2f}")
        yield name, str(len(several)), *cells, str(sum(map(lost, several)))


def table() -> str:
    """Write the table."""
    head = f"| format | documents | {' | '.join(KINDS)} | lost in silence |\n|{'---|' * (len(KINDS) + 3)}\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows())


if __name__ == "__main__":
    sys.stdout.write(table())
