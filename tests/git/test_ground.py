"""What gates ask of the commit that a phase builds on, and how often git is asked for it."""

from __future__ import annotations

import pytest

from phaseplan.gates import ground as module
from phaseplan.gates.ground import Ground
from phaseplan.repository.commit_paths import attributes
from phaseplan.repository.repo import GitRepo
from tests.git.lab import Lab, commit_files
from tests.git.test_reading import heard

PATHS = ("a.txt", "deep/made.go", "deep/er/x.bin")
NAMES = ("linguist-generated", "diff", "filter")


@pytest.mark.parametrize(
    "files",
    [
        {"README": "no attributes\n"},
        {".gitattributes": "*.go linguist-generated\n*.bin binary\n"},
        {"deep/.gitattributes": "*.go linguist-generated=false\n", "deep/er/.gitattributes": "* filter=lfs -diff\n"},
        {"gitattributes": "*.go linguist-generated\n", ".gitattributes.txt": "* binary\n"},
    ],
)
def test_attributes_of_the_ground_are_what_git_says(lab: Lab, files: dict[str, str]) -> None:
    commit = commit_files(lab.target, None, files, "ground")
    said = Ground(lab.target, commit).attributes(PATHS)
    assert said == attributes(lab.target, commit, NAMES, PATHS)


def test_what_was_asked_is_not_asked_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = commit_files(lab.target, None, {".gitattributes": "*.go linguist-generated\n"}, "ground")
    ground = Ground(lab.target, commit)
    ground.attributes(PATHS)
    with heard(monkeypatch) as said:
        assert ground.attributes(PATHS[:2])["deep/made.go"]["linguist-generated"] == "set"
        assert ground.paths == (".gitattributes",)
    assert said == []
    ground.attributes(["new.go"])
    assert ground.attributes([])["new.go"]["linguist-generated"] == "set", "a path that comes later is asked for"


def test_a_ground_without_attributes_costs_one_listing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "attributes", lambda *_: pytest.fail("git was asked"))
    with heard(monkeypatch) as said:
        Ground(GitRepo(lab.url), lab.main).attributes(PATHS)
    assert [args[0] for args, _ in said] == ["ls-tree"]
