"""What a commit says of itself, also one that no git would write today."""

from __future__ import annotations

import pytest

from phaseplan.repository.objects import commit
from phaseplan.repository.repo import Facts
from tests.git.lab import Lab


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
