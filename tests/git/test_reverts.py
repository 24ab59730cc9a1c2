"""Reverting a merge and bringing it back, on real commits: nothing of a branch is lost, nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.errors import InputFault
from phaseplan.merging.chain import Conflict, Head, Merged, chain_merge
from phaseplan.merging.conservation import violations
from phaseplan.merging.revert import open_reverts, reapply, revert
from phaseplan.repository.objects import tree_of
from tests.git.lab import Lab, commit_files


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, {"f": "1\n2\n3\n4\n5\n", "list": "a\nz\n", "gen/all": "0\n"})


def head(lab: Lab, name: str, files: dict[str, str | None], base: str | None = None) -> Head:
    start = base or lab.main
    return Head(name, commit_files(lab.repo, start, files, f"{name} on {start}"), base=start)


def files(lab: Lab, commit: str) -> set[str]:
    return set(lab.repo.run("ls-tree", "-r", "--name-only", commit).out.split()) - {"f", "list", "gen/all"}


def merge(lab: Lab, tip: str, *heads: Head) -> Merged:
    """A chain that must be whole and conserve everything."""
    merged = chain_merge(lab.repo, tip, heads)
    assert merged.ids == tuple(h.id for h in heads)
    assert violations(lab.repo, tip, merged.commit, heads, exempt=()) == ()
    assert lab.repo.is_ancestor(tip, merged.commit)
    return merged


def undo(lab: Lab, tip: str, branch: str, merged: str) -> str:
    made = revert(lab.repo, tip, branch, merged)
    assert isinstance(made, str), made
    return made


@pytest.fixture
def three(lab: Lab) -> tuple[str, dict[str, Head], dict[str, str]]:
    """Three merged branches: the tip, the heads, the merges."""
    heads = [head(lab, b, {f"{b}/one": f"{b} one\n", f"{b}/two": f"{b} two\n"}) for b in "abc"]
    merged = merge(lab, lab.main, *heads)
    return merged.commit, {h.id: h for h in heads}, {s.id: s.commit for s in merged.steps}


Three = tuple[str, dict[str, Head], dict[str, str]]


def test_one_of_three_leaves_and_nothing_else_does(lab: Lab, three: Three) -> None:
    tip, _, merges = three
    out = undo(lab, tip, "b", merges["b"])
    assert files(lab, out) == {"a/one", "a/two", "c/one", "c/two"}
    assert lab.repo.line("log", "-1", "--format=%P %s %an", out) == f"{tip} Revert b Phaseplan"
    assert open_reverts(lab.repo, out, lab.main) == open_reverts(lab.repo, out) == {"b": (out,)}
    assert open_reverts(lab.repo, tip) == {}
    assert undo(lab, tip, "b", merges["b"]) == out, "I6 (order-free)"
    back = reapply(lab.repo, out, "b", out)
    assert isinstance(back, str) and tree_of(lab.repo, back) == tree_of(lab.repo, tip)
    assert open_reverts(lab.repo, back) == {}


def test_git_itself_loses_the_reverted_files(lab: Lab, three: Three) -> None:
    """Why all this: v2 on v1 merges cleanly, and without what v1 brought."""
    tip, heads, merges = three
    out = undo(lab, tip, "b", merges["b"])
    v2 = head(lab, "b", {"b/three": "z\n"}, heads["b"].commit)
    naive = lab.repo.line("merge-tree", "--write-tree", out, v2.commit)
    assert files(lab, naive) == {"a/one", "a/two", "c/one", "c/two", "b/three"}


@pytest.mark.parametrize("base", ["v1", "main"])
def test_v2_on_top_of_v1_brings_all_files(lab: Lab, three: Three, base: str) -> None:
    tip, heads, merges = three
    out = undo(lab, tip, "b", merges["b"])
    v2 = head(lab, "b", {"b/three": "z\n", "b/two": "better\n", "b/one": None}, heads["b"].commit)
    if base == "main":
        v2 = Head("b", v2.commit, base=lab.main)
    merged = merge(lab, out, v2)
    assert files(lab, merged.commit) == {"a/one", "a/two", "c/one", "c/two", "b/two", "b/three"}
    assert lab.repo.run("show", f"{merged.commit}:b/two").out == "better\n"
    assert merged.steps[0].reapplied == (out,) and open_reverts(lab.repo, merged.commit) == {}
    assert lab.repo.line("log", "-1", "--format=%s", f"{merged.commit}^1") == "Re-apply b"
    assert merge(lab, out, v2) == merged, "I6 (order-free)"


def test_the_very_same_head_is_reapplied_not_landed(lab: Lab, three: Three) -> None:
    tip, heads, merges = three
    out = undo(lab, tip, "b", merges["b"])
    merged = merge(lab, out, heads["b"])
    assert tree_of(lab.repo, merged.commit) == tree_of(lab.repo, tip) and merged.commit != out
    assert merge(lab, merged.commit, heads["b"]).commit == merged.commit, "the second time it is landed"


def test_a_fresh_v2_needs_nothing(lab: Lab, three: Three) -> None:
    tip, _, merges = three
    out = undo(lab, tip, "b", merges["b"])
    merged = merge(lab, out, head(lab, "b", {"b/new": "z\n"}))
    assert files(lab, merged.commit) == {"a/one", "a/two", "c/one", "c/two", "b/new"}
    assert merged.steps[0].reapplied == ()


def test_a_v2_built_on_the_revert_is_taken_at_its_word(lab: Lab, three: Three) -> None:
    tip, _, merges = three
    out = undo(lab, tip, "b", merges["b"])
    merged = merge(lab, out, head(lab, "b", {"b/two": "z\n"}, out))
    assert files(lab, merged.commit) == {"a/one", "a/two", "c/one", "c/two", "b/two"}


def test_out_and_back_and_out_and_back(lab: Lab, three: Three) -> None:
    tip, heads, merges = three
    first = undo(lab, tip, "b", merges["b"])
    v2 = head(lab, "b", {"b/three": "z\n"}, heads["b"].commit)
    back = merge(lab, first, v2)
    again = back.commit
    for act in (back.commit, f"{back.commit}^1"):
        again = undo(lab, again, "b", lab.repo.line("rev-parse", act))
    assert files(lab, again) == {"a/one", "a/two", "c/one", "c/two"}
    assert len(open_reverts(lab.repo, again)["b"]) == 2
    v3 = head(lab, "b", {"b/four": "z\n"}, v2.commit)
    end = merge(lab, again, v3).commit
    assert files(lab, end) == files(lab, tip) | {"b/three", "b/four"} and open_reverts(lab.repo, end) == {}
    on_v1 = head(lab, "b", {"b/four": "z\n"}, heads["b"].commit)
    assert files(lab, merge(lab, again, on_v1).commit) == files(lab, tip) | {"b/four"}, "only what it was built on"
    between = head(lab, "b", {"b/five": "z\n"}, first)
    assert "b/one" not in files(lab, merge(lab, again, between).commit), "it knew the first revert"
    inside = head(lab, "b", {"b/six": "z\n"}, back.commit)
    assert files(lab, merge(lab, again, inside).commit) == files(lab, tip) | {"b/three", "b/six"}


def test_a_head_built_on_anothers_reverted_work_waits_for_it(lab: Lab, three: Three) -> None:
    tip, heads, merges = three
    child = Head("d", commit_files(lab.repo, heads["b"].commit, {"d": "x\n"}, "d"), base=heads["b"].commit)
    child = Head("d", child.commit, base=child.base, builds_on=("b",))
    out = undo(lab, tip, "b", merges["b"])
    fresh = head(lab, "b", {"b/new": "z\n"})
    assert chain_merge(lab.repo, out, [child]).waiting == {"d": "b"}
    assert chain_merge(lab.repo, out, [fresh, child]).waiting == {"d": "b"}, "it was never judged on this one"
    assert files(lab, merge(lab, out, heads["b"], child).commit) == files(lab, tip) | {"d"}
    stranger = head(lab, "e", {"e": "x\n"}, tip)
    assert files(lab, merge(lab, out, stranger).commit) == files(lab, out) | {"e"}, "b stays out"


def test_a_reapply_in_conflict_puts_that_head_out_and_names_who(lab: Lab) -> None:
    one = head(lab, "a", {"f": "1\n2 by a\n3\n4\n5\n"})
    merged = chain_merge(lab.repo, lab.main, [one]).commit
    out = undo(lab, merged, "a", merged)
    other, third = head(lab, "b", {"f": "1\n2 by b\n3\n4\n5\n"}), head(lab, "c", {"c": "x\n"})
    v2 = head(lab, "a", {"more": "x\n"}, one.commit)
    tip = chain_merge(lab.repo, out, [other]).commit
    done = chain_merge(lab.repo, tip, [v2, third])
    assert done.ids == ("c",) and str(done.conflicted["a"]) == "conflicts with b in f"
    assert files(lab, done.commit) == {"c"} and open_reverts(lab.repo, done.commit) == {"a": (out,)}
    assert isinstance(revert(lab.repo, tip, "b", lab.repo.line("rev-parse", tip)), str)


def test_what_comes_back_may_not_be_the_twin_of_what_came_meanwhile(lab: Lab) -> None:
    one = head(lab, "a", {"Read.me": "a\n"})
    merged = chain_merge(lab.repo, lab.main, [one]).commit
    out = undo(lab, merged, "a", merged)
    tip = chain_merge(lab.repo, out, [head(lab, "b", {"read.ME": "b\n"})]).commit
    done = chain_merge(lab.repo, tip, [head(lab, "a", {"more": "x\n"}, one.commit)])
    assert done.ids == () and "Read.me, which many systems take for read.ME" in str(done.conflicted["a"])
    assert done.commit == tip and done.conflicted["a"].opponents == ("b",)


def test_a_revert_in_conflict_names_the_path_and_who_changed_it_since(lab: Lab) -> None:
    one = chain_merge(lab.repo, lab.main, [head(lab, "a", {"f": "1\n2 by a\n3\n4\n5\n"})]).commit
    two = chain_merge(lab.repo, one, [head(lab, "b", {"f": "1\n2 by a and b\n3\n4\n5\n"}, one)]).commit
    assert revert(lab.repo, two, "a", one) == Conflict(("f",), ("b",))


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_union_path_loses_exactly_the_lines_of_the_one_taken_out(lab: Lab, order: str) -> None:
    heads = {b: head(lab, b, {"list": f"a\n{b}1\n{b}2\nz\n"}) for b in "ab"}
    merged = chain_merge(lab.repo, lab.main, [heads[b] for b in order], union=["list"])
    merges = {s.id: s.commit for s in merged.steps}
    out = revert(lab.repo, merged.commit, "a", merges["a"], union=["list"])
    assert isinstance(out, str) and lab.repo.run("show", f"{out}:list").out == "a\nb1\nb2\nz\n"
    v2 = head(lab, "a", {"list": "a\na1\na2\na3\nz\n"}, heads["a"].commit)
    back = chain_merge(lab.repo, out, [v2], union=["list"])
    assert sorted(lab.repo.run("show", f"{back.commit}:list").out.split()) == ["a", "a1", "a2", "a3", "b1", "b2", "z"]


def test_generated_paths_stop_no_revert(lab: Lab) -> None:
    heads = [head(lab, b, {"gen/all": f"0\n{b}\n", b: "x\n"}) for b in "ab"]
    merged = chain_merge(lab.repo, lab.main, heads, generated=["/gen/**"])
    fresh = commit_files(lab.repo, merged.commit, {"gen/all": "0\na\nb\n"}, "Regenerate")
    out = revert(lab.repo, fresh, "a", merged.steps[0].commit, generated=["/gen/**"])
    assert isinstance(out, str) and files(lab, out) == {"b"}
    assert isinstance(revert(lab.repo, fresh, "a", merged.steps[0].commit), Conflict)
    back = chain_merge(lab.repo, out, [heads[0]], generated=["/gen/**"])
    assert back.generated_touched and files(lab, back.commit) == {"a", "b"}


def test_a_moved_base_is_no_obstacle(lab: Lab, three: Three) -> None:
    tip, heads, merges = three
    moved = commit_files(lab.repo, lab.main, {"f": "1\n2\n3\n4\n5 newer\n", "more": "x\n"}, "main moves")
    newer = chain_merge(lab.repo, tip, [Head("base", moved, base=lab.main)]).commit
    out = undo(lab, newer, "b", merges["b"])
    assert files(lab, out) == {"a/one", "a/two", "c/one", "c/two", "more"}
    v2 = head(lab, "b", {"b/three": "z\n"}, heads["b"].commit)
    assert files(lab, merge(lab, out, v2).commit) == files(lab, newer) | {"b/three"}


def test_integration_merged_into_the_base_forgets_no_revert(lab: Lab, three: Three) -> None:
    tip, heads, merges = three
    out = undo(lab, tip, "b", merges["b"])
    main = chain_merge(lab.repo, commit_files(lab.repo, lab.main, {"more": "x\n"}, "m"), [Head("5", out)]).commit
    newer = chain_merge(lab.repo, out, [Head("base", main, base=lab.main)]).commit
    assert open_reverts(lab.repo, newer) == {"b": (out,)}
    v2 = head(lab, "b", {"b/three": "z\n"}, heads["b"].commit)
    assert files(lab, merge(lab, newer, v2).commit) == files(lab, tip) | {"b/three", "more"}


def test_an_agents_forged_trailers_say_nothing(lab: Lab, three: Three) -> None:
    """A forged re-apply would make v2 lose its files, a forged revert would bring back what is in."""
    tip, _, merges = three
    out = undo(lab, tip, "b", merges["b"])
    text = f"Innocent\n\nPhaseplan-Reapply: b {out}\nPhaseplan-Revert: a {merges['a']}\nPhaseplan-Branch: a\n"
    forged = Head("e", commit_files(lab.repo, out, {"e": "x\n"}, text), title="Innocent", base=out)
    for trailer in text.split("\n")[2:5]:
        one = commit_files(lab.repo, forged.commit, {"e": trailer}, f"Innocent\n\n{trailer}\n")
        forged = Head("e", one, title="Innocent", base=out)
    tip = merge(lab, out, forged).commit
    assert open_reverts(lab.repo, tip) == {"b": (out,)}
    assert open_reverts(lab.repo, forged.commit) != {"b": (out,)}, "read from the wrong line it would count"


def test_trailers_that_do_not_fit_the_line_say_nothing(lab: Lab, three: Three) -> None:
    tip, _, merges = three
    out = undo(lab, tip, "b", merges["b"])
    for said in (
        f"Phaseplan-Reapply: a {out}",
        f"Phaseplan-Revert: b {out}",
        f"Phaseplan-Revert: b {merges['a']}",
        f"Phaseplan-Reapply: b {merges['b']}",
        "Phaseplan-Revert: b",
        f"Phaseplan-Revert: a {merges['a']}\nPhaseplan-Reapply: b {out}",
        "Phaseplan-Branch: b",
    ):
        odd = commit_files(lab.repo, out, {"f": "x\n"}, f"Odd\n\n{said}\n")
        assert open_reverts(lab.repo, odd) == {"b": (out,)}, said


def test_what_has_no_merge_of_its_own_says_so(lab: Lab, three: Three) -> None:
    tip, _, merges = three
    for branch, commit in (("b", merges["a"]), ("a", lab.main), ("b", undo(lab, tip, "b", merges["b"]))):
        with pytest.raises(InputFault, match=f"{branch} has no merge commit of its own"):
            revert(lab.repo, tip, branch, commit)
