"""Runs inside the sample's container: builds the ten branches as Phaseplan would and merges them for real.

Every branch starts from base plus its dependencies, never from more. Prints one JSON document.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

NEEDS = {
    "5.1.1": [], "5.1.2": [], "5.1.3": [],
    "5.2.1": ["5.1.1", "5.1.3"], "5.2.2": ["5.1.1"], "5.2.3": ["5.1.1"], "5.2.4": ["5.1.2"],
    "5.3.1": ["5.1.1", "5.1.2"], "5.3.2": ["5.1.1", "5.1.3", "5.2.1"], "5.3.3": ["5.1.2", "5.2.4"],
}  # fmt: skip
WAVES = {1: ["5.1.1", "5.1.2", "5.1.3"], 2: ["5.2.1", "5.2.2", "5.2.3", "5.2.4"], 3: ["5.3.1", "5.3.2", "5.3.3"]}
GATES = {
    1: ["go build ./pkg/apis/...", "make generate-crd && git diff --exit-code"],
    2: ["go test ./pkg/apis/workload/...", "go test ./pkg/apis/apiresource/...", "make verify"],
    3: [
        "go build ./pkg/interfaces/...",
        "make verify-cycles",
        "make test-integration",
        "make verify",
        "go vet ./...",
        "go test ./...",
    ],
}
GENERATED = [":(glob)**/zz_generated.*", ":(glob)config/crd/**"]
ROOT = Path(sys.argv[1])
REPO = ROOT / "repo"


def sh(command: str, cwd: Path = REPO, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["sh", "-c", command], cwd=cwd, text=True, capture_output=True)
    if check and done.returncode:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return done


def merge(branch: str) -> list[str]:
    """Merge into the current branch; conflicts in generated files are settled by generating. Gives all others."""
    if sh(f"git merge --no-edit --quiet agent/{branch}", check=False).returncode == 0:
        return []
    conflicts = sh("git diff --name-only --diff-filter=U").stdout.split()
    other = [path for path in conflicts if "zz_generated." not in path and not path.startswith("config/crd/")]
    if not other:
        sh(f"git checkout --ours -- {' '.join(conflicts)} && git add --all && git commit --quiet --no-edit")
    return other


def generate() -> None:
    sh("make generate && git add --all && (git diff --cached --quiet || git commit --quiet -m Regenerate)")


def build(branch: str) -> dict[str, object]:
    """One branch by the agent, in a tree that holds nothing but its dependencies."""
    sh("git checkout --quiet --detach main")
    conflicts = [path for need in NEEDS[branch] for path in merge(need)]
    base = sh("git rev-parse HEAD").stdout.strip()
    task = {
        "version": 1, "workspace": str(REPO), "attempt": 1, "gates": {"scratch_files": ["/*.md", "!/README.md"]},
        "branch": {"id": branch, "title": f"branch {branch}", "wave": int(branch[2]), "agent_label": "Agent 1"},
    }  # fmt: skip
    (ROOT / "task.json").write_text(json.dumps(task))
    done = sh(f"PHASEPLAN_TASK={ROOT}/task.json agent", check=False)
    sh(f"git branch agent/{branch}")
    files = sh(f"git diff --name-only {base} HEAD").stdout.split()
    numstat = sh(f"git diff --numstat {base} HEAD -- . ':!**/zz_generated.*' ':!config/crd' ':!PROGRESS.md'")
    return {
        "exit": done.returncode, "log": done.stdout[-2000:], "conflicts": conflicts, "files": files,
        "lines": sum(int(line.split()[0]) for line in numstat.stdout.splitlines()),
        "author": sh("git log -1 --format=%an").stdout.strip(), "clean": not sh("git status --porcelain").stdout,
    }  # fmt: skip


def main() -> None:
    sh(f"mkdir -p {REPO} && cp -r /usr/local/share/kcp-lite/. {REPO}", cwd=ROOT.parent)
    sh("git init --quiet -b main && git config user.name Test && git config user.email t@example.com")
    sh("echo 'pkg/apis/workload/v1alpha1/register.go merge=union' >> .git/info/attributes")
    sh("echo PROGRESS.md >> .git/info/exclude; git add --all && git commit --quiet -m base && git branch integration")
    out: dict[str, object] = {"branches": {}, "merges": {}, "gates": {}}
    for wave, branches in WAVES.items():
        for branch in branches:
            out["branches"][branch] = build(branch)
        sh("git checkout --quiet integration")
        for branch in branches:
            out["merges"][branch] = merge(branch)
        generate()
        for gate in GATES[wave]:
            done = sh(gate, check=False)
            out["gates"][f"{wave} {gate}"] = [done.returncode, (done.stdout + done.stderr)[-1500:]]
    out["unformatted"] = sh("gofmt -l .").stdout
    out["generated"] = sh(f"git ls-files -- {' '.join(repr(g) for g in GENERATED)}").stdout.split()
    out["register"] = (REPO / "pkg/apis/workload/v1alpha1/register.go").read_text()
    print(json.dumps(out))


main()
