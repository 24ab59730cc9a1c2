"""`python -m tests.kills.soak`: kills every part of a run of Phase 5, seed after seed, and writes docs/soak.md.

SOAK_PARTS=task,agent   only these parts           SOAK_SEEDS=1,2   only these seeds (default 1 to 5)
SOAK_FOLDER=DIR         where runs and results are; what stands in its results.jsonl is not run again
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from provision.common import TOP
from tests.kills.checks import CHECKS, used
from tests.kills.diary import Diary
from tests.kills.engine import PrivateEngine
from tests.kills.parts import PARTS, Strike, strike
from tests.kills.place import Run, Target

PHASE = 5
LIMIT = 900.0  # seconds for one run
SPREAD = 5.0  # seconds after the chosen event in which the kill comes
SOCKET = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
IMAGES = ("phaseplan/sample-go:1", "phaseplan/collector:2")
TABLE = TOP / "docs" / "soak.md"
PART = "## Two Celery workers"  # of the page, written by tests.stack.celery_soak
CALM = "nothing"  # the part of the undisturbed run


@dataclass(frozen=True)
class Row:
    """One run. Times are seconds."""

    part: str
    seed: int
    victim: str
    moment: float | None  # after the phase was opened
    duration: float  # from open to close
    retries: int  # of Airflow
    attempts: int  # beyond each branch's first
    moves: int  # of refs in the target repository
    code: int
    wrong: dict[str, list[str]]  # check -> what is wrong


def main() -> int:
    """Run what is asked for and not done yet; 1 when a check failed."""
    parts = os.environ.get("SOAK_PARTS", ",".join(PARTS)).split(",")
    seeds = [int(seed) for seed in os.environ.get("SOAK_SEEDS", "1,2,3,4,5").split(",")]
    folder = Path(os.environ.get("SOAK_FOLDER", TOP / ".phaseplan" / "soak")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.jsonl"
    for seed in seeds:
        for part in [CALM, *parts]:
            known = rows(results)
            if any((row.part, row.seed) == (part, seed) for row in known) or (part == CALM and seed != seeds[0]):
                continue
            calm = [row.moves for row in known if row.part == CALM]
            row = play(folder, part, seed, min(calm, default=0))
            with results.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
            TABLE.write_text(with_part(table(rows(results)), PART, part_of(TABLE.read_text(), PART)))
            print(
                f"{part} {seed}: {row.victim}, {row.duration:.0f} s, exit {row.code}, {row.wrong or 'fine'}", flush=True
            )
    return int(any(row.code or row.wrong for row in rows(results)))


def part_of(page: str, title: str) -> str:
    """Return the part of a page that begins with a title, to its end; empty where it has none."""
    _, mark, rest = page.partition(f"{title}\n")
    return mark + rest


def with_part(page: str, title: str, part: str) -> str:
    """Return a page with another last part, which has this title."""
    before = page.removesuffix(part_of(page, title)).rstrip()
    return f"{before}\n\n{part}" if part else f"{before}\n"


def rows(file: Path) -> list[Row]:
    """What has been run so far."""
    return [Row(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def play(folder: Path, part: str, seed: int, calm: int) -> Row:
    """One run of Phase 5 in which one part is killed; its files stay only where something is wrong."""
    with _engine(part) as engine:
        place = folder / f"{part}-{seed}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        target = Target(place / "target.git")
        subprocess.run(
            [sys.executable, TOP / "samples/create.py", "kcp-lite", target.path], check=True, capture_output=True
        )
        target.watch()
        url = engine.url if engine else SOCKET
        diary = Diary(url, place / "events.jsonl")
        try:
            run = Run(place, target, place / "state", url)
            run.start([TOP / "include/plans/phase-05.yaml"], TOP / "include/agents.yaml")
            blow = _strike(run, part, seed, calm, engine) if part != CALM else None
            code = run.wait(LIMIT)
            row = _row(run, diary, blow, part, seed, code)
        finally:
            diary.close()
        run.clear([PHASE])
    if not row.wrong and not code:
        shutil.rmtree(place)
    return row


@contextmanager
def _engine(part: str) -> Iterator[PrivateEngine | None]:
    """An engine that may be killed, for the part that is one; the same images on it every time."""
    if part != "engine":
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="phaseplan-soak-"))  # a socket's path must be short
    engine = PrivateEngine(folder / "engine")
    try:
        engine.start()
        engine.load(IMAGES)
        yield engine
    finally:
        engine.stop()
        folder.rmdir()


def _strike(run: Run, part: str, seed: int, calm: int, engine: PrivateEngine | None) -> Strike | None:
    """Wait for the moment, then kill; None: the part had nothing left to kill."""
    dice = random.Random(f"{part} {seed}")
    wanted = dice.randrange(1, calm)
    while len(run.target.moves()) < wanted:
        if run.process.poll() is not None:
            return None
        time.sleep(0.1)
    time.sleep(dice.uniform(0, SPREAD))
    try:
        return strike(run, PHASE, part, dice, engine)
    except AssertionError as error:
        print(error, flush=True)
        return None


def _row(run: Run, diary: Diary, blow: Strike | None, part: str, seed: int, code: int) -> Row:
    opened_run = (run.target.ledger(PHASE) or {}).get("run") or {}
    opened = _at(opened_run["opened"])
    ended = _at(opened_run["closed"]) if opened_run.get("closed") else time.time()
    wrong = {name: found for name, check in CHECKS.items() if (found := check(run, PHASE, diary))}
    if part != CALM and blow is None:
        wrong["killed"] = ["the part was never there to be killed"]
    victim, moment = (blow.victim, blow.when - opened) if blow else ("nobody", None)
    return Row(part, seed, victim, moment, ended - opened, *used(run, PHASE), len(run.target.moves()), code, wrong)


def _at(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


_HEAD = """# Soak

