"""Measure `simulate` on 10,000 branches, against reading their plan, and how near its schedules are to the best."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from pathlib import Path

from phaseplan.forecast.simulation.bounds import bounds_of
from phaseplan.forecast.simulation.network import connect, gather
from phaseplan.forecast.simulation.report import Question, simulate
from phaseplan.forecast.simulation.schedule import run, shared
from phaseplan.plan.campaign import load_reckonable
from tests.plan.random_plans import best, random_plan

WAVES, BRANCHES = 200, 50
_PLANS = 1000


def measure() -> dict[str, float]:
    """CPU seconds, for it is all arithmetic, and their ratio; makespans of small random plans over the optimum."""
    return {**_large(), **_small("wave"), **_small("dependencies")}


def _large() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="phaseplan-bench-") as folder:
        file = Path(folder, "plan.yaml")
        file.write_text(_plan())
        begun = time.process_time()
        plans = [loaded.plan for loaded in load_reckonable([file]).plans]
        read = time.process_time() - begun
    begun = time.process_time()
    report = simulate(plans, Question())
    took = time.process_time() - begun
    if len(report.work.branches) != WAVES * BRANCHES or report.schedule.makespan < report.bound:
        raise SystemExit("bench/simulate: the simulation is wrong, so its speed means nothing")
    return {
        "10,000 branches | read the plan s": read,
        "10,000 branches | simulate s (aim < 2)": took,
        "10,000 branches | simulate / read": took / read,
        "10,000 branches | schedule / bound": report.schedule.makespan / report.bound,
    }


def _small(start: str) -> dict[str, float]:
    ratios, under = [], 0
    for seed in range(_PLANS):
        plan = random_plan(random.Random(seed), most=7)
        work, crew = gather([plan]), shared(gather([plan]), plan.max_parallel_agents)
        mode = "wave" if start == "wave" else "dependencies"
        made, optimum = run(work, connect(work, mode), crew).makespan, best(plan, plan.max_parallel_agents, start)
        under += made < optimum - 1e-6 or optimum < bounds_of(work).at(crew, mode) - 1e-6
        ratios.append(made / optimum)
    return {
        f"up to 7 branches | {start} | makespan / optimum, mean (aim <= 1.05)": statistics.mean(ratios),
        f"up to 7 branches | {start} | makespan / optimum, greatest": max(ratios),
        f"up to 7 branches | {start} | optimum reached, share of plans": sum(r < 1 + 1e-9 for r in ratios) / _PLANS,
        f"up to 7 branches | {start} | under optimum or bound (aim 0)": float(under),
    }


def _plan() -> str:
    dice = random.Random(1)
    lines = ["phase: 1", "title: Large", "max_parallel_agents: 40", "waves:"]
    for w in range(WAVES):
        lines += [f"  - wave: {w + 1}", "    branches:"]
        for b in range(BRANCHES):
            needs = ", ".join(f'"1.{w}.{n}"' for n in dice.sample(range(BRANCHES), 2)) if w else ""
            low = dice.randint(1, 6)
            lines.append(
                f'      - {{id: "1.{w + 1}.{b}", branch: feature/w{w}-b{b}, title: Branch {b}, '
                f"duration: {low}h-{low + dice.randint(0, 4)}h, depends_on: [{needs}], owns: [pkg/w{w}/b{b}/]}}"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:72} {value:8.3f}")
