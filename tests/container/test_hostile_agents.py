"""Every way an agent can misbehave: the worker is unharmed, the work is kept, and a finding says what happened."""

from __future__ import annotations

import pytest

from phaseplan.containers import engine
from phaseplan.gates.hostile import hostile
from phaseplan.ledger.records import Finding
from tests.container.conftest import PLAIN, Story

pytestmark = pytest.mark.docker
COMMIT = "git add -A && git commit -qm work"


def gates(came_findings: tuple[Finding, ...]) -> set[str]:
    return {finding.gate for finding in came_findings}


def test_work_comes_back_with_what_was_left_uncommitted(story: Story) -> None:
    ended = story.agent(
        "test -z \"$(git status --porcelain)\" && git diff-index --quiet HEAD && git symbolic-ref HEAD && "
        f"test -x src/tool.sh || exit 9; echo new > src/b.txt; {COMMIT}; echo dirty >> src/a.txt; rm README.md; "
        "echo no > x.tmp; cat /phaseplan/task.json; echo $PHASEPLAN_BRANCH; id -u"
    )  # fmt: skip
    assert ended.code == 0, story.log
    collected = story.collect()
    assert (collected.findings, collected.kept_volume, collected.withheld) == ((), None, False)
    assert story.files(collected.raw) == {"src/a.txt", "src/b.txt", "src/tool.sh", ".gitignore"}
    assert story.text(collected.raw, "src/a.txt").endswith("dirty\n")
    assert story.repo.line("show", "-s", "--format=%s", f"{collected.raw}~0") == "Work left uncommitted by the agent"
    assert story.repo.rev(f"{collected.raw}~2") == story.base
    assert story.collect().raw == collected.raw  # again: the same
    assert {"refs/heads/feature/x", '{"version": 1}5.1.1', "1000"} <= set(story.log)


@pytest.mark.parametrize("history", ["shallow", "full"])
def test_the_checkout_has_the_requested_history(story: Story, history: str) -> None:
    story.agent(f"git log --format=%s; git fsck 2>&1; echo x > f; {COMMIT}", history=history)
    assert [line for line in story.log if line in {"First", "Second"}] == ["Second", "First"][
        : 2 if history == "full" else 1
    ]
    collected = story.collect()
    assert collected.findings == () and story.repo.rev(f"{collected.raw}^") == story.base


def test_an_agent_that_writes_nothing_gives_a_finding(story: Story) -> None:
    story.agent("true")
    collected = story.collect()
    assert collected.raw == story.base and collected.findings == ()


def test_work_of_an_agent_with_a_failure_code_is_kept(story: Story) -> None:
    assert story.agent(f"echo x > f; {COMMIT}; exit 3").code == 3
    assert "f" in story.files(story.collect().raw)


def test_work_of_a_killed_agent_is_collected(story: Story) -> None:
    ended = story.agent("echo x > f; kill -9 $$")
    assert ended.code == 137
    assert "f" in story.files(story.collect().raw)


def test_an_agent_out_of_memory_is_reported_as_such(story: Story) -> None:
    ended = story.agent("echo x > f; python3 -c \"b'x' * (400 << 20)\"; exit $?", memory="64m")
    assert ended.code == 137  # whether the engine notices the cause depends on the kernel
    assert "f" in story.files(story.collect().raw)


def test_an_agent_without_git_in_its_image_is_collected(story: Story) -> None:
    story.agent("echo x > f; chmod 000 f; mkdir d; echo y > d/g; chmod 000 d", image=PLAIN)
    collected = story.collect()
    assert collected.findings == () and {"f", "d/g"} <= story.files(collected.raw)


def test_a_large_uncommitted_file_is_a_finding(story: Story) -> None:
    story.agent("truncate -s 2G big; echo small > small", max_output="10m")
    collected = story.collect()
    assert [(f.gate, f.file, f.limit, f.actual) for f in collected.findings] == [
        ("size", "big", "10485760 bytes", "2147483648 bytes")
    ]
    assert "small" in story.files(collected.raw) and "big" not in story.files(collected.raw)
    assert collected.kept_volume
    engine.remove(story.client, story.id, keep_volume=True)
    assert story.client.volumes.get(collected.kept_volume)


@pytest.mark.parametrize("write", ["head -c 12000000 /dev/urandom > big", "truncate -s 20M big"])
def test_a_large_commit_stays_in_the_volume(story: Story, write: str) -> None:
    story.agent(f"{write}; {COMMIT}", max_output="10m")
    collected = story.collect()
    assert collected.raw is None and gates(collected.findings) == {"size"} and collected.kept_volume


def test_endless_forks_are_bounded(story: Story) -> None:
    story.agent("echo x > f; for i in $(seq 200); do sleep 20 & done; sleep 1; kill -9 -1", pids=32)
    assert any("ork" in line for line in story.log), story.log[:3]
    assert "f" in story.files(story.collect().raw)


@pytest.mark.parametrize(("history", "rewrite"), [
    ("shallow", "git commit -q --amend -m other"),
    ("full", "git reset -q --hard HEAD~1; echo y > y; git add -A; git commit -qm other"),
    ("shallow", "git checkout -q --orphan lone; git commit -qm lone"),
    ("full", "git reset -q --hard HEAD~1"),
])  # fmt: skip
def test_rewritten_history_is_hostile(story: Story, history: str, rewrite: str) -> None:
    story.agent(f"echo x > f; git add f; {rewrite}", history=history)
    collected = story.collect()
    assert (
        collected.raw
        and "rewrote history" in collected.findings[0].message
        and gates(collected.findings) == {"hostile"}
    )
    assert story.repo.run("rev-list", "--objects", str(collected.raw), "--not", story.base).code == 0


