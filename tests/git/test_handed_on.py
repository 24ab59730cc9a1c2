"""What a task has pushed is in the cache of its machine, whole, and nothing else of it is."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from phaseplan.repository import cache
from phaseplan.repository.cache import PrivateRepo
from phaseplan.repository.objects import commit, missing, write_tree
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo
from tests.git.lab import Lab
from tests.git.talk import Talk, talk

__all__ = ["talk"]
REF = "refs/phaseplan/x/{}"


def made(repo: GitRepo, name: str, *parents: str) -> str:
    """A commit with a file of its own."""
    return commit(repo, write_tree(repo, {name: name.encode()}), parents, f"{name}\n", 1)


def whole(shared: Path, sha: str) -> bool:
    """Whether a commit is in a cache with all that it needs."""
    return GitRepo(shared).run("rev-list", "--objects", sha, ok=(0, 128)).code == 0


def test_the_next_task_fetches_nothing_of_what_was_pushed(tmp_path: Path, talk: Talk) -> None:
    lab = Lab(tmp_path)
    with lab.remote.private(state=tmp_path / "state") as repo:
        new = made(repo, "a", made(repo, "before"))
        assert lab.remote.push(repo, [Update(REF.format("a"), new, None)])
    with talk.during("next"), lab.remote.private(state=tmp_path / "state") as repo:
        assert not missing(repo, [new])
        assert repo.line("log", "--format=%s", new).split() == ["a", "before"]
    assert talk.calls["next"] == []


def test_only_what_was_pushed_is_handed_on(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with lab.remote.private(state=tmp_path / "state") as repo:
        withheld, new = made(repo, "withheld"), made(repo, "a")
        assert lab.remote.push(repo, [Update(REF.format("a"), new, None)])
        assert missing(GitRepo(shared(repo)), [withheld, new]) == (withheld,)


def test_what_the_target_refused_is_not_handed_on(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with lab.remote.private(state=tmp_path / "state") as repo:
        first, second = made(repo, "first"), made(repo, "second")
        assert lab.remote.push(repo, [Update(REF.format("a"), first, None)])
        assert not lab.remote.push(repo, [Update(REF.format("a"), second, None)])
        assert missing(GitRepo(shared(repo)), [first, second]) == (second,)


def test_a_commit_is_handed_on_whole_though_what_came_before_it_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path)
    monkeypatch.setattr(cache, "BRIEFLY", 0.05)
    with lab.remote.private(state=tmp_path / "state") as repo:
        first = made(repo, "first")
        busy = os.open(shared(repo).with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        fcntl.flock(busy, fcntl.LOCK_EX)
        assert lab.remote.push(repo, [Update(REF.format("a"), first, None)]), (
            "a task that fills the cache holds nobody up"
        )
        os.close(busy)
        assert missing(GitRepo(shared(repo)), [first]) == (first,)
        repo.present.add(first)  # as a reader does that finds it here
        second = made(repo, "second", first)
        assert lab.remote.push(repo, [Update(REF.format("b"), second, None)])
        assert whole(shared(repo), second)


def test_a_damaged_cache_does_not_fail_the_push(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with lab.remote.private(state=tmp_path / "state") as repo:
        new = made(repo, "a")
        (shared(repo) / "HEAD").unlink()
        assert lab.remote.push(repo, [Update(REF.format("a"), new, None)])
    assert Remote(str(lab.remote)).refs()[REF.format("a")] == new


def shared(repo: GitRepo) -> Path:
    """The cache behind a private repository."""
    assert isinstance(repo, PrivateRepo)
    return repo.shared


def test_a_private_repository_is_what_git_would_make(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    made_by_git = GitRepo.init(tmp_path / "other.git")
    with lab.remote.private(state=tmp_path / "state") as repo:
        for question in (
            ("config", "--local", "--list"),
            ("rev-parse", "--is-bare-repository", "--show-object-format"),
        ):
            assert repo.line(*question) == made_by_git.line(*question)
        again = repo.run("init", "--bare", "--template=")
        assert again.out.startswith("Reinitialized existing")
        assert repo.line("config", "--local", "--list") == made_by_git.line("config", "--local", "--list")


def test_a_task_asks_once_whether_the_cache_has_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(tmp_path)
    asked = list[int]()

    def noting(repo: GitRepo, ids: set[str]) -> tuple[str, ...]:
        asked.append(len(ids))
        return missing(repo, ids)

    monkeypatch.setattr(cache, "missing", noting)
    with lab.remote.private(state=tmp_path / "state") as repo:
        first = made(repo, "first")
        assert lab.remote.push(repo, [Update(REF.format("a"), first, None)])
        second = made(repo, "second", first)
        assert lab.remote.push(repo, [Update(REF.format("b"), second, None)])
        assert whole(shared(repo), second)
    assert asked == [0, 0], "what was handed on is there"
