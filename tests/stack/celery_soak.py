"""`python -m tests.stack.celery_soak`: plays Phase 5 on two Celery workers, seed after seed, and writes docs/soak.md.

SOAK_SEEDS=1,2   only these seeds (default 1 to 5); what stands in .phaseplan/soak/celery.jsonl is not played again.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from provision.common import TOP
from tests.kills.soak import PART, TABLE, with_part
from tests.stack.celery_night import Night, played
from tests.stack.two_workers import ROOM, Workers

_HEAD = f"""{PART}

The stack with `docker-compose.celery.yaml`: two workers, each with an engine and a log server of its own, nothing in
common but the API server, the queue, and a git host with a password; at most {ROOM} agents on each engine. In wave 1
one worker gets SIGKILL while agents run on its engine, and comes back when the wave is integrated; in wave 2 the other
worker and its engine get it, and `phaseplan engines forget` says so. Then the same phase is triggered once more.

  - *followed*: agents at work on the engine whose worker died: the other worker ended their attempts, and no second one
    began.
  - *lost*: branches with an attempt open on the engine that died: one more attempt each, on the other.
  - *retold*: logs of branches in which one worker shows what another had logged before the deferral.
  - *unchanged*: containers that the second night started.
  - *checks*: the phase is complete, no two agents of one branch overlap (by the engines' events), nothing is left on
    the engine that lives, and once the second worker is back, Airflow's API shows beginning and end of each branch.

| seed | followed | lost | attempts | took | retold | unchanged | checks |
|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Play what is not played yet; 1 when something was wrong."""
    seeds = [int(seed) for seed in os.environ.get("SOAK_SEEDS", "1,2,3,4,5").split(",")]
    results = TOP / ".phaseplan" / "soak" / "celery.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        if seed not in {night.seed for night in nights(results)}:
            night = play(seed)
            with results.open("a") as file:
                file.write(json.dumps(asdict(night)) + "\n")
            TABLE.write_text(with_part(TABLE.read_text(), PART, table(nights(results))))
            print(night, flush=True)
    return int(any(night.wrong for night in nights(results)))


def nights(file: Path) -> list[Night]:
    """What has been played so far."""
    return [Night(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def play(seed: int) -> Night:
    """One night in a stack of its own, of which nothing stays."""
    top = Path(tempfile.mkdtemp(prefix="phaseplan-celery-"))
    workers = Workers.make(top)
    try:
        workers.up()
        return played(workers, seed)
    finally:
        workers.stop()
        shutil.rmtree(top, ignore_errors=True)


def table(found: list[Night]) -> str:
    """The part of the page."""
    lines = []
    for night in sorted(found, key=lambda night: night.seed):
        checks = "; ".join(f"**{words}**" for words in night.wrong) or "ok"
        cells = [night.seed, ", ".join(night.followed), ", ".join(night.lost), sum(night.attempts.values())]
        cells += [f"{night.took:.0f}", night.retold, night.unchanged, checks]
        lines.append(f"| {' | '.join(map(str, cells))} |\n")
    return _HEAD + "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
