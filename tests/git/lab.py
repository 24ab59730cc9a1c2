"""A real target repository and the moves of a run on it, without containers and without Airflow."""

from __future__ import annotations

import copy
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phaseplan.gates.workbench import GateFailed
from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.records import Finding, Token, Verdict, now
from phaseplan.ledger.refs import public_name
from phaseplan.ledger.status_log import status_line
from phaseplan.ledger.write import Snapshot, read
from phaseplan.merging.workspace import synthesise
from phaseplan.phase.close import Closing, close_phase
from phaseplan.phase.open import open_phase
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.objects import commit
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import IDENTITY, GitRepo
from phaseplan.wave.integrate import Integrated, integrate

PHASE = 5
Content = str | None | Callable[[str], str]  # the text, nothing (removed), or an edit of what is there


def plan_of(
    *waves: Mapping[str, Sequence[str]], validate: Sequence[Sequence[str]] = (), first: int = 1, **more: Any
) -> PhasePlan:
    """A plan from waves of `{id: dependencies}`; `first` is the number of the first."""
    shown = []
    for i, branches in enumerate(waves):
        rows = [
            {
                "id": b,
                "branch": f"feature/b{b}",
                "title": f"Branch {b}",
                "depends_on": deps,
                "owns": ["/"],
                "agent_label": f"Agent {b}",
            }
            for b, deps in branches.items()
        ]
        shown.append({"wave": first + i, "branches": rows, "validate": list(validate[i]) if i < len(validate) else []})
    return PhasePlan.model_validate({"phase": PHASE, "title": "Lab", "waves": shown, **more})


class LocalBench:
    """Runs commands in a checkout under a temporary folder. Remembers which commits it gated."""

    def __init__(self) -> None:
        self.gated: list[tuple[str, tuple[str, ...]]] = []

    @contextmanager
    def _checkout(self, repo: GitRepo, sha: str) -> Iterator[tuple[Path, dict[str, str]]]:
        with tempfile.TemporaryDirectory() as folder:
            env = {"GIT_INDEX_FILE": f"{folder}/index", "GIT_WORK_TREE": f"{folder}/tree", "GIT_DIR": str(repo.path)}
            Path(folder, "tree").mkdir()
            repo.run("read-tree", sha, env=env)
            repo.run("checkout-index", "-a", env=env)
            yield Path(folder, "tree"), env

    def _run(self, tree: Path, commands: Sequence[str]) -> tuple[Finding, ...]:
        for command in commands:
            said = subprocess.run(["sh", "-c", command], cwd=tree, capture_output=True, text=True, check=False)
            if said.returncode:
                return (
                    Finding(gate="commands", message=f"{command}: exit {said.returncode}: {said.stdout}{said.stderr}"),
                )
        return ()

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        with self._checkout(repo, commit) as (tree, _):
            findings = self._run(tree, commands)
        if not findings:
            self.gated.append((commit, tuple(commands)))
        return findings

    def regenerate(self, repo: GitRepo, commit_: str, commands: Sequence[str], patterns: Sequence[str]) -> str:
        with self._checkout(repo, commit_) as (tree, env):
            if findings := self._run(tree, commands):
                raise GateFailed(findings)
            paths = {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()}
            paths = {
                p
                for p in paths | {*repo.run("ls-tree", "-r", "--name-only", commit_).out.splitlines()}
                if matches(patterns, p)
            }
            repo.run(
                "update-index", "--add", "--remove", "--stdin", stdin="".join(f"{p}\n" for p in paths).encode(), env=env
            )
            made = repo.run("write-tree", env=env).out.strip()
        if made == repo.line("rev-parse", f"{commit_}^{{tree}}"):
            return commit_
        date = int(repo.line("log", "-1", "--format=%ct", commit_))
        return commit(repo, made, [commit_], "Regenerate generated files\n", date)


