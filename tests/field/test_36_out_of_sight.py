"""Line 36: work that no ref holds, and files hidden from git, are kept too, or reported.

Was: a stash that was dropped, a commit that was reset away, a tag on a file, uncommitted files of a linked work tree
or of a repository in a submodule's folder were lost with the volume without a message; `skip-worktree` hid a deletion;
a HEAD that is a link made the whole repository unreadable; if there were more than fifty names, none was kept.
Right: all of them are kept under the attempt. Work that does not fit, or that cannot be fetched, is named.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from phaseplan.config.limits import Limits
from tests.container.conftest import AGENT, Story
from tests.field.workspace import Workspace, content, differing, repository

BASE = {b"README": ("100644", b"hello\n"), b"a/f": ("100644", b"a\n"), b"b/f": ("100644", b"b\n")}
START = "c() { echo $1 > $1; git add -A; git commit -qm $1; }"


def workspace(tmp_path: Path, files: Mapping[bytes, tuple[str, bytes]] = BASE, **how: object) -> Workspace:
    return Workspace(tmp_path / "w", repository(tmp_path / "target.git", files), **how)


def kept(space: Workspace, script: str) -> tuple[str, set[str], str]:
    """(the work, files that what is beside it reaches and the work does not, in which words)"""
    space.shell(f"{START}; {script}")
    report = space.collect()
    assert not {"finding", "left"} & report.keys(), report
    head, beside = report["head"][0][0], report["beside"][0][0]
    reached = space.repo.line("rev-list", "--objects", beside, "--not", head).splitlines()
    return head, {line[41:] for line in reached if line[41:]}, report["told"][0][0]


@pytest.mark.parametrize("work", ["", "; echo work > work"], ids=["no work", "work"])
@pytest.mark.parametrize("script", [
    pytest.param("echo > new; git stash -qu; git stash drop -q", id="stash"),
    pytest.param("c new; git reset -q --hard HEAD~1", id="reset"),
    pytest.param("git checkout -qb x; c new; git checkout -q -; git branch -qD x", id="branch"),
    pytest.param("c new; git reset -q --hard HEAD~1; git reflog expire --expire=now --all; rm -r .git/logs", id="logs"),
])  # fmt: skip
def test_commits_that_no_name_holds_any_more_are_kept(tmp_path: Path, script: str, work: str) -> None:
    _, files, told = kept(workspace(tmp_path), script + work)
    assert "new" in files and "that no name holds any more" in told


def test_only_the_last_dropped_commit_is_reported_and_none_that_the_work_holds(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    _, files, told = kept(space, "c 1; c 2; c 3; git reset -q --hard HEAD~2; git commit -q --amend -m again")
    assert {"2", "3"} <= files and "1" not in files and "1 commit that no name holds any more" in told


def test_dropped_commits_beyond_the_limit_are_counted_and_stay_in_the_volume(tmp_path: Path) -> None:
    space = workspace(tmp_path, limits=Limits(bytes=50 << 20, commits=6))
    space.shell(f"{START}; for n in 1 2 3 4 5 6 7 8; do c $n; git reset -q --hard HEAD~1; done; git tag mine; c w")
    report = space.collect()
    assert "beside" not in report and len(report["head"]) == 1
    assert "8 commits that no name holds any more" in report["left"][0][0]


def test_what_is_dropped_and_too_large_takes_no_named_work_along(tmp_path: Path) -> None:
    space = workspace(tmp_path, limits=Limits(bytes=1 << 20))
    space.shell(f"{START}; git checkout -qb x; c named; git checkout -q -")
    space.shell("head -c 2000000 /dev/urandom > big; git add big; git commit -qm big; git reset -q --hard HEAD~1")
    report = space.collect()
    assert content(space.repo, f"{report['beside'][0][0]}^2", b"named") == b"named\n"
    assert "no name holds" in report["left"][0][0] and "too large" in report["left"][0][0]


def test_a_damaged_or_endless_store_takes_no_named_work_along(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.shell(f"{START}; git checkout -qb x; c named; git checkout -q -; c gone; git reset -q --hard HEAD~1")
    tree = space.repo.line("rev-parse", f"{space.base}^{{tree}}")
    lone = f"tree {tree}\\nparent {'1' * 40}\\n\\nx\\n"
    space.shell(f"printf '{lone}' | git hash-object -t commit --literally -w --stdin")
    (space.path / ".git/objects/aa").mkdir(exist_ok=True)
    (space.path / ".git/objects/aa" / ("b" * 38)).write_text("garbage")
    report = space.collect()
    assert content(space.repo, f"{report['beside'][0][0]}^2", b"named") == b"named\n"
    assert "no name holds" in report["left"][0][0]


@pytest.mark.parametrize("script", [
    pytest.param("git tag mark $(echo data | git hash-object -w --stdin)", id="file"),
    pytest.param("git tag -am x mark $(echo data | git hash-object -w --stdin)", id="annotated"),
    pytest.param("mkdir d; echo data > d/x; git add d; git tag mark $(git write-tree); git rm -qrf d", id="folder"),
])  # fmt: skip
def test_a_tag_on_what_is_no_commit_is_kept(tmp_path: Path, script: str) -> None:
    space = workspace(tmp_path)
    _, _, told = kept(space, script)
    beside = space.collect()["beside"][0][0]
    found = space.repo.line("ls-tree", "-r", "--object-only", f"{beside}^2").split()
    assert "refs/tags/mark" in told and "data" in [space.repo.line("cat-file", "-p", oid) for oid in found]


def test_a_tag_on_an_object_of_the_base_is_not_reported(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.shell("git tag one HEAD:a; git tag two HEAD:a/f; git tag three HEAD^{tree}; git tag -am x four HEAD:a/f")
    assert not {"beside", "left", "finding"} & space.collect().keys()


@pytest.mark.parametrize("script", [
    pytest.param("git config core.preferSymlinkRefs true; git checkout -qb y", id="git's own"),
    pytest.param("cp .git/HEAD h; git checkout -qb y; ln -sf refs/heads/y .git/HEAD; rm h", id="by hand"),
    pytest.param("git checkout -qb y; c 1; git branch z; ln -sf refs/heads/z .git/refs/heads/y", id="a branch too"),
    pytest.param("git checkout -qb y; c 1; cd .git; mv refs/heads/y at; ln -s ../../at refs/heads/y; cd ..", id="file"),
])  # fmt: skip
def test_links_in_the_place_of_names_are_followed_as_git_does(tmp_path: Path, script: str) -> None:
    space = workspace(tmp_path)
    space.shell(f"{START}; {script}; c work; test -L .git/HEAD -o -L .git/refs/heads/y || git branch -q linked")
    assert b"work" in differing(space.repo, space.base, space.head())


def test_a_name_that_is_a_link_is_a_name(tmp_path: Path) -> None:
    script = (
        "git checkout -qb y; c 1; git checkout -q -; mv .git/refs/heads/y .git/at; ln -s ../../at .git/refs/heads/y"
    )
    _, files, told = kept(workspace(tmp_path), script)
    assert "1" in files and "refs/heads/y" in told


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "refs/../../x", "HEAD"])
def test_a_head_that_leads_astray_is_damage_and_nothing_is_read(tmp_path: Path, target: str) -> None:
    space = workspace(tmp_path)
    space.shell(f"rm .git/HEAD; ln -s {target} .git/HEAD")
    assert ".git/HEAD" in space.collect()["error"][0][0]


def test_a_hundred_and_twenty_names_are_all_kept(tmp_path: Path) -> None:
    script = "for n in $(seq 120); do git checkout -qb n$n; c f$n; git checkout -q feature/x; done"
    _, files, told = kept(workspace(tmp_path), script)
    assert {f"f{n}" for n in range(1, 121)} <= files
    assert told.startswith("120 commits") and "and 100 more" in told


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_files_hidden_by_index_flags_are_collected_unchanged(tmp_path: Path, flag: str) -> None:
    space = workspace(tmp_path)
    space.shell(f"git update-index --{flag} README a/f; rm README; echo edited > a/f")
    head = space.head()
    assert differing(space.repo, space.base, head) == {b"README", b"a/f"}
    assert content(space.repo, head, b"a/f") == b"edited\n"


SPARSE = {name: ("100644", name) for name in (b"top", b"a/f", b"a/g", b"a/in/f", b"a/out/f", b"b/f")}


@pytest.mark.parametrize(("setting", "gone"), [
    pytest.param("set a/in", {b"a/f"}, id="cone"),
    pytest.param("set --sparse-index a/in", {b"a/f"}, id="sparse index"),
    pytest.param("set --no-cone '/*' '!/b/' '!out'", {b"a/f"}, id="patterns"),
    pytest.param("set a/in; git update-index --split-index", {b"a/f"}, id="split index"),
    pytest.param("set a/in; git sparse-checkout disable", {b"a/f"}, id="not any more"),
])  # fmt: skip
def test_in_a_sparse_checkout_only_what_it_left_out_was_not_deleted(
    tmp_path: Path, setting: str, gone: set[bytes]
) -> None:
    space = workspace(tmp_path, SPARSE)
    space.shell(f"git sparse-checkout {setting}; git update-index --skip-worktree a/f; rm a/f")
    assert differing(space.repo, space.base, space.head()) == gone


MODULE = {b"a": ("100644", b"a\n"), b"module": ("160000", b"2" * 40)}


@pytest.mark.parametrize("script", ["echo > f", "echo > f; git add f", "git commit -q --allow-empty -m x; echo > f"])
def test_a_repository_in_the_folder_of_a_submodule_is_reported(tmp_path: Path, script: str) -> None:
    space = workspace(tmp_path, MODULE)
    space.shell(f"cd module; git init -q; {script}")
    report = space.collect()
    messages = [fields[1] for fields in report.get("finding", [])] + [fields[0] for fields in report.get("left", [])]
    assert len(messages) == 1 and "module" in messages[0]


@pytest.mark.parametrize(("script", "message"), [
    ("true", False), ("echo > new", True), ("rm f", False), ("echo more >> f", True),
    ("echo >> f; git stash -q", True), ("git commit -q --allow-empty -m x; git checkout -q HEAD~1", True),
    ("echo >> f; git commit -qam x; git reset -q --hard HEAD~1", True),
])  # fmt: skip
def test_a_submodule_that_was_only_fetched_is_not_reported(tmp_path: Path, script: str, message: bool) -> None:
    origin = repository(tmp_path / "m.git", {b"f": ("100644", b"f\n")})
    tip = origin.line("rev-parse", "main")
    space = workspace(tmp_path, {b"a": ("100644", b"a\n"), b"module": ("160000", tip.encode())})
    space.shell(f"""
        git init -q --bare .git/modules/m; git -C .git/modules/m config core.bare false
        echo "gitdir: $PWD/.git/modules/m" > module/.git; cd module
        git fetch -q {origin.path} main:refs/remotes/origin/main; git checkout -q {tip}; {script}
    """)
    report = space.collect()
    assert "finding" not in report and ("left" in report) == message, report


def test_ignored_files_outside_owned_paths_are_reported_before_wrote_nothing(
    tmp_path: Path,
) -> None:
    space = workspace(tmp_path, {**BASE, b".gitignore": ("100644", b"*.log\nout/\n")})
    space.shell("mkdir -p out/in empty; echo > out/in/x; echo > a.log")
    report = space.collect()
    assert report["head"] == [[space.base]] and not {"finding", "left", "beside"} & report.keys()
    assert report["gone"][0][0].startswith("2 files that the repository ignores: a.log, out/")


TREE = "echo data > $T/new; echo >> $T/README; echo staged > $T/s; git -C $T add s"


@pytest.mark.parametrize("place", [".git/tree", ".git/worktrees/deep/tree", "ignored/tree"])
def test_uncommitted_files_of_a_work_tree_out_of_sight_are_kept(tmp_path: Path, place: str) -> None:
    space = workspace(tmp_path, {**BASE, b".gitignore": ("100644", b"ignored/\n")})
    _, files, told = kept(space, f"T={place}; git worktree add -q --detach $T; {TREE}")
    assert {"new", "README", "s"} <= files and "uncommitted files of work tree tree" in told


def test_a_clean_work_tree_is_not_reported(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.shell("git worktree add -q --detach .git/tree; git worktree add -q ../gone; rm -r ../gone; rm .git/tree/a/f")
    report = space.collect()
    assert not {"beside", "left", "finding"} & report.keys()


@pytest.mark.parametrize("place", ["/", "/etc", "../../etc", ".", "", "\n", "/workspace/../etc", "x" * 5000])
def test_a_folder_that_is_no_work_tree_is_not_read(tmp_path: Path, place: str) -> None:
    space = workspace(tmp_path)
    (space.path / ".git/worktrees/t").mkdir(parents=True)
    (space.path / ".git/worktrees/t/gitdir").write_text(f"{place}/.git\n")
    (space.path / ".git/worktrees/t/HEAD").write_text(space.base)
    report = space.collect()
    assert report["head"] == [[space.base]] and not {"beside", "left", "finding"} & report.keys()


def test_a_work_tree_that_does_not_fit_is_named(tmp_path: Path) -> None:
    space = workspace(tmp_path, limits=Limits(bytes=1 << 20))
    space.shell("git worktree add -q --detach .git/tree; head -c 2000000 /dev/zero > .git/tree/big")
    report = space.collect()
    assert "work tree tree" in report["left"][0][0] and "beside" not in report
    assert subprocess.run(["git", "-C", space.path, "fsck"], capture_output=True).returncode == 0


@pytest.mark.docker
@pytest.mark.parametrize("size", [10, 60_000_000], ids=["fits", "does not fit"])
def test_a_work_tree_outside_the_workspace_is_fetched_or_reported(story: Story, size: int) -> None:
    story.agent(
        f"git worktree add -q --detach /tmp/t; head -c {size} /dev/zero > /tmp/t/new; git worktree add -q /tmp/gone; "
        "rm -r /tmp/gone; git worktree add -q /tmp/clean",
        image=AGENT,
        max_output="20m",
    )
    collected = story.collect()
    assert collected.raw == story.base and not collected.findings and not collected.left
    if size == 10:
        assert collected.beside and "new" in story.files(f"{collected.beside}^2") and not collected.gone
    else:
        assert collected.beside is None and len(collected.gone) == 1 and "/tmp/t" in collected.gone[0]
