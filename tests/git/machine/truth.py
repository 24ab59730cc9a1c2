"""What the target repository says, read with git alone: nothing here is shared with the code under test."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = "refs/phaseplan/phase-5"
LEDGER = f"{ROOT}/ledger"
INTEGRATION = "refs/heads/integration/phase-5"


class Objects:
    """Commits and trees of one repository, from one git process that stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = subprocess.Popen(
            ["git", "-C", str(path), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._commits: dict[str, tuple[tuple[str, ...], str, str]] = {}
        self._paths: dict[str, dict[str, str]] = {}
        self._ancestors: dict[str, frozenset[str]] = {}

    def close(self) -> None:
        assert self._git.stdin and self._git.stdout
        self._git.stdin.close()
        self._git.stdout.close()
        self._git.wait()

    def get(self, name: str) -> bytes | None:
        """Content of an object; None where the repository has not got it."""
        assert self._git.stdin and self._git.stdout
        self._git.stdin.write(f"{name}\n".encode())
        self._git.stdin.flush()
        header = self._git.stdout.readline().split()
        if header[-1] == b"missing":
            return None
        return self._git.stdout.read(int(header[2]) + 1)[:-1]

    def _commit(self, sha: str) -> tuple[tuple[str, ...], str, str]:
        if sha not in self._commits:
            raw = self.get(sha)
            assert raw is not None, f"commit {sha} is not in the target"
            head, _, message = raw.decode("utf-8", "replace").partition("\n\n")
            rows = [line.split(" ", 1) for line in head.split("\n")]
            parents = tuple(row[1] for row in rows if row[0] == "parent")
            self._commits[sha] = (parents, rows[0][1], message)
        return self._commits[sha]

    def parents(self, sha: str) -> tuple[str, ...]:
        return self._commit(sha)[0]

    def message(self, sha: str) -> str:
        return self._commit(sha)[2]

    def ancestors(self, sha: str) -> frozenset[str]:
        """A commit and everything that can be reached from it; fails where something is missing."""
        if sha not in self._ancestors:
            found, todo = set[str](), [sha]
            while todo:
                at = todo.pop()
                if at in self._ancestors:
                    found |= self._ancestors[at]
                elif at not in found:
                    found.add(at)
                    todo.extend(self.parents(at))
            self._ancestors[sha] = frozenset(found)
        return self._ancestors[sha]

    def line(self, tip: str, until: str | None) -> list[str]:
        """First parents from `tip`, without `until` and what is behind it; oldest first."""
        found, at = list[str](), tip
        while at != until:
            found.append(at)
            if not self.parents(at):
                break
            at = self.parents(at)[0]
        return found[::-1]

    def paths(self, sha: str) -> dict[str, str]:
        """Every path of a commit with its blob."""
        tree = self._commit(sha)[1]
        if tree not in self._paths:
            self._paths[tree] = dict(self._walk(tree, ""))
        return self._paths[tree]

    def tree(self, sha: str) -> str:
        return self._commit(sha)[1]

    def _walk(self, tree: str, prefix: str) -> list[tuple[str, str]]:
        raw, at, found = self.get(tree), 0, list[tuple[str, str]]()
        assert raw is not None, f"tree {tree} is not in the target"
        while at < len(raw):
            space, end = raw.index(b" ", at), raw.index(b"\0", at)
            name, sha = prefix + raw[space + 1 : end].decode(), raw[end + 1 : end + 21].hex()
            found += self._walk(sha, name + "/") if raw[at:space] == b"40000" else [(name, sha)]
            at = end + 21
        return found

    def text(self, sha: str, path: str) -> str:
        """A file of a commit; empty where there is none."""
        blob = self.paths(sha).get(path)
        return (self.get(blob) or b"").decode() if blob else ""

    def refs(self) -> dict[str, str]:
        out = subprocess.run(
            ["git", "-C", str(self.path), "for-each-ref", "--format=%(objectname) %(refname)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return {ref: sha for sha, ref in (line.split(" ", 1) for line in out.splitlines())}


def green(paths: dict[str, str]) -> bool:
    """What the validations of the machine's waves say, worked out from the paths."""
    return not any(p.startswith("bad/") for p in paths) and sum(p.startswith("mate/") for p in paths) < 2


@dataclass(frozen=True)
class Look:
    """One look at the refs, and what the ledger behind them holds, as plain JSON."""

    objects: Objects
    refs: dict[str, str] = field(default_factory=dict)

    @cached_property
    def ledger(self) -> dict[str, Any]:
        return self.ledger_at(self.refs[LEDGER]) if LEDGER in self.refs else {}

    def ledger_at(self, commit: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.objects.get(f"{commit}:ledger.json") or b"{}")
        return found

    @property
    def integration(self) -> str | None:
        found: str | None = self.ledger.get("integration")
        return found

    @property
    def branches(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.ledger.get("branches", {})
        return found

    def state(self, branch: str) -> str:
        return str(self.branches.get(branch, {}).get("state", "pending"))

    @cached_property
    def verdicts(self) -> dict[str, list[dict[str, Any]]]:
        """Verdicts by branch, oldest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for ref, sha in self.refs.items():
            if ref.startswith(f"{ROOT}/results/"):
                raw = json.loads(self.objects.get(f"{sha}:verdict.json") or b"{}")
                found.setdefault(raw["branch"], []).append(raw)
        return {b: sorted(vs, key=lambda v: (v["attempt"], v["gating"])) for b, vs in found.items()}
