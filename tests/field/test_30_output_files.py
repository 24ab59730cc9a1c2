"""Line 30: a file named with `-o`, `--svg` or `--write` is written, and nothing else is replaced.

Was: `graph -o PATH` renamed a new file onto PATH: as root, `-o /dev/null` destroyed the device, and a symbolic link
was replaced by a copy. Other verbs wrote half a file on a full disk, or showed a traceback.
Right: one writer for all verbs: a link stays and its target is written, a device or pipe is written into, a file keeps
its mode and is replaced whole, and a file that cannot be written gives a message and exit code 1 or 2.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from phaseplan.cli.main import main

TOP = Path(__file__).resolve().parents[2]
PLAN = TOP / "include" / "plans" / "phase-06.yaml"
DOCUMENT = TOP / "tests" / "documents" / "01-founding.md"

#: Every verb that writes a file, with PATH where the file goes.
WRITERS = {
    "graph": ["graph", str(PLAN), "-o", "PATH"],
    "export": ["export", str(PLAN), "-o", "PATH"],
    "schema": ["schema", "-o", "PATH"],
    "simulate": ["simulate", str(PLAN), "--runs", "2", "--svg", "PATH"],
    "import": ["import", str(DOCUMENT), "--force", "-o", "PATH"],
    "new": ["new", "PATH", "--force", "--phase", "42"],
}
verbs = pytest.mark.parametrize("verb", WRITERS)


def run(verb: str, path: Path) -> int:
    return main([str(path) if word == "PATH" else word for word in WRITERS[verb]])


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@verbs
def test_a_symbolic_link_stays_and_its_target_is_written(verb: str, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    assert run(verb, link) == 0
    assert link.is_symlink() and len(target.read_text()) > 100


@verbs
def test_a_device_stays_a_device(verb: str, tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    assert run(verb, device) == 0
    assert stat.S_ISCHR(device.stat().st_mode) and names(tmp_path) == ["null"]


@verbs
def test_a_full_disk_gives_a_message(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb, Path("/dev/full")) == 2
    assert "cannot write /dev/full: No space left on device; free some space" in capsys.readouterr().err


@verbs
def test_a_missing_folder_gives_a_message(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb, tmp_path / "no" / "such.file") == 1
    assert "such.file: No such file or directory; name a file in a folder" in capsys.readouterr().err


@verbs
def test_a_file_keeps_its_mode_and_nothing_is_left_beside_it(verb: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    target.chmod(0o640)
    assert run(verb, target) == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o640 and names(tmp_path) == ["file"]


@verbs
def test_a_folder_and_a_circle_of_links_are_refused(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if verb == "import":  # a document may hold several phases, and puts each into a file of its own there
        assert run(verb, tmp_path) == 0 and names(tmp_path) == ["phase-05.yaml"]
    else:
        assert run(verb, tmp_path) == 1
        assert "is a folder; name a file" in capsys.readouterr().err
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    assert run(verb, circle) == 1
    assert "cannot write" in capsys.readouterr().err and circle.is_symlink()


def test_a_pipe_gets_the_text(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    while run("schema", pipe) != 0:  # until the reader has opened it
        pass
    reader.join(5)
    assert got and got[0].startswith("{") and stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_without_a_reader_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert run("schema", pipe) == 1
    assert "a pipe that nobody reads" in capsys.readouterr().err


def test_a_block_device_is_never_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device = tmp_path / "disk"
    try:
        os.mknod(device, stat.S_IFBLK | 0o600, os.makedev(7, 250))
    except PermissionError:
        pytest.skip("only root makes devices")
    assert run("graph", device) == 1
    assert "is a block device; name a file" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["graph", "export", "simulate"])
def test_a_plan_is_not_replaced_by_what_is_made_from_it(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "phase-06.yaml"
    shutil.copy(PLAN, plan)
    words = [str(plan) if word in ("PATH", str(PLAN)) else word for word in WRITERS[verb]]
    assert main(words) == 1
    assert "itself, which this was made from" in capsys.readouterr().err
    assert plan.read_bytes() == PLAN.read_bytes()


def test_improve_writes_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, link = tmp_path / "phase-06.yaml", tmp_path / "link.yaml"
    shutil.copy(PLAN, plan)
    link.symlink_to(plan)
    assert main(["improve", str(link), "--write"]) == 0
    assert link.is_symlink() and plan.is_file()


@pytest.mark.parametrize("name", ["/dev/stdout", "link"])
def test_standard_output_by_name_is_written_where_it_stands(name: str, tmp_path: Path) -> None:
    """A redirected one was replaced by a new file, which lost what had been written and what came later."""
    target, link = tmp_path / "out", tmp_path / "link"
    link.symlink_to("/dev/stdout")
    words = [sys.executable, "-m", "phaseplan.cli.main", "schema", "-o", str(link) if name == "link" else name]
    with target.open("w") as out:
        out.write("before\n")
        out.flush()
        assert subprocess.run(words, stdout=out, cwd=TOP, check=False).returncode == 0
        out.write("after\n")
    output = target.read_text()
    assert output.startswith("before\n{") and output.endswith("after\n")
    assert '"$schema"' in subprocess.run(words, capture_output=True, text=True, cwd=TOP, check=True).stdout


def test_a_descriptor_of_the_shell_gets_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    ends = os.pipe()
    try:
        got: list[str] = []
        with os.fdopen(ends[0]) as pipe:
            reader = threading.Thread(target=lambda: got.append(pipe.read()))
            reader.start()
            assert run("schema", Path(f"/dev/fd/{ends[1]}")) == 0
            os.close(ends[1])
            reader.join(5)
        assert got and got[0].startswith("{")
    finally:
        assert run("schema", Path(f"/dev/fd/{ends[1]}")) == 1
    assert "Bad file descriptor" in capsys.readouterr().err


def test_a_file_with_two_names_stays_one_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("old")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert run("schema", tmp_path / "one") == 0
    assert (tmp_path / "two").read_text() == (tmp_path / "one").read_text() != "old"
