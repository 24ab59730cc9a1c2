"""What must hold after any kill. Each check returns what is wrong; nothing is right."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import psutil

from tests.database import rows
from tests.kills.diary import Diary, together
from tests.kills.place import LISTINGS, NOBODY, Run

Check = Callable[[Run, int, Diary], list[str]]


def complete(run: Run, phase: int, diary: Diary) -> list[str]:
    """The phase is complete: all branches integrated, the run closed."""
    status = run.status(phase)
    out = [
        f"{b}: {s['state']} {s.get('reason', '')}" for b, s in status["branches"].items() if s["state"] != "integrated"
    ]
    return out + ([] if status["complete"] else ["the phase is not complete"])


def never_twice(run: Run, phase: int, diary: Diary) -> list[str]:
    """No branch had two agents at work at the same time."""
    lives = diary.lives(_ledger(run, phase)["id"])
    branches = {life.branch for life in lives}
    planned = set(_ledger(run, phase)["branches"])
    return together(lives) + [f"{branch}: no agent was seen" for branch in sorted(planned - branches)]


def nothing_left(run: Run, phase: int, diary: Diary) -> list[str]:
    """No process, container, volume, network, private repository, half made cache or temporary file is left."""
    label = f"label=phaseplan.ledger={_ledger(run, phase)['id']}"
    out = []
    for kind, command in LISTINGS.items():
        said = subprocess.run(
            ["docker", "-H", run.docker_url, *command, "--filter", label], check=True, capture_output=True, text=True
        )
        out += [f"{kind} {one}" for one in said.stdout.split()]
    cache = run.state / "cache"
    whole = re.compile(r"[0-9a-f]{16}\.(git|lock|users|swept)|airflow-[\d.-]+\.db|private|measured")
    out += [f"cache entry {entry.name}" for entry in cache.iterdir() if not whole.fullmatch(entry.name)]
    out += [f"private repository {entry.name}" for entry in (cache / "private").iterdir()]
    out += [f"temporary file {entry.name}" for entry in run.temporary.iterdir()]
    return out + [f"process {one.pid} {one.name()}" for one in psutil.process_iter() if _of(run, one)]


def _of(run: Run, process: psutil.Process) -> bool:
    try:
        return bool(process.environ().get("AIRFLOW_HOME") == str(run.home))
    except psutil.Error:
        return False


def nothing_lost(run: Run, phase: int, diary: Diary) -> list[str]:
    """Every attempt, start and verdict that was ever recorded is there, and integration only moved forward."""
    refs = run.target.refs()
    root = f"refs/phaseplan/phase-{phase}/"
    kept = tuple(f"{root}{kind}/" for kind in ("started", "attempts", "results"))
    moves = run.target.moves()
    out = [
        f"{move.ref} was {move.new[:12]} and is {refs.get(move.ref, 'gone')[:12]}"
        for move in moves
        if move.ref.startswith(kept) and move.new != refs.get(move.ref)
    ]
    head = refs.get(f"refs/heads/integration/phase-{phase}", NOBODY)
    out += [f"integration lost {c[:12]}" for c in integrated(run, phase) if not _ancestor(run, c, head)]
    starts = {ref.removeprefix(kept[0]) for ref in refs if ref.startswith(kept[0])}
    ended = {v["branch"] + "/" + str(v["attempt"]) for v in verdicts(run, phase)}
    return out + [f"attempt {one} has no verdict" for one in sorted(starts - ended)]


def nothing_ungated(run: Run, phase: int, diary: Diary) -> list[str]:
    """Every commit that integration ever was is the head of an integrated wave; every merge has a passed verdict.

    Before the first wave it is the base for a moment, by which `open_phase` finds out whether the target takes it.
    """
    history = run.target.git("rev-list", "--first-parent", f"refs/phaseplan/phase-{phase}/ledger").split()
    ledgers = [found for commit in history if (found := run.target.ledger(phase, commit))]
    gated = {w["head"] for one in ledgers for w in one["waves"].values() if w["state"] == "integrated"}
    gated |= {one["run"]["base"] for one in ledgers if one["run"]}
    out = [f"integration was {c[:12]}, which no wave gate passed" for c in integrated(run, phase) if c not in gated]
    passed = {(v["branch"], v["commit"]) for v in verdicts(run, phase) if v["outcome"] == "passed"}
    ledger = _ledger(run, phase)
    for branch, record in ledger["branches"].items():
        if record["state"] == "integrated" and (branch, record["commit"]) not in passed:
            out.append(f"{branch} is integrated at {record['commit']}, which has no passed verdict")
    commits = {commit for _, commit in passed}
    return out + [f"{c[:12]} was merged without a verdict" for c in _merged(run, ledger) if c not in commits]


def nobody_blamed(run: Run, phase: int, diary: Diary) -> list[str]:
    """No attempt failed: every agent here does what it should, so a failure blames one for what was killed."""
    return [
        f"{v['branch']}, attempt {v['attempt']}: {v['reason']}"
        for v in verdicts(run, phase)
        if v["outcome"] == "failed"
    ]


CHECKS: dict[str, Check] = {
    "complete": complete,
    "never twice": never_twice,
    "nothing left": nothing_left,
    "nothing lost": nothing_lost,
    "nothing ungated": nothing_ungated,
    "nobody blamed": nobody_blamed,
}


def _ledger(run: Run, phase: int) -> dict[str, Any]:
    found = run.target.ledger(phase)
    assert found is not None, f"phase {phase} has no ledger"
    return found


def integrated(run: Run, phase: int) -> list[str]:
    """Every commit the integration branch ever was."""
    ref = f"refs/heads/integration/phase-{phase}"
    return list(dict.fromkeys(m.new for m in run.target.moves() if m.ref == ref and m.new != NOBODY))


def verdicts(run: Run, phase: int) -> Iterator[dict[str, Any]]:
    """Every verdict of the phase."""
    for ref in run.target.refs(f"refs/phaseplan/phase-{phase}/results/"):
        yield json.loads(run.target.git("show", f"{ref}:verdict.json"))


def _merged(run: Run, ledger: dict[str, Any]) -> list[str]:
    """Second parents of all merges on integration."""
    if ledger["integration"] is None:
        return []
    span = [ledger["integration"], f"^{ledger['run']['base']}"]
    lines = run.target.git("rev-list", "--first-parent", "--merges", "--parents", *span).splitlines()
    return [line.split()[2] for line in lines]


def _ancestor(run: Run, one: str, other: str) -> bool:
    command = ["git", "-C", str(run.target.path), "merge-base", "--is-ancestor", one, other]
    return subprocess.run(command, capture_output=True).returncode == 0


def used(run: Run, phase: int) -> tuple[int, int]:
    """Airflow retries, and attempts beyond each branch's first."""
    query = "select sum(try_number - 1) from task_instance where dag_id = :dag and try_number > 1"
    ((retries,),) = rows(run.home, query, dag=f"phase_{phase:02d}")
    starts = run.target.refs(f"refs/phaseplan/phase-{phase}/started/")
    return int(retries or 0), len(starts) - len(_ledger(run, phase)["branches"])
