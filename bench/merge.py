"""Measure merging and pairwise predicting 50 branches in a bare repository (aims: < 1 s and < 0.5 s)."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from phaseplan.merging.chain import Head, chain_merge, predict
from phaseplan.repository.objects import NEUTRAL
from phaseplan.repository.repo import GitRepo

FILES, BRANCHES, CHANGED = 1400, 50, 8


def measure() -> dict[str, float]:
    """Measure seconds for merging and predicting 50 branches of 8 changed files each, in a tree of 1,400 files."""
    with tempfile.TemporaryDirectory() as folder:
        repo = GitRepo.init(Path(folder) / "bench.git")
        base, *commits = _history(repo)
        heads = [Head(f"1.1.{i}", commit, base=base) for i, commit in enumerate(commits)]
        began = time.perf_counter()
        merged = chain_merge(repo, base, heads, union=("src/d0/shared",))
        merging = time.perf_counter() - began
        if (
            len(merged.ids) != BRANCHES
            or chain_merge(repo, base, heads, union=("src/d0/shared",)).commit != merged.commit
        ):
            raise SystemExit("bench/merge: the merge is wrong, so its time means nothing")
        began = time.perf_counter()
        predict(repo, base, heads)
        return {"merge_50_seconds": merging, "predict_1225_pairs_seconds": time.perf_counter() - began}


def _history(repo: GitRepo) -> list[str]:
    """Make the base commit and one commit per branch by one fast-import."""
    lines = ["reset refs/heads/base", "commit refs/heads/base", *_signed("base")]
    for n in range(FILES):
        lines += [f"M 100644 inline src/d{n % 70}/f{n}", *_data(f"file {n}\n" * 40)]
    lines += ["M 100644 inline src/d0/shared", *_data("first\nlast\n")]
    for b in range(BRANCHES):
        lines += [f"commit refs/heads/b{b}", *_signed(f"branch {b}"), "from refs/heads/base"]
        for n in range(CHANGED):
            lines += [f"M 100644 inline src/d{b}/new{n}", *_data(f"branch {b} file {n}\n" * 60)]
        lines += ["M 100644 inline src/d0/shared", *_data(f"first\nbranch {b}\nlast\n")]
    repo.run("fast-import", "--quiet", stdin="\n".join([*lines, ""]).encode(), env=NEUTRAL)
    names = ["base", *(f"b{b}" for b in range(BRANCHES))]
    return [repo.line("rev-parse", f"refs/heads/{name}") for name in names]


def _signed(message: str) -> list[str]:
    return ["committer Bench <bench@localhost> 1700000000 +0000", *_data(message)]


def _data(text: str) -> list[str]:
    return [f"data {len(text.encode())}", text]


if __name__ == "__main__":
    for name, seconds in measure().items():
        print(f"{name:32} {seconds:8.3f}")
