"""What a repository remembers of its commits, and what it asks again."""

from __future__ import annotations

import pytest

from phaseplan.repository.objects import commit, tree_of, write_tree
from phaseplan.repository.repo import Facts
from tests.git.lab import Lab
from tests.git.test_reading import heard


def test_a_commit_is_asked_for_its_facts_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = write_tree(lab.repo, {"a": b"1"})
    made = commit(lab.repo, tree, [lab.main], "x", 7)
    with heard(monkeypatch) as said:
        assert lab.repo.facts(made) == Facts(tree, (lab.main,), 7)
        assert (tree_of(lab.repo, made), lab.repo.facts(made).time) == (tree, 7)
    assert len(said) == 1


def test_a_name_that_may_move_is_asked_for_each_time(lab: Lab) -> None:
    first, second = (commit(lab.repo, write_tree(lab.repo, {"a": data}), [], "x", 7) for data in (b"1", b"2"))
    for made in (first, second):
        lab.repo.run("update-ref", "refs/heads/moves", made)
        assert lab.repo.facts("moves") == lab.repo.facts(made)


def test_a_descent_is_remembered_and_its_absence_is_not(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    made = commit(lab.repo, write_tree(lab.repo, {}), [lab.main], "x", 7)
    with heard(monkeypatch) as said:
        assert lab.repo.is_ancestor(lab.main, made) and lab.repo.is_ancestor(lab.main, made)
        assert not lab.repo.is_ancestor(made, lab.main) and not lab.repo.is_ancestor(made, lab.main)
    assert len(said) == 3


@pytest.mark.parametrize(
    ("committer", "time"),
    [("a <a@b> 7 +0000", 7), ("a <a@b>", 0), ("a", 0), ("a <a@b> 99999999999999999999 +0000", None)],
)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_tree_parents_and_date_are_read_of_any_commit(lab: Lab, committer: str, time: int | None, count: int) -> None:
    tree = lab.repo.line("rev-parse", f"{lab.main}^{{tree}}")
    parents = (lab.main, commit(lab.repo, tree, [], "other\n", 1))[:count]
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), "author a <a@b> 1 +0000"]
    text = "\n".join([*lines, f"committer {committer}", "", "old\n"])
    made = lab.repo.run("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=text.encode()).out.strip()
    facts = lab.repo.facts(made)
    assert facts == Facts(tree, parents, facts.time if time is None else time)
