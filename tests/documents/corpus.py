"""The corpus: documents, what a careful reader makes of each, and how far the importer comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from phaseplan.documents.export.document import markdown
from phaseplan.documents.importing.document import import_file
from phaseplan.plan.campaign import load_valid

HERE = Path(__file__).resolve().parent
KINDS = ("branches", "names", "waves", "edges", "lines", "owned paths")


@dataclass(frozen=True)
class Score:
    """What should have been found and what was, of one kind."""

    wanted: frozenset[Any]
    found: frozenset[Any]

    @property
    def precision(self) -> float:
        """Return the share of found facts that are right."""
        return len(self.wanted & self.found) / len(self.found) if self.found else 1.0

    @property
    def recall(self) -> float:
        """Return the share of true facts that were found."""
        return len(self.wanted & self.found) / len(self.wanted) if self.wanted else 1.0


def documents() -> list[Path]:
    """List every document of the corpus."""
    return sorted(HERE.glob("[0-9]*.md"))


def sources() -> list[str]:
    """Return the inputs of fuzzing: the texts of the corpus, of every format, and of a document that `export` wrote."""
    formats = sorted(path for path in (HERE.parent / "data/documents").rglob("*") if path.suffix in (".md", ".json"))
    plan = load_valid([HERE.parents[1] / "include" / "plans" / "phase-05.yaml"], None).plans[0].plan
    return [*(path.read_bytes().decode() for path in (*documents(), *formats)), markdown(plan)]


def wanted(document: Path) -> dict[str, Any]:
    """Return the plan that a careful reader writes: only what the document states."""
    return dict(yaml.safe_load(document.with_suffix(".yaml").read_text()))


def imported(document: Path) -> dict[str, Any]:
    """Return what the importer writes, as plain data."""
    text = import_file(document).text
    return dict(yaml.safe_load(text)) if text is not None else {"waves": []}


def facts(plan: dict[str, Any]) -> dict[str, frozenset[Any]]:
    """Turn a plan into sets that can be compared."""
    out: dict[str, set[Any]] = {kind: set() for kind in KINDS}
    for wave in plan["waves"]:
        for branch in wave["branches"]:
            key = branch["id"]
            out["branches"].add(key)
            out["waves"].add((key, wave["wave"]))
            out["names"] |= {(key, branch["branch"])} if "branch" in branch else set()
            out["lines"] |= {(key, branch["lines"])} if "lines" in branch else set()
            out["edges"] |= {(needed, key) for needed in branch.get("depends_on", ())}
            out["owned paths"] |= {(key, path) for path in branch.get("owns", ())}
    return {kind: frozenset(found) for kind, found in out.items()}


def scores(document: Path) -> dict[str, Score]:
    """Score the importer on one document."""
    want, found = facts(wanted(document)), facts(imported(document))
    return {kind: Score(want[kind], found[kind]) for kind in KINDS}


def differences(document: Path) -> Iterator[str]:
    """Describe what is missing and what is too much, for a person."""
    for kind, score in scores(document).items():
        yield from (f"{document.name}: {kind} lacks {item}" for item in sorted(map(str, score.wanted - score.found)))
        yield from (f"{document.name}: {kind} has {item}" for item in sorted(map(str, score.found - score.wanted)))
