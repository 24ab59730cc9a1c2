"""Parse of a plan with 3,000 tasks: Phaseplan against the same DAG by hand and against dag-factory.

Each is a fresh process that parses one DAG file, best of three, after Airflow itself is imported: what is compared is
the work per file, not the import that all share.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from provision.common import TOP

WAVES = 60
BRANCHES = 50

_TIMED = """
import gc, sys, time
import airflow.sdk, airflow.providers.docker.operators.docker, airflow.providers.standard.operators.bash
{setup}
best = 1e9
for _ in range(3):
    gc.collect()
    begun = time.perf_counter()
    tasks = run()
    best = min(best, time.perf_counter() - begun)
print(best, tasks)
"""

_OURS = """
from pathlib import Path
from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.plan.campaign import load_valid
def run():
    campaign = load_valid([Path({plan!r})], Path({agents!r}))
    return len(compile_plan(campaign.plans[0].plan, Options(profiles=campaign.profiles, task={task!r})).tasks)
"""

_BY_HAND = """
from airflow.sdk import DAG, TaskGroup
from airflow.providers.standard.operators.empty import EmptyOperator
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.airflow.operators.phase import ClosePhaseOperator, IntegrateOperator, OpenPhaseOperator
def run():
    with DAG("by_hand", schedule=None, default_args={{"owner": "phaseplan", "retries": 3}}) as dag:
        opened = OpenPhaseOperator(task_id="open_phase", phase=1)
        before = None
        tasks = {{}}
        for w in range(1, {waves} + 1):
            with TaskGroup(f"wave_{{w}}"):
                gate = opened
                if before is not None:
                    gate = EmptyOperator(task_id="start", trigger_rule="one_done")
                    gate.set_upstream(before)
                integrate = IntegrateOperator(task_id="integrate", phase=1, wave=w, trigger_rule="all_done")
                for b in range({branches}):
                    task = BranchBuildOperator(
                        task_id=f"1-{{w}}-{{b}}_b", phase=1, branch=f"1.{{w}}.{{b}}", image="x:1", command=["agent"],
                        trigger_rule="all_done", pool="phaseplan_1_a50", priority_weight=w * 100 + b,
                        weight_rule="absolute", doc_md="x")
                    task.set_upstream([opened] if gate is opened else [opened, gate])
                    if w > 1:
                        task.set_upstream(tasks[w - 1, b])
                    integrate.set_upstream(task)
                    tasks[w, b] = task
                integrate.set_upstream([opened] if before is None else [opened, before])
                before = integrate
        ClosePhaseOperator(task_id="close_phase", phase=1, trigger_rule="all_done").set_upstream([opened, before])
    return len(dag.tasks)
"""

_DAG_FACTORY = """
from dagfactory import load_yaml_dags
def run():
    out = {{}}
    load_yaml_dags(globals_dict=out, config_filepath={config!r})
    return sum(len(d.tasks) for d in out.values() if hasattr(d, "tasks"))
"""


def measure() -> dict[str, float]:
    """Measure the seconds of each, and the two ratios."""
    with tempfile.TemporaryDirectory() as folder:
        plan, agents, config = Path(folder, "plan.yaml"), Path(folder, "agents.yaml"), Path(folder, "factory.yaml")
        plan.write_text(_plan())
        agents.write_text('a: {image: "x:1", command: [agent]}\n')
        config.write_text(_factory())
        ours = _time(_OURS.format(plan=str(plan), agents=str(agents), task=None))
        one = _time(_OURS.format(plan=str(plan), agents=str(agents), task="wave_60.1-60-49_p1w60-b49"))
        by_hand = _time(_BY_HAND.format(waves=WAVES, branches=BRANCHES))
        factory = _time(_DAG_FACTORY.format(config=str(config)))
    return {
        "phaseplan s": ours,
        "by hand s": by_hand,
        "dag-factory s": factory,
        "phaseplan for the process of one task / for all (aim <= 0.4)": one / ours,
        "phaseplan / by hand (aim <= 1.1)": ours / by_hand,
        "dag-factory / phaseplan (aim >= 4)": factory / ours,
    }


def _time(setup: str) -> float:
    out = subprocess.run(
        [sys.executable, "-c", _TIMED.format(setup=setup)], cwd=TOP, capture_output=True, text=True, check=True
    )
    return float(out.stdout.split()[-2])


def _plan() -> str:
    lines = ["phase: 1", "title: Large", "agent: a", "attempts: 1", "max_parallel_agents: 50", "waves:"]
    for w in range(1, WAVES + 1):
        lines += [f"  - wave: {w}", f"    title: Wave {w}", "    branches:"]
        for b in range(BRANCHES):
            needs = f', depends_on: ["1.{w - 1}.{b}"]' if w > 1 else ""
            lines.append(
                f'      - {{id: "1.{w}.{b}", branch: feature/p1w{w}-b{b}, title: Branch {b} of wave {w}, '
                f"lines: 100{needs}, owns: [pkg/w{w}/b{b}/]}}"
            )
    return "\n".join(lines) + "\n"


def _factory() -> str:
    lines = [
        "large:",
        "  default_args: {owner: phaseplan, start_date: 2024-01-01}",
        "  schedule: null",
        "  task_groups:",
        *(f"    - {{group_name: wave_{w}}}" for w in range(1, WAVES + 1)),
        "  tasks:",
    ]
    operator = "airflow.providers.docker.operators.docker.DockerOperator"
    for w in range(1, WAVES + 1):
        for b in range(BRANCHES):
            needs = f", dependencies: [t_{w - 1}_{b}]" if w > 1 else ""
            lines.append(
                f"    - {{task_id: t_{w}_{b}, operator: {operator}, image: 'x:1', command: agent, "
                f"trigger_rule: all_done, task_group_name: wave_{w}{needs}}}"
            )
    return "\n".join(lines) + "\n"
