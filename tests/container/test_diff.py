"""What the diff gates say about one commit; real git, no engine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from phaseplan.errors import InputFault
from phaseplan.gates.diff import Judged, gate_digest, judge
from phaseplan.gates.hostile import hostile
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.repo import GitRepo
from tests.container.conftest import Work

Publish = Callable[[Work], GitRepo]
Files = Mapping[str, str | bytes | None]


def plan(**gates: Any) -> PhasePlan:
    return PhasePlan.model_validate({
        "phase": 5, "title": "T", "gates": gates,
        "generated_files": [{"paths": ["zz_*"], "command": "make generate"}],
        "shared_files": [{"path": "src/shared.txt", "owner": "5.1.2", "branches": ["5.1.1"]}],
        "waves": [{"wave": 1, "branches": [
            {"id": "5.1.1", "branch": "f/one", "title": "One", "owns": ["src/one/"]},
            {"id": "5.1.2", "branch": "f/two", "title": "Two", "owns": ["src/two/", "src/shared.txt"]},
        ]}],
    })  # fmt: skip


@pytest.fixture
def judged(work: Work, publish: Publish) -> Callable[..., Judged]:
    """Judge a commit that changes files, on top of one that sets the scene."""

    def run(files: Files, scene: Files | None = None, **gates: Any) -> Judged:
        base = work.commit(scene or {}, "Scene")
        raw = work.commit(files, "Agent")
        judged.repo, judged.base, judged.raw = publish(work), base, raw
        made = plan(**gates)
        return judge(judged.repo, made, made.by_id["5.1.1"], base, raw)

    judged = run
    return run


def gates_and_files(result: Judged) -> list[tuple[str, str | None]]:
    return [(f.gate, f.file) for f in result.findings]


def test_budget_counts_added_lines_without_generated_and_binary(judged: Callable[..., Judged]) -> None:
    scene = {".gitattributes": "gen/** linguist-generated\n", "src/one/old": "a\n" * 50}
    files = {"src/one/new": "x\n" * 11, "src/one/old": None, "zz_big": "x\n" * 500, "gen/x": "y\n" * 500,
             "src/one/bin": b"\0\n" * 500}  # fmt: skip
    result = judged(files, scene, max_lines=10, ownership="off")
    assert result.lines == 11
    assert [(f.gate, f.limit, f.actual) for f in result.findings] == [("budget", "10", "11")]
    assert set(result.paths) == set(files)


def test_attributes_of_the_branch_exempt_no_file_from_the_budget(judged: Callable[..., Judged]) -> None:
    files = {".gitattributes": "* linguist-generated\n", "src/one/.gitattributes": "* -diff\n", "src/one/a": "x\n" * 20}
    assert judged(files, max_lines=10, ownership="off").lines == 22


def test_a_rename_counts_what_it_changes(judged: Callable[..., Judged]) -> None:
    lines = "".join(f"line {i}\n" for i in range(100))
    result = judged({"src/one/a": None, "src/one/b\tc": lines + "more\n"}, {"src/one/a": lines}, max_lines=5)
    assert result.lines == 1
    assert gates_and_files(result) == [("hostile", "src/one/b\\x09c")]


def test_a_change_outside_the_owned_paths_is_a_finding(judged: Callable[..., Judged]) -> None:
    files = {"src/one/a": "x", "src/two/b": "x", "src/shared.txt": "x", "nobody": "x", "zz_made": "x"}
    result = judged(files)
    assert gates_and_files(result) == [("ownership", "nobody"), ("ownership", "src/two/b")]
    assert "belongs to 5.1.2" in result.findings[1].message and "nobody owns it" in result.findings[0].message
    assert judged({"nobody": "y"}, ownership="off").findings == ()


def test_scratch_files_are_stripped_and_the_bases_restored(judged: Callable[..., Judged]) -> None:
    scene = {"PLAN.md": "ours\n", "README.md": "ours\n"}
    files = {"NOTES.md": "x", "PLAN.md": "theirs\n", "README.md": "theirs\n", "src/one/doc.md": "x"}
    result = judged(files, scene, scratch_files=["/*.md", "!/README.md"])
    assert set(result.paths) == {"README.md", "src/one/doc.md"}
    repo, raw = judged.repo, judged.raw
    assert repo.rev(f"{result.commit}^") == raw
    assert repo.run("show", f"{result.commit}:PLAN.md").out == "ours\n"
    assert (
        judge(repo, plan(scratch_files=["/*.md", "!/README.md"]), plan().by_id["5.1.1"], judged.base, raw).commit
        == result.commit
    )


def test_what_an_agents_program_leaves_is_stripped_unless_the_branch_owns_it(judged: Callable[..., Judged]) -> None:
    judged({".aider.history": "x", "src/one/.aider.notes": "x", "src/two/.aider.more": "x"})
    made = plan()
    found = judge(judged.repo, made, made.by_id["5.1.1"], judged.base, judged.raw, scratch=[".aider*"])  # type: ignore[attr-defined]
    assert (found.paths, found.findings) == (("src/one/.aider.notes",), ())


def test_a_scratch_file_that_became_a_folder_is_stripped(judged: Callable[..., Judged], work: Work) -> None:
    judged({"PLAN.md": None, "src/one/a": "x"}, {"PLAN.md": "a"}, scratch_files=["/*.md"])
    base = judged.base
    raw = work.commit({"PLAN.md/keep": "x"})
    judged.repo.run("fetch", "-q", str(work.path), "main")
    made = plan(scratch_files=["/*.md"])
    assert judge(judged.repo, made, made.by_id["5.1.1"], base, raw).paths == ("src/one/a",)


def test_a_commit_of_scratch_files_only_counts_as_nothing_written(judged: Callable[..., Judged]) -> None:
    assert gates_and_files(judged({"NOTES.md": "x"}, scratch_files=["/*.md"])) == [("agent", None)]


REQUIRED = {"files": "src/**/types*.go", "pattern": r"^// \+marker", "why": "markers"}


def test_required_pattern_in_new_files_only(judged: Callable[..., Judged]) -> None:
    scene = {"src/one/types_old.go": "package a\n"}
    files = {"src/one/types.go": "package a\n// +marker\n", "src/one/types_b.go": "package a\n",
             "src/one/other.go": "package a\n", "src/one/types_old.go": "package b\n"}  # fmt: skip
    result = judged(files, scene, required=[REQUIRED])
    assert gates_and_files(result) == [("required", "src/one/types_b.go")]
    assert "markers" in result.findings[0].message


def test_a_pattern_that_backtracks_without_end_is_ended(
    judged: Callable[..., Judged], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phaseplan.gates.required._PATIENCE", 1)
    rules = [{"files": "src/one/*", "pattern": "a"}, {"files": "src/one/*", "pattern": "(a+)+$"}]
    result = judged({"src/one/a": "a" * 64 + "b\n"}, required=rules)
    assert gates_and_files(result) == [("required", "src/one/a")] and "given up" in result.findings[0].message


def test_an_invalid_pattern_is_an_input_fault(judged: Callable[..., Judged]) -> None:
    with pytest.raises(InputFault, match=r"gates.required cannot be used"):
        judged({"src/one/a": "a"}, required=[{"files": "src/one/*", "pattern": "("}])


def test_file_names_that_are_not_utf_8_are_judged_and_shown(judged: Callable[..., Judged], work: Work) -> None:
    (work.path / "src").mkdir(exist_ok=True)
    name = b"src/\xff\xfe\n.txt"
    with open(bytes(work.path) + b"/" + name, "wb") as file:  # noqa: PTH123  # no text, no Path
        file.write(b"x")
    judged({})
    base = work.git("rev-parse", "HEAD~2")
    repo = judged.repo
    findings = judge(repo, plan(), plan().by_id["5.1.1"], base, work.git("rev-parse", "HEAD")).findings
    assert {f.file for f in findings} == {"src/\\xff\\xfe\\x0a.txt"}
    assert all(f.model_dump_json() for f in findings)


def tree_commit(work: Work, *entries: tuple[str, str, str], on: str = "HEAD") -> str:
    """Make a commit whose root tree has these (mode, type-and-id or content, name) on top of what `on` has."""
    lines = work.git("ls-tree", on).splitlines()
    for mode, content, name in entries:
        (work.path / ".git" / "blob").write_text(content)
        oid = content if len(content) == 40 else work.git("hash-object", "-w", str(work.path / ".git" / "blob"))
        kind = "commit" if mode == "160000" else "blob"
        lines = [line for line in lines if not line.endswith(f"\t{name}")] + [f"{mode} {kind} {oid}\t{name}"]
    (work.path / ".git" / "tree").write_text("\n".join(lines) + "\n")
    script = f"git -C {work.path} mktree --missing < {work.path}/.git/tree"
    tree = subprocess.run(script, shell=True, check=True, capture_output=True, text=True).stdout.strip()
    commit = work.git("commit-tree", "-p", on, "-m", "x", tree)
    work.git("update-ref", f"refs/heads/t-{commit[:8]}", commit)
    return commit


LINK, GITLINK = "120000", "160000"


@pytest.mark.parametrize(("entry", "message"), [
    ((LINK, "/etc/passwd", "l"), "out of the tree"),
    ((LINK, "../x", "l"), "out of the tree"),
    ((LINK, "src/../../x", "l"), "out of the tree"),
    ((LINK, "l", "l"), "out of the tree"),
    ((LINK, "C:\\x", "l"), "out of the tree"),
    ((GITLINK, "1" * 40, "sub"), "submodule"),
    (("100644", "x", ".gitmodules"), "submodules"),
    (("100644", "x", ".GIT"), "take for .git"),
    (("100644", "x", "git~1"), "take for .git"),
    (("100644", "x", ".g\u200cit"), "take for .git"),
    (("100644", "x", "a\x1bb"), "control characters"),
])  # fmt: skip
def test_hostile_paths_and_links_are_findings(
    work: Work, publish: Publish, entry: tuple[str, str, str], message: str
) -> None:
    commit = tree_commit(work, entry)
    (found,) = hostile(publish(work), work.git("rev-parse", "main"), commit)
    assert found.gate == "hostile" and message in found.message


def test_links_inside_the_tree_and_links_of_the_base_are_no_finding(work: Work, publish: Publish) -> None:
    base = tree_commit(work, (LINK, "/etc", "old"))
    good = tree_commit(work, (LINK, "src/a.txt", "l"), (LINK, "src/../README.md", "m"), (LINK, "l", "n"), on=base)
    assert hostile(publish(work), base, good) == ()
    changed = tree_commit(work, (LINK, "/usr", "old"), on=base)
    assert [f.file for f in hostile(publish(work), base, changed)] == ["old"]


def test_a_new_link_may_not_redirect_an_old_one_out_of_the_tree(work: Work, publish: Publish) -> None:
    work.commit({"deep/er/f": "x"})
    base = tree_commit(work, (LINK, "step/../..", "old"), (LINK, "deep/er", "step"))
    repo = publish(work)
    assert hostile(repo, work.git("rev-parse", "main"), base) == ()
    astray = tree_commit(work, (LINK, "src", "step"), on=base)
    assert [f.file for f in hostile(publish(work), base, astray)] == ["old"]


def test_changed_submodules_and_lfs_files_of_the_base_are_findings(work: Work, publish: Publish) -> None:
    work.commit({".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "a.bin": "pointer\n"})
    base = tree_commit(work, (GITLINK, "1" * 40, "sub"))
    moved = tree_commit(
        work, (GITLINK, "2" * 40, "sub"), ("100644", "other\n", "a.bin"), ("100644", "", ".gitattributes"), on=base
    )
    assert {(f.file, f.message[:12]) for f in hostile(publish(work), base, moved)} == {
        ("sub", "adds or move"),
        ("a.bin", "is a Git LFS"),
    }


def test_the_gate_digest_changes_with_everything_that_decides_a_verdict() -> None:
    profile = AgentProfile(image="i")
    one = plan(max_lines=10)
    digest = gate_digest(one, one.by_id["5.1.1"], profile)
    assert digest == gate_digest(plan(max_lines=10), one.by_id["5.1.1"], AgentProfile(image="i"))
    others = [gate_digest(plan(max_lines=11), one.by_id["5.1.1"], profile), gate_digest(one, one.by_id["5.1.2"], profile),
              gate_digest(one, one.by_id["5.1.1"], AgentProfile(image="j"))]  # fmt: skip
    assert len({digest, *others}) == 4
