"""An agent's workspace and the collector without an engine: the same copy-in, the same collector, folders of a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from phaseplan.config.limits import Limits
from phaseplan.containers.copy_in import Checkout, archive
from phaseplan.repository.repo import GitRepo

TOP = Path(__file__).resolve().parents[2]
_QUIET = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}


def repository(path: Path, files: Mapping[bytes, tuple[str, bytes]]) -> GitRepo:
    """Make a bare repository whose main holds these bytes under these names, unconverted; (mode, content) by name."""
    repo = GitRepo.init(path)
    feed = bytearray(b"commit refs/heads/main\ncommitter A <a@localhost> 1700000000 +0000\ndata 4\nBase\n")
    for name, (mode, data) in files.items():
        quoted = b'"' + b"".join(b"\\%03o" % byte for byte in name) + b'"'
        if mode == "160000":
            feed += b"M 160000 %s %s\n" % (data, quoted)
            continue
        feed += b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), quoted, len(data), data)
    repo.run("fast-import", "--quiet", stdin=bytes(feed) + b"\ndone\n")
    return repo


@dataclass
class Workspace:
    """One agent's workspace in a folder, and what is collected from it."""

    top: Path
    repo: GitRepo
    base: str = ""
    owned: Sequence[str] = ()
    limits: Limits = field(default_factory=lambda: Limits(bytes=50 << 20))
    config: str = ""  # the agent's own git configuration

    def __post_init__(self) -> None:
        self.base = self.base or str(self.repo.rev("main"))
        (self.top / "pack").mkdir(parents=True)
        checkout = Checkout(self.repo, self.base, "feature/x", uid=os.getuid(), gid=os.getgid())
        stream = BytesIO(b"".join(archive(checkout, {}, self.top / "pack")))
        with tarfile.open(fileobj=stream) as tar:
            tar.extractall(self.top, filter="fully_trusted")
        (self.top / "gitconfig").write_text(f"[user]\n\tname = Agent\n\temail = a@localhost\n{self.config}")

    @property
    def path(self) -> Path:
        """Return the folder in which the agent works."""
        return self.top / "workspace"

    def agent(self, *args: str | bytes) -> None:
        """Run git as the agent does, with its own configuration."""
        self._run(["git", *args])

    def shell(self, script: str) -> None:
        """Run a script as the agent does."""
        self._run(["bash", "-euc", script])

    def _run(self, command: Sequence[str | bytes]) -> None:
        env = {**os.environ, **_QUIET, "GIT_CONFIG_GLOBAL": str(self.top / "gitconfig")}
        done = subprocess.run(command, cwd=self.path, env=env, capture_output=True)
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def collect(self, mode: str = "commits") -> dict[str, list[list[str]]]:
        """Run the collector; its report by key. The commits it brings are in the repository afterwards."""
        home = self.top / "collector"
        (home / "in").mkdir(parents=True, exist_ok=True)
        self.repo.run("read-tree", self.base, env={"GIT_INDEX_FILE": str(home / "in/index")})
        task = {"base": self.base, "date": "1700000000", "owned": list(self.owned), "limits": self.limits.task()}
        (home / "in/task.json").write_text(json.dumps(task))
        env = {**os.environ, **_QUIET, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_LITERAL_PATHSPECS": "1", "HOME": str(home)}
        env |= {"COLLECTOR_WORKSPACE": str(self.path), "COLLECTOR_HOME": str(home)}
        env |= {"PYTHONPATH": str(TOP / "images/collector"), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run([sys.executable, "-m", "collector", mode], env=env, cwd=self.path, check=False)
        report: dict[str, list[list[str]]] = {}
        for line in (home / "out/report").read_text(errors="surrogateescape").splitlines():
            key, *fields = line.split("\t")
            report.setdefault(key, []).append(fields)
        for name in ("pack", "beside"):
            if (pack := home / "out" / name).exists():
                self.repo.run("index-pack", "--stdin", "--strict", stdin=pack.read_bytes())
        return report

    def head(self) -> str:
        """Return the commit of the work, collected without a finding."""
        report = self.collect()
        assert not {"finding", "error"} & report.keys(), report
        return report["head"][0][0]


def differing(repo: GitRepo, base: str, commit: str) -> set[bytes]:
    """Return names of the paths that differ."""
    return {name.encode("utf-8", "surrogateescape") for name in repo.changed_paths(base, commit)}


def content(repo: GitRepo, commit: str, name: bytes) -> bytes:
    """Return the bytes of one path."""
    path = name.decode("utf-8", "surrogateescape")
    return repo.run("show", f"{commit}:{path}").out.encode("utf-8", "surrogateescape")


def folders(top: Path) -> Iterator[Path]:
    """Fresh folders, one after the other."""
    number = 0
    while True:
        number += 1
        yield top / str(number)
