# ruff: noqa: E501
"""`make verify` of the sample fails on each rule it is there for, and names the place."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.samples.conftest import Run

pytestmark = pytest.mark.docker
W = "pkg/apis/workload/v1alpha1"


@dataclass(frozen=True)
class Break:
    """One change of one file (`old` empty: append) and what verify must say of it."""

    name: str
    path: str
    old: str
    new: str
    says: str
    regenerate: bool = True  # so that nothing but the rule in question is broken
    target: str = "verify"


TYPES, PARTS = f"{W}/types_synctarget.go", f"{W}/types_synctarget_parts.go"
BREAKS = [
    Break("stale deepcopy", f"{W}/zz_generated.deepcopy.go", "*out = *in", "", f"{W}/zz_generated.deepcopy.go:1: [generated] is stale", False),
    Break("stale definition", TYPES, "MaxItems=16", "MaxItems=15", "config/crd/workload.kcp-lite.example.com_synctargets.yaml:1: [generated] is stale", False),
    Break("hand-written definition", "config/crd/mine.yaml", "", "kind: X\n", "config/crd/mine.yaml:1: [generated] is stale", False),
    Break("stale list of groups", "pkg/apis/scheme/zz_generated.groups.go", "\tworkloadv1alpha1.AddToScheme,\n", "", "zz_generated.groups.go:1: [generated] is stale", False),
    Break("unregistered type", f"{W}/register.go", "\t\t&SyncTarget{},\n", "", "[registration] SyncTarget is not registered: add &SyncTarget{} to"),
    Break("unregistered list", f"{W}/register.go", "\t\t&SyncTargetList{},\n", "", "[registration] SyncTargetList is not registered"),
    Break("import cycle", "pkg/apis/meta/cycle.go", "", 'package meta\n\nimport _ "example.com/kcp-lite/pkg/apis/scheme"\n', "[cycles] import cycle: pkg/apis/"),
    Break("import cycle, alone", "pkg/apis/meta/cycle.go", "", 'package meta\n\nimport _ "example.com/kcp-lite/pkg/apis/scheme"\n', "[cycles] import cycle: pkg/apis/", target="verify-cycles"),
    Break("name without feature area", PARTS, "", "\n// Cell is a cell.\n// +k8s:deepcopy-gen=true\ntype Cell struct{}\n", '[naming] Cell must begin with its feature area "synctarget"'),
    Break("alias of an API package", "pkg/x/x.go", "", '// Package x is x.\n//\n// Owner: Me\npackage x\n\nimport wl "example.com/kcp-lite/pkg/apis/workload/v1alpha1"\n\nvar _ = wl.GroupVersion\n', 'pkg/x/x.go:6: [aliases] example.com/kcp-lite/pkg/apis/workload/v1alpha1 must be imported as workloadv1alpha1, not as "wl"'),
    Break("alias of another package", "pkg/x/x.go", "", '// Package x is x.\n//\n// Owner: Me\npackage x\n\nimport str "strings"\n\nvar _ = str.ToLower\n', '[aliases] strings is imported as "str"; import it without an alias'),
    Break("no owner", f"{W}/doc.go", "// Owner: ", "// Written by: ", f"[owners] the package comment names no owner: add `// Owner: <who>` to {W}/doc.go"),
    Break("no deepcopy marker", PARTS, "// +k8s:deepcopy-gen=true\ntype SyncTargetCell", "type SyncTargetCell", "[markers] SyncTargetCell has no +k8s:deepcopy-gen=true", False),
    Break("recursive schema", PARTS, "\tEvict bool", "\tSelf *SyncTargetTaint `json:\"self,omitempty\"`\n\n\tEvict bool", "SyncTargetTaint contains itself: a structural schema cannot be recursive", False),
    Break("node without type", PARTS, "\tEvict bool", "\tFree interface{} `json:\"free,omitempty\"`\n\n\tEvict bool", "[structural] SyncTarget.spec.cells[].taints[].free: has no type", False),
    Break("bound that does not fit", PARTS, "\tEvict bool", "\t// +kubebuilder:validation:Maximum=3\n\tEvict bool", "[structural] SyncTarget.spec.cells[].taints[].evict: has maximum and is of type boolean"),
    Break("default the schema refuses", PARTS, "default=Token", "default=Password", '[structural] SyncTarget.spec.credential.type: has the default "Password", which its own schema refuses'),
    Break("map key that is not required", PARTS, "\tName string `json:\"name\"`", "\tName string `json:\"name,omitempty\"`", '[structural] SyncTarget.spec.cells: has the map key "name", which is not a required property'),
    Break("misspelt validation", PARTS, "validation:Minimum=1\n", "validation:Minimun=1\n", "unknown validation marker", False),
    Break("plural that is none", TYPES, "path=synctargets", "path=SyncTargets", "is not a lower-case plural"),
    Break("unformatted file", TYPES, "\tSpec SyncTargetSpec", "\tSpec   SyncTargetSpec", f"{TYPES}:1: [format] is not formatted"),
]  # fmt: skip
MUTATE = """
import json, pathlib, sys
b = json.load(sys.stdin)
p = pathlib.Path(b["path"]); p.parent.mkdir(parents=True, exist_ok=True)
text = p.read_text() if p.exists() else ""
assert b["old"] in text, "the test changes nothing"
p.write_text(text.replace(b["old"], b["new"], 1) if b["old"] else text + b["new"])
"""


@pytest.fixture(scope="module")
def tree(go: Run) -> str:
    """The module after branch 5.1.1, so that there is something to break."""
    begin = "git init -q && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm base"
    go("sh", "-c", f"cp -r /usr/local/share/kcp-lite /tmp/good && cd /tmp/good && {begin}", check=True)
    task = {"branch": {"id": "5.1.1"}, "workspace": "/tmp/good"}
    go("sh", "-c", "cat > /tmp/good-task.json", stdin=json.dumps(task), check=True)
    go("agent", env="PHASEPLAN_TASK=/tmp/good-task.json", check=True)
    go("make", "-C", "/tmp/good", "verify", "verify-cycles", check=True)
    return "/tmp/good"


@pytest.mark.parametrize("broken", BREAKS, ids=lambda b: b.name)
def test_verify_fails_and_names_the_place(go: Run, tree: str, broken: Break) -> None:
    go("sh", "-c", f"rm -rf /tmp/bad && cp -r {tree} /tmp/bad", check=True)
    change = json.dumps({"path": f"/tmp/bad/{broken.path}", "old": broken.old, "new": broken.new})
    go("python3", "-c", MUTATE, stdin=change, check=True)
    if broken.regenerate:
        go("make", "-C", "/tmp/bad", "generate", check=True)
    done = go("make", "-C", "/tmp/bad", broken.target)
    assert done.returncode == 2 and "exit status 1" in done.stderr, done.stdout + done.stderr
    problems = [line for line in done.stdout.splitlines() if ": [" in line]
    assert any(broken.says in line for line in problems), done.stdout
    if broken.regenerate and "cycle" not in broken.name:
        assert len({line.split("[")[1].split("]")[0] for line in problems}) == 1, done.stdout
