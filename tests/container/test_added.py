"""What a commit adds, line by line; git's own count says what is right."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from phaseplan.gates.added import added
from tests.git.lab import Lab, commit_files

NAMES = ["a", 'q"uo te', "ta\tb", "ne\nw", "ü", "-- x", "b/c d", "+++ b"]
PIECES = [
    "a",
    "",
    "+x",
    "-y",
    "@@ -1 +1 @@",
    "--- a/x",
    "+++ b/x",
    "diff --git a/x b/x",
    "\\ No newline at end of file",
]


def text(dice: random.Random) -> str:
    return "\n".join(dice.choice(PIECES) for _ in range(dice.randrange(30))) + dice.choice(["\n", ""])


@pytest.mark.parametrize("seed", range(12))
def test_lines_are_counted_as_git_counts_them_whatever_they_and_their_files_are_called(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    lab = Lab(tmp_path, {name: text(dice) for name in dice.sample(NAMES, 5)})
    new = commit_files(lab.repo, lab.main, {name: text(dice) for name in dice.sample(NAMES, 4)}, "new")
    out = lab.repo.run("diff-tree", "-r", "-M", "--numstat", "-z", "--text", lab.main, new).out.split("\0")
    wanted, at = dict[str, int](), 0
    while at < len(out) - 1:
        count, _, path = out[at].split("\t", 2)
        at, path = (at + 1, path) if path else (at + 3, out[at + 2])
        wanted[path] = int(count)
    found = {file.path: file.lines for file in added(lab.repo, lab.main, new)}
    assert found == {path: n for path, n in wanted.items() if n or path in found}


def test_a_line_longer_than_what_is_read_at_once_is_one_line(tmp_path: Path) -> None:
    lab = Lab(tmp_path, {"a": "x" * 3_000_000 + "\nend\n"})
    new = commit_files(lab.repo, lab.main, {"a": "y" * 3_000_000 + "\rz" + "\nend\nmore\n"}, "new")
    (file,) = added(lab.repo, lab.main, new)
    assert file.lines == 3, "one that is long, the return in it, and one more"
