"""A worker killed at every call of git it makes, in every way, comes out as if nothing had happened (I9, I10)."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.git.shim.trial import Call, Scene, describe, trial, undisturbed

SHAPE = "full" if os.environ.get("PHASEPLAN_SHIM") == "full" else "small"
SEED = int(os.environ.get("PHASEPLAN_SEED", "5"))
#: One crash point in so many is tried, which ones the seed says; `make soak` and the full shape try every one.
SHARE = int(os.environ.get("PHASEPLAN_SHIM_SHARE", "1" if SHAPE == "full" else "20"))
#: In the middle of a push: at moments that the target's hooks know, with and without receive-pack.
MOMENTS = tuple(
    f"{whom}-at-{moment}"
    for moment in ("quarantine", "prepared", "torn", "committed")
    for whom in ("client", "all")
    if (whom, moment) != ("client", "torn")
)
LONGEST = 0.02  # seconds a push takes, roughly


def points(scene: Scene) -> Iterator[tuple[Call, str]]:
    """Every crash point of a run."""
    dice = random.Random(SEED)
    for call in scene.calls:
        yield call, "before"
        yield call, "after"
        if call.push:
            yield from ((call, moment) for moment in MOMENTS)
            yield call, f"client-after-{dice.uniform(0, LONGEST):.4f}"
            yield call, f"all-after-{dice.uniform(0, LONGEST):.4f}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return undisturbed(tmp_path_factory.mktemp("scene"), SHAPE)


@pytest.mark.timeout(14400 if SHAPE == "full" else 1800)
def test_a_worker_killed_at_any_call_of_git_comes_out_the_same(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began, chosen = time.monotonic(), list(points(scene))[SEED % SHARE :: SHARE]

    def one(numbered: tuple[int, tuple[Call, str]]) -> str:
        number, (call, how) = numbered
        folder = tmp_path / str(number)
        wrong = trial(scene, call, how, folder, whole=call.push or SHAPE == "full")
        shutil.rmtree(folder)
        return wrong and f"{describe(call, how)}: {wrong}"

    with ThreadPoolExecutor(2) as pool:
        wrong = [said for said in pool.map(one, enumerate(chosen)) if said]
    kinds = Counter(how.split("-after-")[0] for _, how in chosen)
    with capsys.disabled():
        print(
            f"\n{len(scene.calls)} calls, {len(kinds)} variants: {len(chosen)} crash points (1 in {SHARE}), "
            f"{len(wrong)} divergent"
            f" ({time.monotonic() - began:.0f} s, seed {SEED}; {dict(kinds)})"
        )
    assert wrong == []