Phase 5 (10 branches, 3 waves) on the sample repository, run once for every line; in each run one real part gets
SIGKILL at a random moment: the seed picks one of the moves of refs that an undisturbed run makes in the target
repository, and 0 to 5 s after it. A task or an agent that does not run then is killed as soon as the next one does.
Repeat with `make soak`; parts and seeds can be chosen: `make soak SOAK_PARTS=task,agent SOAK_SEEDS=1,2`. What stands in
`.phaseplan/soak/results.jsonl` is not run again.

- *moment*, *took*: seconds after the phase was opened; *ratio*: to the undisturbed run of the first line.
- *retries*: of Airflow tasks; *attempts*: beyond each branch's first. `ok` in the columns of the checks:
  - *complete*: exit code 0, all branches integrated, the phase closed.
  - *never twice*: no two agents' containers of one branch ever overlapped in time (the engine's events).
  - *nothing left*: no process, container, volume, private repository, half made cache or temporary file.
  - *nothing lost*: every start, attempt and verdict ref that ever was (a hook wrote each move down) is unmoved,
    each attempt has a verdict, every commit integration ever was is an ancestor of its head.
  - *nothing ungated*: every commit integration ever was is the head of a wave that passed its gates, every merge on it
    has a passed verdict for exactly the merged commit.
  - *nobody blamed*: no attempt failed; every agent here does what it should.

All runs shared two cores with other work, and not always the same amount of it: a ratio below 1 says just that.

"""


def table(found: list[Row]) -> str:
    """The page."""
    names = ["part", "seed", "killed", "moment", "took", "ratio", "retries", "attempts", "exit", *CHECKS]
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    calm = min((row.duration for row in found if row.part == CALM), default=0.0)
    order = {part: n for n, part in enumerate([CALM, *PARTS])}
    for row in sorted(found, key=lambda row: (order[row.part], row.seed)):
        marks = ["ok" if check not in row.wrong else f"**{len(row.wrong[check])} wrong**" for check in CHECKS]
        moment = f"{row.moment:.1f}" if row.moment is not None else "-"
        ratio = f"{row.duration / calm:.2f}" if calm else "-"
        cells = [row.part, row.seed, row.victim.partition(",")[0], moment, f"{row.duration:.0f}", ratio]
        lines.append(f"| {' | '.join(map(str, [*cells, row.retries, row.attempts, row.code, *marks]))} |")
    wrong = [f"- {r.part} {r.seed}, {name}: {'; '.join(what)}" for r in found for name, what in r.wrong.items()]
    return _HEAD + "\n".join([*lines, *(["", "What is wrong:", "", *wrong] if wrong else [])]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
