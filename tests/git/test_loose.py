"""What is written without git is, byte by byte, what git would write."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.repository.objects import NEUTRAL, commit, write_tree
from phaseplan.repository.repo import GitError, GitRepo
from tests.git.lab import Lab

FILES = {"b": b"2\n", "a.json": b"{}\n", "A": b"", "a-b": bytes(range(256)) * 300, "ä": b"umlaut"}


def by_git(repo: GitRepo, parents: list[str], message: str) -> str:
    ids = {name: repo.run("hash-object", "-w", "--stdin", stdin=data).out.strip() for name, data in FILES.items()}
    tree = repo.run("mktree", "-z", stdin="".join(f"100644 blob {i}\t{n}\0" for n, i in ids.items()).encode()).out
    words = [word for parent in parents for word in ("-p", parent)]
    env = {**NEUTRAL, "GIT_AUTHOR_DATE": "@7 +0000", "GIT_COMMITTER_DATE": "@7 +0000"}
    text = message.encode("utf-8", "surrogateescape")
    return repo.run("commit-tree", tree.strip(), *words, stdin=text, env=env).out.strip()


MESSAGES = [
    "",
    "Title",
    "Title\n",
    "Title\n\nno end",
    "ümlaut 😀\n",
    "\udcff \udced\udca0\udc80\n",
    "\n\n x",
    "\ufffe",
    "\ufdd1",
]


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_commits_have_the_ids_that_git_gives(lab: Lab, tmp_path: Path, message: str, count: int) -> None:
    given = [commit(lab.repo, write_tree(lab.repo, {}), [lab.main], f"{i}\n", i) for i in range(2)]
    parents = [lab.main, given[0], lab.main][:count]
    made = commit(lab.repo, write_tree(lab.repo, FILES), parents, message, 7)
    assert made == by_git(lab.repo, parents, message)
    assert "error" not in lab.repo.run("fsck", "--full", "--strict", made).err


def test_objects_are_readable_in_a_repository_with_files_checked_out(tmp_path: Path) -> None:
    GitRepo.init(tmp_path).run("-c", "core.bare=false", "init", "--quiet", str(tmp_path / "work"))
    repo = GitRepo(tmp_path / "work")
    made = commit(repo, write_tree(repo, FILES), [], "x\n", 1)
    assert repo.run("show", f"{made}:a-b").out.encode("utf-8", "surrogateescape") == FILES["a-b"]


def test_no_draft_is_left_and_nothing_is_written_twice(lab: Lab) -> None:
    first = write_tree(lab.repo, FILES)
    files = {path: path.stat().st_mtime_ns for path in (lab.repo.path / "objects").rglob("*") if path.is_file()}
    assert write_tree(lab.repo, FILES) == first
    assert {p: p.stat().st_mtime_ns for p in (lab.repo.path / "objects").rglob("*") if p.is_file()} == files
    assert not [path for path in files if path.name.startswith("tmp_")]
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in files)


def test_what_git_has_to_look_up_is_left_to_git(lab: Lab) -> None:
    tree = write_tree(lab.repo, FILES)
    assert commit(lab.repo, tree, ["main"], "x\n", 7) == by_git(lab.repo, [lab.main], "x\n")
    with pytest.raises(GitError):
        commit(lab.repo, tree, ["nothing"], "x\n", 7)
    with pytest.raises(GitError):
        commit(lab.repo, tree, [], "a\0b", 7)
