"""Line 28: limits on an agent's work count unpacked bytes, and are checked before a worker unpacks it.

Was: `max_output` bounded the packed size: 1,080 MiB of zeros came in under `100m`, ten objects that make 262,144 paths
cost a worker 2.3 GB, and 100,000 commits, a message of 60 MB, a date of 2^62 and names that turn the direction of
reading stayed in the integration branch for ever.
Right: unpacked bytes, commits, messages, dates, files, depth, length and names have limits. The collector measures
first, a worker measures the pack again before git sees it, and each limit is a finding of its own.
"""

from __future__ import annotations

import hashlib
import io
import resource
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from phaseplan.config.limits import Limits
from phaseplan.gates.hostile import hostile
from phaseplan.repository.pack_limits import TooMuch, Unreadable, scan
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import paths_within
from tests.container.conftest import Story
from tests.field.workspace import Workspace, repository

MIB = 1 << 20
LIMITS = Limits(bytes=10 * MIB)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """Make an agent's workspace that may hand in 10 MiB."""
    return Workspace(tmp_path / "w", repository(tmp_path / "t.git", {b"f": ("100644", b"x\n")}), limits=LIMITS)


def refused(space: Workspace) -> tuple[str, str]:
    """(message, file) of the one finding, with which no commit comes back."""
    report = space.collect()
    assert "head" not in report and len(report["finding"]) == 1, report
    gate, file, limit, actual, message = report["finding"][0]
    assert gate == "size" and limit and actual
    return message, file


def plumb(space: Workspace, *args: str, data: bytes = b"") -> str:
    """Run git on the agent's own objects."""
    return GitRepo(space.path).run(*args, stdin=data).out.strip()


def commit(space: Workspace, tree: str, *, date: str = "1700000000 +0000", message: str = "x") -> None:
    """Make any commit and put HEAD on it."""
    who = f"A <a@localhost> {date}"
    body = f"tree {tree}\nparent {space.base}\nauthor {who}\ncommitter {who}\n\n{message}\n"
    made = plumb(space, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=body.encode())
    plumb(space, "update-ref", "HEAD", made)


def blob(space: Workspace, data: bytes) -> str:
    """Write an object."""
    return plumb(space, "hash-object", "-w", "--stdin", data=data)


def folder(space: Workspace, entries: Mapping[str, str], kind: str = "blob") -> str:
    """Write a tree whose entries are all of one kind."""
    mode = "100644" if kind == "blob" else "040000"
    return plumb(space, "mktree", "-z", data="".join(f"{mode} {kind} {e}\t{n}\0" for n, e in entries.items()).encode())


def nested(space: Workspace, wide: int, deep: int) -> str:
    """Make a few objects that give wide^deep paths."""
    tree = folder(space, {f"{n}": blob(space, b"x") for n in range(wide)})
    for _ in range(deep - 1):
        tree = folder(space, {f"{n}": tree for n in range(wide)}, "tree")
    return tree


def test_zeros_count_as_what_they_are_unpacked(space: Workspace) -> None:
    (space.path / "zeros").write_bytes(bytes(60 * MIB))
    space.agent("add", "-A")
    space.agent("commit", "-qm", "x")
    assert refused(space) == ("a committed file is too large to bring back", "zeros")


def test_many_versions_of_a_file_count_together(space: Workspace) -> None:
    for number in range(4):
        (space.path / "f").write_bytes(bytes([number]) * (4 * MIB))
        space.agent("commit", "-qam", "x")
    assert "unpacked" in refused(space)[0]


def test_what_was_committed_and_what_was_left_share_one_limit(space: Workspace) -> None:
    (space.path / "one").write_bytes(bytes(6 * MIB))
    space.agent("add", "-A")
    space.agent("commit", "-qm", "x")
    (space.path / "two").write_bytes(bytes(6 * MIB))
    (space.path / "three").write_bytes(bytes(1 * MIB))
    report = space.collect()
    assert [fields[1] for fields in report["finding"]] == ["two"] and report["head"]


def test_ten_objects_that_make_a_million_million_paths(space: Workspace) -> None:
    began = time.monotonic()
    commit(space, nested(space, 16, 10))
    assert "holds too many files" in refused(space)[0] and time.monotonic() - began < 60


def test_the_worker_counts_paths_itself_and_no_further_than_the_limit(space: Workspace) -> None:
    commit(space, nested(space, 16, 10))
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert paths_within(GitRepo(space.path), "HEAD", 100_000) is None
    assert time.process_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
    assert paths_within(GitRepo(space.path), space.base, 1) == 1


