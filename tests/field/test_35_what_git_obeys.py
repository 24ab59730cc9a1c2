"""Line 35: names of 30 KB, a repository in a folder, and twin names are findings of the branch that adds them.

Was: a commit whose author had a name of 30 KB passed, a bare repository (HEAD, objects, refs) came in as plain files,
and two branches that brought `API.md` and `api.md` were both integrated: a disk that ignores case cannot check that
out.
Right: names and addresses of people have a limit; such a folder is named; the second branch is isolated as after any
conflict.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.gates.hostile import hostile
from phaseplan.report.status import build_status
from phaseplan.repository.repo import GitRepo
from phaseplan.text.file_names import bare_repositories
from tests.field.workspace import Workspace, repository
from tests.git.lab import Lab, plan_of


def authored(repo: GitRepo, who: dict[str, str]) -> str:
    parent = str(repo.rev("main"))
    return repo.run("commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", "x", env=who).out.strip()


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("GIT_AUTHOR_NAME", "author's name"),
        ("GIT_AUTHOR_EMAIL", "author's address"),
        ("GIT_COMMITTER_NAME", "committer's name"),
        ("GIT_COMMITTER_EMAIL", "committer's address"),
    ],
)
def test_a_name_without_end_is_a_finding(tmp_path: Path, key: str, what: str) -> None:
    repo = repository(tmp_path / "r", {b"f": ("100644", b"x")})
    long = authored(repo, {key: "\u00fc" * 15_000})
    (found,) = hostile(repo, str(repo.rev("main")), long)
    assert f"the {what} of commit {long[:12]} is too long" in found.message
    assert (found.gate, found.limit, found.actual) == ("hostile", "255 bytes", "30000 bytes")
    usual = authored(repo, {key: "\u00fc" * 127})
    assert hostile(repo, str(repo.rev("main")), usual) == ()


@pytest.mark.parametrize("commits", [True, False])
def test_a_bare_repository_in_a_workspace_is_named(tmp_path: Path, commits: bool) -> None:
    space = Workspace(tmp_path / "w", repository(tmp_path / "t.git", {b"f": ("100644", b"x\n")}))
    space.shell("mkdir tools && git init -q --bare tools/inner && git -C tools/inner config core.fsmonitor date")
    if commits:
        space.agent("-c", "safe.bareRepository=all", "add", "-A")
        space.agent("commit", "-qm", "x")
    (found,) = hostile(space.repo, space.base, space.head())
    assert (found.gate, found.file) == (
        "hostile",
        "tools/inner",
    ) and "a git repository (HEAD, objects, refs)" in found.message


def test_a_folder_like_a_bare_repository_and_those_of_the_base_are_no_finding(tmp_path: Path) -> None:
    assert bare_repositories(["HEAD", "src/config", "a/HEAD/objects", "b/refs/x", "b/objects/y"]) == set()
    assert bare_repositories(["HEAD", "objects/pack/x", "t/x.git/HEAD", "t/x.git/refs/heads/main"]) == {"", "t/x.git/"}
    bare = {b"%s/HEAD" % n: ("100644", b"ref: x\n") for n in (b"one", b"two")}
    repo = repository(tmp_path / "r", {**bare, b"one/config": ("100644", b""), b"two/config": ("100644", b"")})
    tree = repo.run("ls-tree", "main").out.splitlines()[0]
    base = repo.line("commit-tree", "-m", "x", repo.run("mktree", stdin=f"{tree}\n".encode()).out.strip())
    assert hostile(repo, base, str(repo.rev("main"))) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [("docs/API.md", "docs/api.md"), ("caf\u00e9.txt", "cafe\u0301.txt"), ("Docs/a.md", "docs/A.md")],
)
def test_twin_names_of_two_branches_are_not_both_integrated(tmp_path: Path, first: str, second: str) -> None:
    lab = Lab(tmp_path)
    plan = plan_of({"5.1.1": [], "5.1.2": [], "5.1.3": []})
    token = lab.open(plan)
    lab.build(token, "5.1.1", {first: "one\n"})
    lab.build(token, "5.1.2", {second: "two\n"})
    lab.build(token, "5.1.3", {"other.txt": "three\n"})
    done = lab.integrate(token, 1)
    assert done.merged == ("5.1.1", "5.1.3")
    (found,) = done.isolated["5.1.2"]
    assert (found.gate, found.file) == ("conflict", second)
    assert f"5.1.2 conflicts with 5.1.1: many systems take this name and {first} for one" in found.message
    status = build_status(lab.read()).branches["5.1.2"]
    assert f"conflicts with 5.1.1: {second}, which many systems take for {first}" in status.reason
    assert not lab.close(token).complete


def test_a_repository_that_lives_with_such_names_may_get_more(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"xt_MARK.c": "1\n", "xt_mark.c": "2\n"})
    token = lab.open(plan_of({"5.1.1": [], "5.1.2": []}))
    lab.build(token, "5.1.1", {"xt_TOS.c": "one\n"})
    lab.build(token, "5.1.2", {"xt_tos.c": "two\n"})
    assert lab.integrate(token, 1).merged == ("5.1.1", "5.1.2")
