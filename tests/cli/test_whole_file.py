"""Files of our own state: whole or not at all, the owner's alone, and never in the place of a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from phaseplan.config.whole_file import write_whole
from phaseplan.errors import InputFault


def test_a_file_is_replaced_whole_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("old")
    file.chmod(0o644)
    with file.open() as reader:
        write_whole(file, "new\n")
        assert reader.read() == "old", "who has it open sees what it was"
    assert file.read_text() == "new\n" and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_pipe_or_a_folder_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(InputFault, match=f"{name} is no file, and is left as it is"):
            write_whole(tmp_path / name, "x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode) and (tmp_path / "folder").is_dir()
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "state.json"
    file.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]