def test_folders_in_each_other_and_long_paths(space: Workspace) -> None:
    tree = folder(space, {"f": blob(space, b"x")})
    for _ in range(130):
        tree = folder(space, {"d": tree}, "tree")
    commit(space, tree)
    assert "too deep" in refused(space)[0]
    tree = folder(space, {"f": blob(space, b"x")})
    for _ in range(20):
        tree = folder(space, {"d" * 250: tree}, "tree")
    commit(space, tree)
    assert "path that is too long" in refused(space)[0]


def test_a_base_beyond_a_limit_gives_no_finding(tmp_path: Path) -> None:
    repo = repository(tmp_path / "t.git", {b"d/" * 140 + b"f": ("100644", b"x")})
    space = Workspace(tmp_path / "w", repo, limits=LIMITS)
    (space.path / "d/d/new").write_text("new")
    assert repo.changed_paths(space.base, space.head()) == ("d/d/new",)


def test_commits_without_end(space: Workspace) -> None:
    tree = plumb(space, "rev-parse", "HEAD^{tree}")
    feed = b"".join(
        b"commit refs/heads/many\ncommitter A <a@localhost> 1700000000 +0000\ndata 1\nx\n"
        + (b"from %s\n" % space.base.encode() if number == 0 else b"")
        for number in range(1001)
    )
    plumb(space, "fast-import", "--quiet", "--force", data=feed + b"done\n")
    space.agent("symbolic-ref", "HEAD", "refs/heads/many")
    assert tree and "too many commits" in refused(space)[0]


def test_a_long_message_and_dates_out_of_range(space: Workspace) -> None:
    tree = plumb(space, "rev-parse", "HEAD^{tree}")
    commit(space, tree, message="word " * 20_000)
    assert "message of commit" in refused(space)[0]
    for date in (f"{2**62} +0000", f"{2**40} +0000"):
        commit(space, tree, date=date)
        assert "date of commit" in refused(space)[0]


@pytest.mark.parametrize("name", [
    "a\u202eb", "a\u200bb", "a\u2066b", "x:y", "end ", "end.", "dir /f", "back\\slash", "aux.txt", "what?", "a\x1bb",
    "nel\x85", "filler\u3164", "braille\u2800", "stray\udce9", "n" * 256, "\u00a0", "soft\u00adhyphen",
])  # fmt: skip
def test_a_new_name_that_deceives_or_cannot_be_checked_out_elsewhere(tmp_path: Path, name: str) -> None:
    path = name.encode("utf-8", "surrogateescape")
    repo = repository(tmp_path / "r", {b"f": ("100644", b"x"), path: ("100644", b"y")})
    parent = lone(repo, "f")
    found = hostile(repo, parent, str(repo.rev("main")))
    assert {f.gate for f in found} == {"hostile"}
    assert "".join(map(str, found)).replace("\u00a0", "").isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "plain.txt",
        "gr\u00fc\u00df.md",
        "\u65e5\u672c.go",
        ".hidden",
        "a b.c",
        "\U0001f468\u200d\U0001f469",
        "console.c",
    ],
)
def test_an_ordinary_file_name_is_no_finding(tmp_path: Path, name: str) -> None:
    repo = repository(tmp_path / "r", {b"f": ("100644", b"x"), name.encode(): ("100644", b"y")})
    assert hostile(repo, lone(repo, "f"), str(repo.rev("main"))) == ()


def test_a_custom_of_the_base_is_no_finding_and_many_findings_are_bounded(tmp_path: Path) -> None:
    names = {f"Foo::Bar{n}.3".encode(): ("100644", b"y") for n in range(80)}
    repo = repository(tmp_path / "r", {b"Foo::Baz.3": ("100644", b"x"), **names})
    assert hostile(repo, lone(repo, "Foo::Baz.3"), str(repo.rev("main"))) == ()
    other = repository(tmp_path / "s", {b"f": ("100644", b"x"), **names})
    found = hostile(other, lone(other, "f"), str(other.rev("main")))
    assert len(found) == 51 and found[-1].message == "and 30 more like these"


def lone(repo: GitRepo, path: str) -> str:
    """Make a commit that holds only this path of main."""
    tree = repo.run("mktree", stdin=f"100644 blob {repo.line('rev-parse', f'main:{path}')}\t{path}\n".encode()).out
    return repo.line("commit-tree", "-m", "base", tree.strip())


