"""Line 9: files that an agent does not change keep every byte.

Was: copy-in wrote the repository's bytes, and collecting applied `.gitattributes` to every file. One CRLF file under
`*.bat text eol=crlf` isolated every branch for a file it never saw, or was rewritten and integrated.
Right: copy-in and collecting are inverse. Nothing converts a file on either way, nor in the agent's own git, whatever
`.gitattributes` or a configuration says: an agent that changes one file changes exactly that path.
"""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.container.conftest import Story
from tests.field.workspace import Workspace, content, differing, repository

EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "100"))
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
CONTENTS = (
    b"one\ntwo\n", b"one\r\ntwo\r\n", b"one\r\ntwo\nthree\r", b"", b"\r", b"no end", b"\x00\x01\r\n\xff", LFS,
    b"$Id$ $Revision$\n", b"$Id: 0123456789 $\r\n", "\ufeffgr\u00fc\u00df dich\r\n".encode("utf-16-le"), b"caf\xe9\r\n",
    "\u201equoted\u201c\n".encode(), b"lower case\r\n",
)  # fmt: skip
NAMES = (
    b"run.bat", b"a.txt", b"sub/b.txt", b"sub/deep/c.sln", b"d.utf16", b"e.bin", b"with space .txt", b"new\nline.txt",
    b"caf\xc3\xa9.txt", b"latin\xe9.txt", b"-dash.txt", b'qu"ote*.txt', b"#hash.txt", b"sub/!bang.txt", b"tool.sh",
)  # fmt: skip
ATTRIBUTES = (
    "text", "-text", "text=auto", "text eol=crlf", "text eol=lf", "eol=crlf", "text=auto eol=crlf", "crlf",
    "crlf=input", "text working-tree-encoding=UTF-16LE", "text working-tree-encoding=UTF-16 eol=crlf", "ident",
    "text ident", "filter=lfs diff=lfs merge=lfs -text", "filter=upper", "filter=missing", "export-ignore",
    "export-subst", "binary", "merge=union", "diff=python", "linguist-generated", "whitespace=-cr-at-eol", "mine",
)  # fmt: skip
PATTERNS = ("*", "*.txt", "*.bat", "sub/**", "*.sln", "*.utf16", "a.txt", "*.bin", ".gitattributes")
CONFIG = """[core]
\tautocrlf = true
\tsafecrlf = false
[filter "upper"]
\tclean = tr a-z A-Z
\tsmudge = tr A-Z a-z
\trequired = true
[filter "lfs"]
\tclean = tr a-z A-Z
\tprocess = /no/such/lfs
\trequired = true
"""
HOW = ("left", "add all", "commit all", "only that", "stashed", "touched", "attributes first")

rules = st.lists(st.tuples(st.sampled_from(PATTERNS), st.sampled_from(ATTRIBUTES)), min_size=1, max_size=5)
modes = st.sampled_from(["100644", "100644", "100755"])
trees = st.dictionaries(st.sampled_from(NAMES), st.tuples(modes, st.sampled_from(CONTENTS)), min_size=2, max_size=8)
folder = count()