class Lab:
    """A bare target with `main`, and one worker's private repository."""

    def __init__(self, folder: Path, base: Mapping[str, str] | None = None) -> None:
        self.url = folder / "target.git"
        self.target = GitRepo.init(self.url)
        self.target.run("symbolic-ref", "HEAD", "refs/heads/main")
        self.main = commit_files(self.target, None, base or {"README": "base\n"}, "base")
        self.target.run("update-ref", "refs/heads/main", self.main)
        self.remote = Remote(str(self.url))
        self.repo = GitRepo.init(folder / "worker.git")
        self.remote.fetch(self.repo, "+refs/heads/main:refs/heads/main")
        self.bench = LocalBench()

    def another_worker(self, folder: Path) -> Lab:
        """The same target from another machine."""
        other = copy.copy(self)
        other.repo, other.bench = GitRepo.init(folder), LocalBench()
        self.remote.fetch(other.repo, "+refs/heads/main:refs/heads/main")
        return other

    def copied(self, folder: Path) -> Lab:
        """The same target and worker, to be taken apart."""
        other = copy.copy(self)
        other.url, worker = folder / "target.git", folder / "worker.git"
        shutil.copytree(self.url, other.url)
        shutil.copytree(self.repo.path, worker)
        other.target, other.repo, other.remote = GitRepo(other.url), GitRepo(worker), Remote(str(other.url))
        other.bench = LocalBench()
        other.bench.gated = list(self.bench.gated)
        return other

    def refs(self) -> dict[str, str]:
        return {r: s for r, s in self.remote.refs().items() if r != "HEAD"}

    def read(self) -> Snapshot:
        return read(self.repo, self.remote, PHASE)

    def open(self, plan: PhasePlan, run: str = "run-1", **more: Any) -> Token:
        return open_phase(self.remote, self.repo, plan, {}, run_id=run, base_name="main", start="wave", **more)

    def build(self, token: Token, branch_id: str, files: Mapping[str, Content], **more: Any) -> Verdict:
        """What a branch task does around its container."""
        snapshot = self.read()
        assert snapshot.pinned
        plan = snapshot.pinned.plan
        branch = plan.by_id[branch_id]
        claim = more.get("claim", f"{token.run}/0")
        if (known := snapshot.verdict_of(branch_id, claim, token.run)) is not None:
            if snapshot.current(branch_id) == known:
                assert results.publish_name(self.repo, self.remote, branch, known)
            return known
        space = synthesise(self.repo, plan, token.base, snapshot, branch, self.bench)
        assert space.conflict is None, space.conflict
        number = results.claim_attempt(
            self.repo, self.remote, NewAttempt(PHASE, branch, space.commit, claim, token.run)
        )
        written = {
            p: t(self.repo.run("show", f"{space.commit}:{p}").out) if callable(t) else t for p, t in files.items()
        }
        head = commit_files(self.repo, space.commit, written, f"work on {branch_id} attempt {number}")
        results.keep_attempt(self.repo, self.remote, PHASE, branch_id, number, head)
        verdict = Verdict(
            phase=PHASE,
            branch=branch_id,
            attempt=number,
            run=token.run,
            claim=claim,
            outcome=more.get("outcome", "passed"),
            reason=more.get("reason", ""),
            base=space.commit,
            raw=head,
            commit=head,
            name=public_name(branch, number) if more.get("outcome", "passed") == "passed" else None,
            finished=now(),
            **more.get("fields", {}),
        )
        line = status_line(plan, branch, "COMPLETED" if verdict.outcome == "passed" else "FAILED", detail="1 lines")
        results.publish_result(
            self.repo, self.remote, verdict, head, [line], kept=head, snapshot=snapshot, branch=branch
        )
        if verdict.outcome == "passed":
            assert results.publish_name(self.repo, self.remote, branch, verdict)
        return verdict

    def integrate(self, token: Token, wave: int) -> Integrated:
        return integrate(self.remote, self.repo, token, wave, self.bench, phase=PHASE)

    def close(self, token: Token) -> Closing:
        return close_phase(self.repo, self.remote, token, phase=PHASE)

    def push(self, ref: str, new: str | None) -> None:
        """Somebody else pushes."""
        assert self.remote.push(self.repo, [Update(ref, new, self.refs().get(ref))])

    def show(self, sha: str, path: str) -> str:
        self.remote.fetch(self.repo, "+refs/*:refs/mirror/*")
        return self.repo.run("show", f"{sha}:{path}").out

    def state(self, branch_id: str) -> str:
        return str(self.read().state(branch_id))


def commit_files(
    repo: GitRepo, parent: str | None, files: Mapping[str, str | None], message: str, when: int = 1_700_000_000
) -> str:
    """A commit on `parent` with some files written, or (None) removed."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**IDENTITY, "GIT_INDEX_FILE": f"{folder}/index"}
        if parent:
            repo.run("read-tree", parent, env=env)
        rows = []
        for path, text in files.items():
            if text is None:
                rows.append(f"0 {'0' * 40}\t{path}\0")
                continue
            blob = repo.run("hash-object", "-w", "--stdin", stdin=text.encode()).out.strip()
            rows.append(f"100644 {blob}\t{path}\0")
        repo.run("update-index", "-z", "--index-info", stdin="".join(rows).encode(), env=env)
        tree = repo.run("write-tree", env=env).out.strip()
    return commit(repo, tree, [parent] if parent else [], message, when)
