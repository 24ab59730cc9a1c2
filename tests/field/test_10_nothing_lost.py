"""Line 10: what an agent made beside its HEAD is kept, and the log says where.

Was: commits on another branch, stashes and ignored files in paths the branch owns were destroyed with the volume,
while the log said that all work is kept, or that the agent wrote nothing.
Right: they are kept under the attempt, in a ref of their own or in the volume, and a finding that does not fail the
branch names them. Where `owns` names an ignored place, its files are the work. "Wrote nothing" is only said if that is
true.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.step import step
from phaseplan.config.limits import Limits
from phaseplan.containers.collect import beside_words
from phaseplan.containers.engine import volume_of
from phaseplan.containers.log_following import follow
from phaseplan.gates.nothing import nothing
from phaseplan.ledger import refs
from tests.build.conftest import Stage, stage
from tests.container.conftest import AGENT, Story
from tests.field.workspace import Workspace, content, differing, repository

__all__ = ["stage"]
BASE = {
    b"README": ("100644", b"hello\n"),
    b".gitignore": ("100644", b"*.log\nlib/\nnode_modules/\n*.local.yaml\n.env\n"),
}


def workspace(tmp_path: Path, *owned: str, files: Mapping[bytes, tuple[str, bytes]] = BASE, **how: object) -> Workspace:
    return Workspace(tmp_path / "w", repository(tmp_path / "target.git", files), owned=owned, **how)


def write(space: Workspace, **files: str) -> None:
    for name, text in files.items():
        path = space.path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kept(space: Workspace) -> tuple[str, str, str]:
    """(the work, what is beside it, in which words)"""
    report = space.collect()
    assert "finding" not in report and "left" not in report, report
    return report["head"][0][0], report["beside"][0][0], report["told"][0][0]


def test_commits_on_another_branch_are_kept(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.agent("checkout", "-q", "-b", "mine")
    write(space, f_txt="work")
    space.agent("add", "-A")
    space.agent("commit", "-qm", "work")
    space.agent("checkout", "-q", "feature/x")
    head, beside, told = kept(space)
    assert head == space.base and "refs/heads/mine" in told
    assert content(space.repo, f"{beside}^2", b"f.txt") == b"work"


def test_every_stash_is_kept_and_what_was_not_tracked_in_it(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    for text in ("one", "two"):
        write(space, README=text, new_txt=f"new {text}")
        space.agent("stash", "push", "-q", "-u")
    write(space, other="work")
    head, beside, told = kept(space)
    assert differing(space.repo, space.base, head) == {b"other"} and "stash@{1}" in told
    reached = space.repo.line("rev-list", "--objects", beside, "--not", head)
    assert reached.count(" README") == 2 and reached.count(" new.txt") == 2


def test_commits_on_tags_and_in_other_work_trees_are_kept(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.agent("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    (tmp_path / "tree/f").write_text("elsewhere")
    space.agent("-C", str(tmp_path / "tree"), "add", "-A")
    space.agent("-C", str(tmp_path / "tree"), "commit", "-qm", "x")
    write(space, g="tagged")
    space.agent("add", "-A")
    space.agent("commit", "-qm", "y")
    space.agent("tag", "-am", "t", "mark")
    space.agent("reset", "-q", "--hard", "HEAD~1")
    write(space, work="work")
    _, _, told = kept(space)
    assert "worktrees/tree/HEAD" in told and "refs/tags/mark" in told


def test_refs_without_own_content_are_not_reported(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    write(space, f="one")
    space.agent("add", "-A")
    space.agent("commit", "-qm", "one")
    space.agent("branch", "backup")
    space.agent("commit", "-q", "--amend", "-m", "another message")
    space.agent("tag", "old", "HEAD@{1}")
    assert not {"beside", "left", "finding"} & space.collect().keys()


def test_a_dropped_commit_is_kept(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    write(space, f="dropped")
    space.agent("add", "-A")
    space.agent("commit", "-qm", "one")
    space.agent("reset", "-q", "--hard", "HEAD~1")
    head, beside, told = kept(space)
    assert head == space.base and "no name holds" in told and content(space.repo, f"{beside}^2", b"f") == b"dropped"


DETACHED = "git checkout -q --detach; c 3; left=$(git rev-parse HEAD); git checkout -q -; c 1"


@pytest.mark.parametrize("script", [
    pytest.param("git checkout -q --detach; c 1; c 2; c 3; git rebase -qi HEAD~2", id="a rebase that stopped"),
    pytest.param("c 1; c 2; echo x > 3; git add 3; git rebase -qi --autostash HEAD~1", id="what it put aside"),
    pytest.param(f"{DETACHED}; git merge -q --no-ff --no-commit $left; git rm -qf 3", id="the side of a merge"),
    pytest.param(DETACHED, id="a detached HEAD that was left"),
])  # fmt: skip
def test_commits_that_no_branch_holds_are_kept(tmp_path: Path, script: str) -> None:
    space = workspace(tmp_path)
    start = "export GIT_SEQUENCE_EDITOR='sed -i 1ibreak'; c() { echo $1 > $1; git add -A; git commit -qm $1; }"
    space.shell(f"{start}; {script}")
    head, beside, _ = kept(space)
    reached = space.repo.line("rev-list", "--objects", beside, "--not", head).splitlines()
    assert "3" in [line[41:] for line in reached]


@pytest.mark.parametrize(("owned", "path"), [
    ("lib/", "lib/a.py"), ("lib/**", "lib/deep/a.py"), ("/lib", "lib/a.py"), ("lib/sub/**", "lib/sub/a.py"),
    ("conf/*.local.yaml", "conf/a.local.yaml"), ("out.log", "out.log"), ("src/lib/", "src/lib/x.c"),
    ("node_modules/ours/", "node_modules/ours/index.js"), ("[c]onf/*.log", "conf/a.log"),
])  # fmt: skip
def test_an_ignored_place_that_the_plan_names_is_work(tmp_path: Path, owned: str, path: str) -> None:
    space = workspace(tmp_path, owned)
    for name in (path, "lib/not-ours.txt", "stray.log"):
        (space.path / name).parent.mkdir(parents=True, exist_ok=True)
        (space.path / name).write_text("made")
    report = space.collect()
    assert "lib/not-ours.txt" not in path and not {"finding", "left"} & report.keys()
    ours = {path.encode()} | ({b"lib/not-ours.txt"} if owned in {"lib/", "lib/**", "/lib"} else set())
    assert differing(space.repo, space.base, report["head"][0][0]) == ours


def test_ignored_files_inside_an_owned_folder_are_kept_beside(tmp_path: Path) -> None:
    space = workspace(tmp_path, "web/")
    names = ("web/a.js", "web/app.log", "web/.env", "web/node_modules/x.js", "web/__pycache__/y.pyc", "other/b.log")
    for name in names:
        (space.path / name).parent.mkdir(parents=True, exist_ok=True)
        (space.path / name).write_text(name)
    (space.path / ".gitignore").write_bytes(BASE[b".gitignore"][1] + b"__pycache__/\n")
    head, beside, told = kept(space)
    assert differing(space.repo, space.base, head) == {b".gitignore", b"web/a.js"}
    assert differing(space.repo, head, beside) == {b"web/app.log", b"web/.env"}
    assert "files that the repository ignores: web/.env, web/app.log" in told


def test_work_beyond_the_limits_stays_in_the_volume_and_is_named(tmp_path: Path) -> None:
    space = workspace(tmp_path, "web/", limits=Limits(bytes=1 << 20))
    (space.path / "web").mkdir()
    (space.path / "web/big.log").write_bytes(b"x" * (11 << 20))
    space.agent("init", "-q", "lib/in")
    space.agent("checkout", "-q", "-b", "large")
    (space.path / "large").write_bytes(b"y" * (2 << 20))
    space.agent("add", "large")
    space.agent("commit", "-qm", "large")
    space.agent("checkout", "-q", "feature/x")
    report = space.collect()
    assert "beside" not in report and "finding" not in report
    messages = [fields[0] for fields in report["left"]]
    assert "refs/heads/large" in messages[0] and "too large" in messages[0] and "web/big.log" in messages[1]


def test_refs_to_missing_objects_do_no_harm(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    heads = space.path / ".git/refs/heads"
    (heads / "gone").write_text("1" * 40)
    (heads / "link").symlink_to("/etc/passwd")
    (heads / "tree").write_text(space.repo.line("rev-parse", f"{space.base}^{{tree}}"))
    write(space, f="work")
    assert differing(space.repo, space.base, space.head()) == {b"f"}


def test_a_name_that_git_refuses_does_not_take_the_other_work_with_it(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    write(space, f="work")
    for name in ("git~1", ".GIT ", "deep/.git:x"):
        (space.path / name).parent.mkdir(exist_ok=True)
        (space.path / name).write_text("x")
    report = space.collect()
    assert differing(space.repo, space.base, report["head"][0][0]) == {b"f"}
    assert {(fields[0], fields[1]) for fields in report["finding"]} == {
        ("hostile", "git~1"), ("hostile", ".GIT "), ("hostile", "deep/.git:x"),
    }  # fmt: skip


def test_a_merge_that_was_not_ended_is_a_finding_also_where_no_marker_tells(tmp_path: Path) -> None:
    files = {b"bin": ("100644", b"\0a"), b"gone": ("100644", b"x\n")}
    space = workspace(tmp_path, files=files)
    for branch, data in (("one", b"\0b"), ("two", b"\0c")):
        space.agent("checkout", "-q", "-B", branch, space.base)
        (space.path / "bin").write_bytes(data)
        (space.path / "gone").unlink() if branch == "one" else (space.path / "gone").write_text("y\n")
        space.agent("commit", "-qam", branch)
    with pytest.raises(AssertionError):
        space.agent("merge", "one")
    assert [fields[:2] for fields in space.collect()["finding"]] == [["markers", "bin"], ["markers", "gone"]]


def test_a_sparse_checkout_deletes_nothing(tmp_path: Path) -> None:
    files = {b"a/f": ("100644", b"a"), b"b/f": ("100644", b"b"), b"c/f": ("100644", b"c")}
    space = workspace(tmp_path, files=files)
    space.agent("sparse-checkout", "set", "a")
    assert not (space.path / "b").exists()
    write(space, a__f="changed")
    assert differing(space.repo, space.base, space.head()) == {b"a/f"}


def test_commits_that_undo_each_other_are_reported_as_such(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    write(space, NOTES_md="scratch")
    notes = space.head()
    assert "scratch files only" in nothing(space.repo, space.base, notes).message
    tree = space.repo.line("rev-parse", f"{space.base}^{{tree}}")
    back = space.repo.line("commit-tree", "-p", notes, "-m", "back", tree)
    assert "undo each other" in nothing(space.repo, space.base, back).message
    assert "wrote nothing" in nothing(space.repo, space.base, space.base).message


def test_ref_names_of_the_agent_cannot_forge_our_messages(tmp_path: Path) -> None:
    space = workspace(tmp_path, "web/")
    space.agent("checkout", "-q", "-b", "mine")
    write(space, f="work")
    space.agent("add", "-A")
    space.agent("commit", "-qm", "work")
    head = (space.path / ".git/refs/heads/mine").read_bytes()
    odd = os.fsencode(space.path) + b"/.git/refs/heads/a\n\nhead " + b"1" * 40 + b"\x1b[2J\xe9"
    Path(os.fsdecode(odd)).write_bytes(head)
    for number in range(30):
        (space.path / f".git/refs/heads/{'long' * 60}{number}").write_bytes(head)
    space.agent("checkout", "-q", "-f", space.base)
    (space.path / "web").mkdir()
    Path(os.fsdecode(os.fsencode(space.path) + b"/web/\x1b\xe9.log")).write_text("x")
    report = space.collect()
    assert len(report["head"]) == 1 and len(report["told"][0][0]) <= 4000
    words = beside_words(space.repo, report["beside"][0][0])
    assert words.isprintable() and words.encode() and ("refs/heads/" in words)


@pytest.mark.docker
def test_a_secret_beside_the_work_stays_in_the_volume(story: Story) -> None:
    story.agent(
        "unset GIT_LITERAL_PATHSPECS; echo $KEY > f; git stash push -qu; echo work > g",
        image=AGENT,
        secrets={"KEY": "very-secret-value-1"},
    )
    collected = story.collect("very-secret-value-1")
    assert collected.findings == () and not collected.withheld and collected.beside is None
    assert "secret's value" in collected.left[0] and collected.kept_volume == volume_of(story.client, story.id)


SIDE = "git checkout -q -b side; mkdir -p a; echo side > a/file.txt; git add -A; git commit -qm side; git checkout -q -"


@pytest.mark.docker
@pytest.mark.parametrize(("stage", "outcome"), [
    pytest.param((SIDE, AGENT), "failed", id="nothing else"),
    pytest.param((f"{SIDE}; mkdir -p a; echo work > a/file.txt", AGENT), "passed", id="and work"),
], indirect=["stage"])  # fmt: skip
def test_the_verdict_names_the_ref_and_does_not_say_wrote_nothing(stage: Stage, outcome: str) -> None:
    with stage.job() as job:
        came = step(job)
    assert isinstance(came, Running)
    assert follow(stage.client, came.container, lambda _: None, 30)
    for _ in range(3):
        with stage.job() as job:
            came = step(job)
        if not isinstance(came, Running):
            break
        follow(stage.client, came.container, lambda _: None, 30)
    verdict = stage.snapshot().verdicts["7.1.1"][0]
    ref = refs.beside(7, "7.1.1", 1)
    said = "\n".join(stage.said)
    assert verdict.outcome == outcome and (outcome == "failed" or isinstance(came, Done))
    assert f"FINDING kept: not part of the work, and kept in the target repository under {ref}" in said
    assert (
        "refs/heads/side" in said and "wrote nothing:" not in said and ("failed" not in outcome or "same tree" in said)
    )
    assert ref in stage.remote.refs() and not any(f.gate == "kept" and "volume" in f.message for f in verdict.findings)
