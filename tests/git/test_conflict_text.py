"""What a conflict shows of both sides, for the next attempt and for people."""

from __future__ import annotations

from pathlib import Path

from tests.git.lab import Lab, plan_of


def test_a_conflict_shows_both_sides_of_every_path(tmp_path: Path) -> None:
    long = "".join(f"{n}\n" for n in range(200))
    lab = Lab(tmp_path, {"f": "a\nb\nc\n", "gone": "g\n", "long": long})
    token = lab.open(plan_of({"1": [], "2": []}))
    lab.build(
        token, "1", {"f": "a\none\nc\n", "gone": "changed\n", "long": long.replace("\n", " one\n"), "bin": "1\0\n"}
    )
    lab.build(token, "2", {"f": "a\ntwo\nc\n", "gone": None, "long": long.replace("\n", " two\n"), "bin": "2\0\n"})
    found = {f.file: f.message.split("\n") for f in lab.integrate(token, 1).isolated["2"]}
    assert {lines[0] for lines in found.values()} == {"2 conflicts with 1"}
    hunk = ["| line 2 of the merge:", "| <<<<<<< 1", "| one", "| =======", "| two", "| >>>>>>> 2"]
    assert found["f"][1:] == hunk
    assert found["gone"][1:] == ["| 2 has no such file, 1 has"]
    assert found["bin"][1:] == ["| both sides changed it, and not as text"]
    assert len(found["long"]) == 62 and found["long"][-1].startswith("| (cut here")
    assert sum(len("\n".join(line[2:] for line in lines[1:])) for lines in found.values()) <= 4000
    assert lab.read().folded().branches["2"].cause == "conflict"
