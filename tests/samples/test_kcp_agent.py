"""What the sample agent says when it cannot work."""

from __future__ import annotations

import json

import pytest

from tests.samples.conftest import Run

pytestmark = pytest.mark.docker


def agent(go: Run, task: object, folder: str) -> tuple[int, str]:
    go("sh", "-c", f"mkdir -p {folder} && cat > {folder}/task.json", stdin=json.dumps(task), check=True)
    done = go("agent", env=f"PHASEPLAN_TASK={folder}/task.json")
    return done.returncode, done.stdout + done.stderr


def test_blocked_on_a_missing_type_of_a_dependency(go: Run) -> None:
    go("sh", "-c", "cp -r /usr/local/share/kcp-lite /tmp/blocked", check=True)
    task = {"branch": {"id": "5.2.1", "agent_label": "Agent 2"}, "workspace": "/tmp/blocked"}
    code, said = agent(go, task, "/tmp/blocked-task")
    assert code == 75
    assert said.splitlines()[-1] == (
        "BLOCKED: Agent 2 - need SyncTarget (pkg/apis/workload/v1alpha1) of branch 5.1.1, "
        "PlacementDecision (pkg/apis/placement/v1alpha1) of branch 5.1.3"
    )


def test_an_unknown_branch_and_a_bad_task(go: Run) -> None:
    code, said = agent(go, {"branch": {"id": "9.9.9"}}, "/tmp/unknown")
    assert code == 2 and "knows no branch '9.9.9', only 5.1.1, 5.1.2" in said
    code, said = agent(go, ["no", "task"], "/tmp/unknown")
    assert code == 2 and "cannot read the task /tmp/unknown/task.json" in said


def test_the_same_task_gives_the_same_tree_and_a_second_run_changes_nothing(go: Run) -> None:
    trees = []
    for folder in ("/tmp/same-1", "/tmp/same-2"):
        begin = "git init -q && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm base"
        go("sh", "-c", f"cp -r /usr/local/share/kcp-lite {folder} && cd {folder} && {begin}", check=True)
        task = {"branch": {"id": "5.1.2", "agent_label": "Agent 2"}, "workspace": folder}
        assert agent(go, task, f"{folder}-task")[0] == 0
        trees.append(go("git", "-C", folder, "rev-parse", "HEAD^{tree}", check=True).stdout)
    assert trees[0] == trees[1]
    code, said = agent(go, task, "/tmp/same-2-task")
    assert code == 0 and "nothing changed" in said
    assert go("git", "-C", "/tmp/same-2", "rev-list", "--count", "HEAD", check=True).stdout == "2\n"
