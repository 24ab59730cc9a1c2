"""Line 36: what no name holds, and what git was told not to look at, is kept as well, or told.

Was: a stash that was dropped, a commit that was reset away, a tag on a file, uncommitted files of a linked work tree
or of a repository in a submodule's folder went with the volume without a word; `skip-worktree` hid a deletion; a HEAD
that is a link made the whole repository unreadable; of more than fifty names none was kept.
Right: all of them are kept under the attempt. What does not fit, or lies where nothing can be fetched from, is named.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from include.phaseplan.runtime.limits import Limits
from tests.container.conftest import AGENT, Story
from tests.field.workspace import Workspace, content, differing, repository

BASE = {b"README": ("100644", b"hello\n"), b"a/f": ("100644", b"a\n"), b"b/f": ("100644", b"b\n")}
START = "c() { echo $1 > $1; git add -A; git commit -qm $1; }"


def workspace(tmp_path: Path, files: Mapping[bytes, tuple[str, bytes]] = BASE, **how: object) -> Workspace:
    return Workspace(tmp_path / "w", repository(tmp_path / "target.git", files), **how)  # type: ignore[arg-type]


def kept(space: Workspace, script: str) -> tuple[str, set[str], str]:
    """(the work, files that what is beside it reaches and the work does not, in which words)"""
    space.shell(f"{START}; {script}")
    report = space.collect()
    assert not {"finding", "left"} & report.keys(), report
    head, beside = report["head"][0][0], report["beside"][0][0]
    reached = space.repo.line("rev-list", "--objects", beside, "--not", head).splitlines()
    return head, {line[41:] for line in reached if line[41:]}, report["told"][0][0]


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


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_what_git_was_told_not_to_look_at_is_collected_as_it_lies_there(tmp_path: Path, flag: str) -> None:
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
def test_a_repository_in_the_folder_of_a_submodule_is_told(tmp_path: Path, script: str) -> None:
    space = workspace(tmp_path, MODULE)
    space.shell(f"cd module; git init -q; {script}")
    report = space.collect()
    told = [fields[1] for fields in report.get("finding", [])] + [fields[0] for fields in report.get("left", [])]
    assert len(told) == 1 and "module" in told[0]


@pytest.mark.parametrize(("script", "told"), [
    ("true", False), ("echo > new", True), ("rm f", False), ("echo more >> f", True),
    ("echo >> f; git stash -q", True), ("git commit -q --allow-empty -m x; git checkout -q HEAD~1", True),
    ("echo >> f; git commit -qam x; git reset -q --hard HEAD~1", True),
])  # fmt: skip
def test_a_submodule_that_was_only_fetched_is_not_worth_a_word(tmp_path: Path, script: str, told: bool) -> None:
    origin = repository(tmp_path / "m.git", {b"f": ("100644", b"f\n")})
    tip = origin.line("rev-parse", "main")
    space = workspace(tmp_path, {b"a": ("100644", b"a\n"), b"module": ("160000", tip.encode())})
    space.shell(f"""
        git init -q --bare .git/modules/m; git -C .git/modules/m config core.bare false
        echo "gitdir: $PWD/.git/modules/m" > module/.git; cd module
        git fetch -q {origin.path} main:refs/remotes/origin/main; git checkout -q {tip}; {script}
    """)
    report = space.collect()
    assert "finding" not in report and ("left" in report) == told, report