def test_files_on_an_unborn_branch_are_collected_on_the_base(story: Story) -> None:
    story.agent("git checkout -q --orphan lone; echo x > f")
    collected = story.collect()
    assert collected.findings == () and story.repo.rev(f"{collected.raw}^") == story.base


def test_hooks_and_filters_of_the_agents_repository_do_not_run(story: Story) -> None:
    story.agent("""
        touch_it='touch /workspace/RAN'
        git config core.fsmonitor "$touch_it"; git config core.hooksPath /workspace/hooks; mkdir hooks
        git config filter.evil.clean "$touch_it; cat"; git config filter.evil.smudge cat; git config filter.evil.required true
        git config diff.external "$touch_it"; git config core.worktree /etc; git config core.sshCommand "$touch_it"
        git config extensions.worktreeConfig true; printf '[include]\\n\\tpath = /dev/zero\\n' >> .git/config
        for h in pre-commit post-commit reference-transaction post-index-change; do
            printf '#!/bin/sh\\ntouch /workspace/RAN\\n' > hooks/$h; chmod +x hooks/$h; mkdir -p .git/hooks; cp hooks/$h .git/hooks/$h
        done
        echo '* filter=evil' > .gitattributes; echo plain > f; rm -f RAN
    """)  # fmt: skip
    collected = story.collect()
    assert collected.findings == ()
    assert "RAN" not in story.files(collected.raw) and story.text(collected.raw, "f") == "plain\n"


def test_a_link_out_of_the_tree_and_a_submodule_are_hostile(story: Story) -> None:
    story.agent(f"""
        ln -s /etc/passwd abs; ln -s ../../x src/up; ln -s src/a.txt fine; {COMMIT}
        git init -q sub; git -C sub -c user.name=a -c user.email=b commit -q --allow-empty -m x
        git -c protocol.file.allow=always submodule --quiet add ./sub sub 2>&1; git add -A; git commit -qm sub
    """)
    collected = story.collect()
    assert collected.raw
    found = {(f.file, f.gate) for f in hostile(story.repo, story.base, collected.raw)}
    assert {("abs", "hostile"), ("src/up", "hostile"), ("sub", "hostile"), (".gitmodules", "hostile")} == found


def test_a_repository_inside_the_workspace_is_a_finding(story: Story) -> None:
    story.agent("git init -q in; cd in; git -c user.name=a -c user.email=b commit -q --allow-empty -m x; echo > ../f")
    collected = story.collect()
    assert [(f.gate, f.file) for f in collected.findings] == [("hostile", "in/")]
    assert "f" in story.files(collected.raw) and collected.kept_volume


@pytest.mark.parametrize("harm", [
    "rm -rf .git",
    "echo garbage > .git/HEAD",
    "rm -rf .git && ln -s / .git",
    "rm .git/HEAD && mkfifo .git/HEAD",
    "for p in .git/objects/pack/*.pack; do chmod u+w $p; printf garbage > $p; done",
    "git commit -qm x && rm -f .git/objects/??/*",
    "echo /etc > .git/packed-refs; echo 1111111111111111111111111111111111111111 > .git/refs/heads/feature/x",
])  # fmt: skip
def test_a_damaged_repository_is_collected_by_its_files(story: Story, harm: str) -> None:
    story.agent(
        f"mkdir -p .git/refs/heads/feature; echo x > f; rm README.md; echo more >> src/a.txt; git add -A; {harm}"
    )
    collected = story.collect()
    assert "taken as one commit" in collected.findings[0].message and collected.kept_volume
    assert story.repo.rev(f"{collected.raw}^") == story.base
    assert story.files(collected.raw) == {"f", "src/a.txt", "src/tool.sh", ".gitignore"}
    assert story.text(collected.raw, "src/a.txt") == "one\ntwo\nmore\n"


def test_a_tree_that_git_refuses_is_hostile(story: Story) -> None:
    """A tree with a .git in it would be checked out as a repository of the agent's making."""
    story.agent("""
        blob=$(echo evil | git hash-object -w --stdin)
        inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
        tree=$(printf '040000 tree %s\\t.git\\n' $inner | git mktree)
        git update-ref HEAD $(git commit-tree -p HEAD -m x $tree); echo x > f
    """)
    collected = story.collect()
    assert ".git/config" in collected.findings[0].message and collected.kept_volume
    assert "f" in story.files(collected.raw)


def test_an_object_that_only_the_worker_refuses_is_hostile(story: Story) -> None:
    story.agent("""
        echo x > f; git add f; tree=$(git write-tree); head=$(git rev-parse HEAD)
        new=$(printf 'tree %s\\nparent %s\\nauthor nobody 0 +0000\\ncommitter a <b> 0 +0000\\n\\nx' $tree $head |
            git hash-object -t commit -w --stdin --literally)
        git update-ref HEAD $new
    """)
    collected = story.collect()
    assert gates(collected.findings) == {"hostile"} and "missingEmail" in collected.findings[0].message
    assert "f" in story.files(collected.raw) and story.repo.rev(f"{collected.raw}^") == story.base


def test_secrets_are_not_brought_out(story: Story) -> None:
    value = "s3cret-value-1234"
    story.agent(f"echo token=$API_KEY > f; {COMMIT}; git rm -q f; git commit -qm gone; printf %s a$API_KEY > g",
                secrets={"API_KEY": value})  # fmt: skip
    collected = story.collect(value)
    assert collected.withheld and collected.kept_volume and gates(collected.findings) == {"secrets"}
    assert {f.file for f in collected.findings} == {"f", "g"} and value not in str(collected)
