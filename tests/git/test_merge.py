"""The chain merge: same inputs, same commit id; conflicts named; unions and generated files as the plan says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from phaseplan.errors import Infrastructure
from phaseplan.merging.chain import Head, Merged, chain_merge, predict
from phaseplan.merging.conservation import literal, violations
from phaseplan.repository.repo import GitRepo, Result
from tests.git.lab import Lab, commit_files, plan_of

LINES = "one\ntwo\nthree\nfour\nfive\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, {"f": LINES, "gen/z": "0\n", "odd *[name]": "a\nb\n"})


def head(lab: Lab, name: str, files: dict[str, str | None], base: str | None = None) -> Head:
    start = base or lab.main
    return Head(name, commit_files(lab.repo, start, files, name), base=start)


def tree(lab: Lab, merged: Merged, path: str) -> str:
    return lab.repo.run("show", f"{merged.commit}:{path}").out


def test_dates_and_identity_are_pinned(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = [head(lab, "1", {"a": "1\n"}), head(lab, "2", {"b": "2\n"})]
    first = chain_merge(lab.repo, lab.main, heads)
    for key, value in {"GIT_COMMITTER_DATE": "@1 +0000", "TZ": "Asia/Tokyo", "HOME": "/nonexistent"}.items():
        monkeypatch.setenv(key, value)
    assert chain_merge(lab.repo, lab.main, heads) == first
    assert lab.repo.line("log", "-1", "--format=%an %ae %ct %P", first.commit).startswith(
        "Phaseplan phaseplan@localhost 17000"
    )


def test_configuration_of_the_machine_changes_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heads = [head(lab, "1", {"f": LINES + "six\n"}), head(lab, "2", {"f": LINES + "seven\n"})]
    (tmp_path / "attributes").write_text("* merge=union\n")
    (tmp_path / "config").write_text(f"[core]\nattributesFile = {tmp_path}/attributes\n[merge]\nrenames = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert list(chain_merge(lab.repo, lab.main, heads).conflicted) == ["2"]


def test_a_committed_attribute_changes_nothing(lab: Lab) -> None:
    base = commit_files(lab.repo, lab.main, {".gitattributes": "* merge=union\n"}, "attributes")
    heads = [head(lab, "1", {"f": "x\n" + LINES}, base), head(lab, "2", {"f": "y\n" + LINES}, base)]
    assert list(chain_merge(lab.repo, base, heads).conflicted) == ["2"]


def test_conflicts_name_every_opponent_and_the_rest_goes_on(lab: Lab) -> None:
    heads = [
        head(lab, "1", {"f": LINES.replace("one", "1")}),
        head(lab, "2", {"f": LINES.replace("five", "5")}),
        head(lab, "3", {"f": LINES.replace("one", "I").replace("five", "V"), "h": "x\n"}),
        head(lab, "4", {"i": "y\n"}),
    ]
    merged = chain_merge(lab.repo, lab.main, heads)
    assert merged.ids == ("1", "2", "4")
    assert str(merged.conflicted["3"]) == "conflicts with 1, 2 in f"
    assert tree(lab, merged, "f") == "1\ntwo\nthree\nfour\n5\n"
    assert predict(lab.repo, lab.main, heads) == [("1", "3", ("f",)), ("2", "3", ("f",))]


def test_what_needs_a_conflicting_head_waits_for_it(lab: Lab) -> None:
    one, two = head(lab, "1", {"f": "1\n"}), head(lab, "2", {"f": "2\n"})
    three = Head("3", commit_files(lab.repo, two.commit, {"h": "x\n"}, "3"), base=two.commit, needs=("2",))
    carries = Head("4", commit_files(lab.repo, two.commit, {"i": "x\n"}, "4"), base=two.commit)
    merged = chain_merge(lab.repo, lab.main, [one, two, three, carries], judged={two.commit: "2"})
    assert (merged.ids, merged.waiting) == (("1",), {"3": "2", "4": "2"})


def test_a_head_that_is_in_is_landed_without_an_empty_merge(lab: Lab) -> None:
    one = head(lab, "1", {"a": "1\n"})
    below = Head("0", lab.main)
    merged = chain_merge(lab.repo, lab.main, [one])
    again = chain_merge(lab.repo, merged.commit, [one, below])
    assert again.commit == merged.commit and again.ids == ("1", "0")
    chained = Head("2", commit_files(lab.repo, one.commit, {"b": "2\n"}, "2"), base=one.commit)
    assert (
        chain_merge(lab.repo, lab.main, [chained, one]).steps[1].commit
        == chain_merge(lab.repo, lab.main, [chained]).commit
    )


@pytest.mark.parametrize("path", ["f", "odd *[name]", 'new "q" \\ü\tx'])
def test_union_keeps_both_sides_of_exactly_that_path(lab: Lab, path: str) -> None:
    base = commit_files(lab.repo, lab.main, {path: "a\nb\n", "odd xn": "a\nb\n"}, "base")
    heads = [head(lab, i, {path: f"a\n{i}\nb\n", "odd xn": f"a\n{i}\nb\n"}, base) for i in "12"]
    assert chain_merge(lab.repo, base, heads, union=[path]).conflicted["2"].paths == ("odd xn",)
    heads = [head(lab, i, {path: f"a\n{i}\nb\n"}, base) for i in "12"]
    assert tree(lab, chain_merge(lab.repo, base, heads, union=[path]), path) == "a\n1\n2\nb\n"
    assert list(chain_merge(lab.repo, base, heads).conflicted) == ["2"], "another merge does not inherit it"
    assert not predict(lab.repo, base, heads, union=[path])


def test_conflicts_in_generated_files_isolate_nobody(lab: Lab) -> None:
    heads = [
        head(lab, "1", {"gen/z": "1\n", "a": "1\n"}),
        head(lab, "2", {"gen/z": "2\n", "gen/new": "2\n", "b": "2\n"}),
    ]
    heads.append(head(lab, "3", {"gen/z": None, "c": "3\n"}))
    merged = chain_merge(lab.repo, lab.main, heads, generated=["/gen/**"])
    assert merged.ids == ("1", "2", "3") and merged.generated_touched
    assert merged.steps[1].conflicts == ("gen/z",)
    assert (
        tree(lab, merged, "gen/z") == "1\n"
        and tree(lab, merged, "gen/new") == "2\n"
        and tree(lab, merged, "c") == "3\n"
    )
    both = [heads[0], head(lab, "4", {"gen/z": "4\n", "a": "4\n"})]
    assert chain_merge(lab.repo, lab.main, both, generated=["/gen/**"]).conflicted["4"].paths == ("a",)


def test_what_is_no_conflict_is_infrastructure(lab: Lab) -> None:
    with pytest.raises(Infrastructure):
        chain_merge(lab.repo, lab.main, [Head("1", "f" * 40)])
    with pytest.raises(Infrastructure, match="unrelated histories"):
        chain_merge(lab.repo, lab.main, [Head("1", commit_files(lab.repo, None, {"x": "y\n"}, "orphan"))])


def test_conservation_sees_lost_reverted_and_invented_content(lab: Lab) -> None:
    one, two = head(lab, "1", {"a": "1\n", "f": "1\n" + LINES}), head(lab, "2", {"b": "2\n", "f": LINES + "2\n"})
    merged = chain_merge(lab.repo, lab.main, [one, two]).commit
    assert violations(lab.repo, lab.main, merged, [one, two], exempt=()) == ()
    broken = commit_files(lab.repo, merged, {"a": None, "b": "changed\n", "c": "invented\n"}, "evil")
    found = violations(lab.repo, lab.main, broken, [one, two], exempt=())
    assert [(f.file, f.message.split(",")[0]) for f in found] == [
        ("a", "only 1 changed it"),
        ("b", "only 2 changed it"),
        ("c", "changed"),
    ]
    assert violations(lab.repo, lab.main, broken, [one, two], exempt=["/a", literal("b"), "c"]) == ()


def test_conservation_allows_work_on_a_file_that_another_moved(lab: Lab) -> None:
    text = "".join(f"line {i}\n" for i in range(40))
    base = commit_files(lab.repo, lab.main, {"old": text}, "base")
    mover, worker = head(lab, "1", {"old": None, "new": text}, base), head(lab, "2", {"old": text + "more\n"}, base)
    merged = chain_merge(lab.repo, base, [mover, worker])
    assert tree(lab, merged, "new") == text + "more\n"
    assert violations(lab.repo, base, merged.commit, [mover, worker], exempt=()) == ()


def test_workspaces_and_waves_regenerate_what_many_made(tmp_path: Path) -> None:
    command = "cat src/* > gen/all"
    plan = plan_of({"1": [], "2": []}, {"3": ["1", "2"]}, generated_files=[{"paths": ["/gen/**"], "command": command}])
    lab = Lab(tmp_path, {"src/0": "0\n", "gen/all": "0\n"})
    token = lab.open(plan)
    lab.build(token, "1", {"src/1": "1\n", "gen/all": "0\n1\n"})
    assert lab.build(token, "2", {"src/2": "2\n", "gen/all": "0\n2\n"}).base == lab.main
    third = lab.build(token, "3", {"src/3": "3\n"})
    assert lab.show(third.base, "gen/all") == "0\n1\n2\n"
    done = lab.integrate(token, 1)
    assert done.merged == ("1", "2") and done.head
    assert lab.show(done.head, "gen/all") == "0\n1\n2\n"
    assert lab.repo.line("log", "-1", "--format=%s", done.head) == "Regenerate generated files"


def test_a_red_union_check_isolates_who_made_it_red(tmp_path: Path) -> None:
    shared = {
        "path": "pkg/list",
        "owner": "2",
        "branches": ["1"],
        "merge": "union",
        "check": "sort -c {path} && ls {dir}",
    }
    lab = Lab(tmp_path, {"pkg/list": "a\nz\n"})
    token = lab.open(plan_of({"1": [], "2": []}, shared_files=[shared]))
    lab.build(token, "1", {"pkg/list": "a\nx\nz\n"})
    lab.build(token, "2", {"pkg/list": "a\ny\nz\n"})
    done = lab.integrate(token, 1)  # the owner 2 merges first, so y comes before x
    assert done.merged == ("2",) and "sort -c pkg/list && ls pkg" in str(done.isolated["1"][0])
    assert done.head and lab.show(done.head, "pkg/list") == "a\ny\nz\n"


def test_each_branch_of_a_wave_is_one_process_however_large_the_repository(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [head(lab, str(n), {f"{n}/new": f"{n}\n"}) for n in range(12)]
    run, asked = GitRepo.run, Counter[str]()

    def counted(repo: GitRepo, *args: str, **more: Any) -> Result:
        asked[args[0]] += 1
        return run(repo, *args, **more)

    monkeypatch.setattr(GitRepo, "run", counted)
    assert len(chain_merge(lab.repo, lab.main, heads).ids) == 12
    assert {name: calls for name, calls in asked.items() if calls > 2} == {"merge-tree": 12}
