"""Precision and recall of the importer over the corpus of documents."""

from __future__ import annotations

import time

from tests.documents import corpus


def measure() -> dict[str, float]:
    """Measure precision and recall of each kind of fact over all documents together, and the slowest import."""
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
    return out