def attributes(lines: list[tuple[str, str]]) -> bytes:
    return ("[attr]mine text eol=crlf\n" + "".join(f"{pattern} {said}\n" for pattern, said in lines)).encode()


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(rules, rules, trees, st.sampled_from(NAMES), st.sampled_from(CONTENTS), st.sampled_from(HOW), rules)
def test_an_agent_that_changes_one_file_changes_exactly_that_path(
    tmp_path: Path, top: list[tuple[str, str]], below: list[tuple[str, str]],
    files: dict[bytes, tuple[str, bytes]], name: bytes, written: bytes, how: str, own: list[tuple[str, str]],
) -> None:  # fmt: skip
    written += b"changed\r\nby the agent\n"
    held = {
        **files,
        b".gitattributes": ("100644", attributes(top)),
        b"sub/.gitattributes": ("100644", attributes(below)),
    }
    held |= {b"link": ("120000", b"a.txt"), b"sub/module": ("160000", b"1" * 40)}
    here = tmp_path / str(next(folder))
    space = Workspace(here, repository(here / "target.git", held), config=CONFIG)
    expected = {name: written}
    if how == "attributes first":
        expected[b".gitattributes"] = b"# mine\n" + attributes(own)
        (space.path / ".gitattributes").write_bytes(expected[b".gitattributes"])
    path = Path(os.fsdecode(os.fsencode(space.path) + b"/" + name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written)
    _commits(space, how, name)
    head = space.head()
    assert differing(space.repo, space.base, head) == set(expected)
    assert {key: content(space.repo, head, key) for key in expected} == expected
    modes_now = {line.split()[0] for line in space.repo.names("diff", "--raw", "-z", space.base, head)[::2]}
    assert modes_now <= {":000000", ":100644", ":100755"}
    shutil.rmtree(here)


def _commits(space: Workspace, how: str, name: bytes) -> None:
    """Yield the commits of different agents for the same change."""
    if how == "touched":
        for file in space.path.rglob("*"):
            if ".git" not in file.relative_to(space.path).parts and not file.is_symlink():
                os.utime(file)
    if how == "stashed":
        space.agent("stash", "push", "-q", "-u")
        space.agent("stash", "pop", "-q")
    if how in {"add all", "stashed", "touched", "attributes first"}:
        space.agent("add", "-A")
        space.agent("commit", "-qm", "work")
    if how in {"commit all", "only that"}:
        space.agent("--literal-pathspecs", "add", "--", name)
        space.agent(*(["commit", "-qam", "work"] if how == "commit all" else ["commit", "-qm", "work"]))


def test_a_missing_or_empty_submodule_folder_is_no_change(tmp_path: Path) -> None:
    repo = repository(tmp_path / "t.git", {b"a": ("100644", b"a\n"), b"module": ("160000", b"2" * 40)})
    space = Workspace(tmp_path / "w", repo)
    (space.path / "module").rmdir()
    (space.path / "empty").mkdir()
    (space.path / "a").write_bytes(b"b\n")
    assert differing(repo, space.base, space.head()) == {b"a"}


def test_files_inside_a_submodule_are_a_finding_not_lost_in_silence(tmp_path: Path) -> None:
    repo = repository(tmp_path / "t.git", {b"a": ("100644", b"a\n"), b"module": ("160000", b"2" * 40)})
    space = Workspace(tmp_path / "w", repo)
    (space.path / "module/x").write_text("x")
    assert [fields[:2] for fields in space.collect()["finding"]] == [["hostile", "module"]]


@pytest.mark.parametrize("target", ["nowhere", "c", "/etc"])
def test_a_folder_that_became_a_link_is_that_change_and_takes_no_work_along(tmp_path: Path, target: str) -> None:
    repo = repository(tmp_path / "t.git", {name: ("100644", name) for name in (b"a/f", b"a/sub/g", b"c/f")})
    space = Workspace(tmp_path / "w", repo)
    shutil.rmtree(space.path / "a")
    (space.path / "a").symlink_to(target)
    (space.path / "work").write_text("work")
    assert differing(repo, space.base, space.head()) == {b"a", b"a/f", b"a/sub/g", b"work"}


@pytest.mark.parametrize("script", ["mkfifo f", "git init -q f; echo x > f/x"], ids=["pipe", "repository"])
def test_what_git_cannot_hold_in_the_place_of_a_file_is_a_finding_and_takes_no_work_along(
    tmp_path: Path, script: str
) -> None:
    repo = repository(tmp_path / "t.git", {b"f": ("100644", b"f\n"), b"g": ("100644", b"g\n")})
    space = Workspace(tmp_path / "w", repo)
    space.shell(f"rm f; {script}; echo work > g")
    report = space.collect()
    assert [fields[:2] for fields in report["finding"]] == [["hostile", "f"]]
    assert differing(repo, space.base, report["head"][0][0]) == {b"g"}


def test_files_mode_collects_the_files_unchanged(tmp_path: Path) -> None:
    """An agent without git, or with a broken one, is collected without its repository."""
    files = {b".gitattributes": ("100644", b"* text eol=crlf\n*.u working-tree-encoding=UTF-16\n")}
    files |= {b"run.bat": ("100644", b"a\r\nb\n"), b"x.u": ("100644", b"plain\r\n"), b"link": ("120000", b"nowhere")}
    space = Workspace(tmp_path / "w", repository(tmp_path / "t.git", files))
    shutil.rmtree(space.path / ".git")
    (space.path / "new.bat").write_bytes(b"new\r\n")
    head = space.collect("files")["head"][0][0]
    assert differing(space.repo, space.base, head) == {b"new.bat"}
    assert content(space.repo, head, b"new.bat") == b"new\r\n"


@pytest.mark.docker
def test_a_crlf_file_in_a_real_container_isolates_no_branch(story: Story, tmp_path: Path) -> None:
    said = b"*.bat text eol=crlf\n*.txt ident\n*.u working-tree-encoding=UTF-16LE\n"
    files = {b".gitattributes": ("100644", said), b"run.bat": ("100644", b"a\r\nb\r\n"), b"x.u": ("100644", b"x\r\n")}
    story.repo = repository(tmp_path / "target.git", {**files, b"id.txt": ("100644", b"$Id: 1 $\n")})
    story.base = str(story.repo.rev("main"))
    story.agent("touch *; git status --porcelain; echo x > new; git add -A && git commit -qm w; echo y > left.bat")
    assert story.log == []
    collected = story.collect()
    assert collected.findings == () and story.repo.changed_paths(story.base, str(collected.raw)) == ("left.bat", "new")
