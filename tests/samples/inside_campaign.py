"""Runs inside the sample's container, after inside_chain.py: builds phases 6 to 10 on what that made of phase 5.

Every branch starts from its phase's base plus its dependencies, never from more. Prints one JSON document.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT, PHASES = Path(sys.argv[1]), json.loads(sys.argv[2])
REPO = ROOT / "repo"


def sh(command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["sh", "-c", command], cwd=REPO, text=True, capture_output=True)
    if check and done.returncode:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return done


def merge(branches: list[str]) -> None:
    """A conflict ends everything: no two branches of these phases own the same file."""
    for branch in branches:
        sh(f"git merge --no-edit --quiet agent/{branch}")


def agent(branch: dict[str, object], phase: int) -> subprocess.CompletedProcess[str]:
    task = {"phase": phase, "workspace": str(REPO), "branch": {"id": branch["id"], "agent_label": "Agent 1"}}
    (ROOT / "task.json").write_text(json.dumps(task))
    return sh(f"PHASEPLAN_TASK={ROOT}/task.json agent", check=False)


def build(branch: dict[str, object], phase: int) -> dict[str, object]:
    """One branch by the agent, in a tree that holds nothing but its base and its dependencies."""
    sh("git checkout --quiet --detach integration")
    merge(branch["needs"])
    base = sh("git rev-parse HEAD").stdout.strip()
    done = agent(branch, phase)
    sh(f"git branch agent/{branch['id']}")
    numstat = sh(f"git diff --numstat {base} HEAD").stdout.splitlines()
    return {
        "exit": done.returncode, "log": done.stdout[-2000:], "files": [line.split("\t")[2] for line in numstat],
        "lines": sum(int(line.split("\t")[0]) for line in numstat), "clean": not sh("git status --porcelain").stdout,
        "message": sh("git log -1 --format=%B").stdout.strip(),
    }  # fmt: skip


def main() -> None:
    out: dict[str, object] = {"branches": {}, "gates": {}, "blocked": {}}
    sh("git checkout --quiet --detach main")
    for phase in PHASES:  # on the bare module, where nothing that anybody needs is there
        first = phase["branches"][0]
        done = agent(first, phase["phase"])
        out["blocked"][first["id"]] = [
            done.returncode,
            done.stdout.splitlines()[-1],
            sh("git status --porcelain").stdout,
        ]
    for phase in PHASES:
        for branch in phase["branches"]:
            out["branches"][branch["id"]] = build(branch, phase["phase"])
        sh("git checkout --quiet integration")
        merge([branch["id"] for branch in phase["branches"]])
        for gate in phase["gates"]:
            done = sh(gate, check=False)
            out["gates"][f"{phase['phase']} {gate}"] = [done.returncode, (done.stdout + done.stderr)[-1500:]]
    out["dirty"] = sh("git status --porcelain").stdout
    print(json.dumps(out))


main()
