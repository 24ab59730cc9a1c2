"""Names, links and words of commits that reach further than their branch."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.gates.hostile import hostile
from phaseplan.repository.repo import GitRepo
from tests.field.workspace import repository

BASE = {b"readme": ("100644", b"x"), b"dir/f": ("100644", b"x")}


def messages(tmp_path: Path, new: dict[bytes, tuple[str, bytes]], base: dict[bytes, tuple[str, bytes]] = BASE) -> str:
    """Return the findings on new files as one text."""
    repo = repository(tmp_path / "base", base)
    other = repository(tmp_path / "new", {**base, **new})
    repo.run("fetch", "-q", str(other.path), "main:new")
    return "\n".join(map(str, hostile(repo, "main", "new")))


@pytest.mark.parametrize("target", [".git", ".git/hooks", "dir/../.GIT/config", ".git.", "dir/.git"])
def test_a_link_into_a_repository_is_hostile(tmp_path: Path, target: str) -> None:
    assert "a symbolic link out of the tree" in messages(tmp_path, {b"link": ("120000", target.encode())})
    assert messages(tmp_path / "2", {b"link": ("120000", b".gitignore")}) == ""


@pytest.mark.parametrize("name", ["README", "Dir/f", "DIR/F"])
def test_a_name_that_only_case_tells_apart_is_a_finding_unless_the_base_does_so(tmp_path: Path, name: str) -> None:
    new = {name.encode(): ("100644", b"y")}
    assert "give it another name" in messages(tmp_path, new)
    assert messages(tmp_path / "2", new, {**BASE, b"A": ("100644", b"x"), b"a": ("100644", b"x")}) == ""


def test_accents_composed_in_two_ways_are_one_name_too(tmp_path: Path) -> None:
    new = {"\u00e9".encode(): ("100644", b"y"), "e\u0301".encode(): ("100644", b"y"), b"e": ("100644", b"y")}
    assert messages(tmp_path, new).count("give it another name") == 2


def test_renaming_a_file_to_another_case_is_no_finding(tmp_path: Path) -> None:
    repo = repository(tmp_path / "base", {b"Readme": ("100644", b"x")})
    tree = repo.run("mktree", stdin=f"100644 blob {repo.line('rev-parse', 'main:Readme')}\tREADME\n".encode()).out
    assert hostile(repo, "main", _commit(repo, tree.strip(), "x")) == ()


def _commit(repo: GitRepo, tree: str, message: str, **env: str) -> str:
    return repo.run("commit-tree", "-p", "main", tree, stdin=message.encode(), env=env).out.strip()


@pytest.mark.parametrize("message", ["a\x1b[2Jb", "a\u202eb", "x\n\nbody\x9b1m", "a\bb"])
def test_a_message_or_an_author_that_moves_the_cursor_is_a_finding(tmp_path: Path, message: str) -> None:
    repo = repository(tmp_path / "base", BASE)
    tree = repo.line("rev-parse", "main^{tree}")
    for made in (_commit(repo, tree, message), _commit(repo, tree, "x", GIT_AUTHOR_NAME=message.replace("\n", " "))):
        (found,) = hostile(repo, "main", made)
        assert made[:12] in found.message and str(found).isprintable()
    usual = "Add \u00fcber\n\n\t- a list\r\n\U0001f468\u200d\U0001f469 \u65e5\u672c\n"
    assert hostile(repo, "main", _commit(repo, tree, usual)) == ()