def packed(*objects: tuple[int, int, bytes]) -> io.BytesIO:
    """Make a pack of objects as (type, stated size, contents)."""
    body = b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big")
    for kind, size, data in objects:
        first, size = (kind << 4) | (size & 15), size >> 4
        head = []
        while size:
            head.append(first | 0x80)
            first, size = size & 0x7F, size >> 7
        body += bytes([*head, first]) + zlib.compress(data, 1)
    return io.BytesIO(body + hashlib.sha1(body).digest())


def message(date: int) -> tuple[int, int, bytes]:
    body = b"tree %s\nauthor A <a> %d +0000\ncommitter A <a> 1 +0000\n\nx\n" % (b"0" * 40, date)
    return 1, len(body), body


@pytest.mark.parametrize(("pack", "said"), [
    (lambda: packed((3, 40 * MIB, bytes(40 * MIB))), "too large, unpacked"),
    (lambda: packed(*[(3, 9 * MIB, bytes(9 * MIB))] * 3), "too large, unpacked"),
    (lambda: packed((3, 1 << 60, b"x")), "too large, unpacked"),
    (lambda: packed((1, 80_000, b"x" * 80_000)), "message"),
    (lambda: packed(message(2**62)), "date"),
    (lambda: packed(*[message(1)] * 1003), "too many commits"),
])  # fmt: skip
def test_the_worker_measures_the_pack_before_git_sees_it(pack: Callable[[], io.BytesIO], said: str) -> None:
    with pytest.raises(TooMuch, match=said) as much:
        scan(pack(), LIMITS)
    assert much.value.limit and much.value.actual


@pytest.mark.parametrize("pack", [
    packed((3, 5, bytes(9))), packed((3, 9, bytes(5))), packed((6, 5, b"12345")), packed((7, 5, b"12345")),
    io.BytesIO(packed((3, 5, b"12345")).getvalue()[:16]), io.BytesIO(b"nonsense" * 9), io.BytesIO(b""),
    io.BytesIO(b"PACK\0\0\0\2\xff\xff\xff\xff" + b"\xbf" * 20), packed((5, 1, b"x")), packed((4, 1, b"x")),
])  # fmt: skip
def test_a_pack_that_lies_or_holds_deltas_is_refused(pack: io.BytesIO) -> None:
    with pytest.raises(Unreadable):
        scan(pack, LIMITS)


def test_a_sound_pack_is_measured_and_rewound() -> None:
    pack = packed((3, 5, b"12345"), message(1_700_000_000), (2, 0, b""), (3, 3 * MIB, bytes(3 * MIB)))
    scan(pack, LIMITS)
    assert pack.tell() == 0


@pytest.fixture
def bomb() -> Iterator[str]:
    """Shell lines that commit 300 MiB of zeros in one."""
    yield "head -c 300M /dev/zero > zeros; git add -A && git commit -qm zeros; rm zeros; du -sm .git | cut -f1"


@pytest.mark.docker
def test_a_bomb_in_a_real_container_costs_the_worker_nothing(story: Story, bomb: str) -> None:
    story.agent(bomb, max_output="30m", memory="512m")
    assert int(story.log[-1]) < 30
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    collected = story.collect()
    assert collected.raw is None and collected.kept_volume
    assert [(f.gate, f.file, f.actual) for f in collected.findings] == [("size", "zeros", f"{300 * MIB} bytes")]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


PATHS = """
    tree=$(git rev-parse HEAD:src)
    for level in 1 2 3 4 5; do
        tree=$(for i in $(seq 11); do printf '040000 tree %s\\t%s\\n' $tree $i; done | git mktree)
    done
    git update-ref HEAD $(git commit-tree -p HEAD -m x $tree)
"""


@pytest.mark.docker
@pytest.mark.parametrize(("script", "said"), [
    ("head -c 40M /dev/zero > z; git add z; git commit -qm z", "what came back is too large, unpacked"),
    (PATHS, "it holds too many files"),
], ids=["bytes", "files"])  # fmt: skip
def test_the_worker_checks_the_collectors_result_itself(
    story: Story, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    """As if the collector had let everything through."""
    monkeypatch.setattr(Limits, "task", lambda self: dict.fromkeys(vars(self), 1 << 40))
    story.agent(script, max_output="10m", memory="512m")
    collected = story.collect()
    assert collected.raw is None and collected.kept_volume
    assert (collected.findings[-1].gate, collected.findings[-1].message) == ("size", said)
