"""Faults built into the code by hand: the machine must find each by an invariant it breaks, or it proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger import snapshot
from phaseplan.ledger import write as ledger
from phaseplan.ledger.records import Finding, State, changed
from phaseplan.merging import chain as merge
from phaseplan.merging import reconcile
from phaseplan.phase import close as closing
from phaseplan.phase import open as opening
from phaseplan.phase import take_out as takeout
from phaseplan.repository.remote import Remote, Update
from phaseplan.wave import context as wave_job
from phaseplan.wave import gate as wave_gate
from phaseplan.wave import outcome as wave_outcome
from phaseplan.wave.culprits import Culprit, Search

Mutation = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """A fault on the list. `said`: what the machine says of it; `seed`: one that comes upon it soon."""

    build_in: Mutation
    said: tuple[str, ...]
    seed: int


ALL: dict[str, Fault] = {}


def found_by(said: str, *, seed: int = 1) -> Callable[[Mutation], Mutation]:
    """Put a fault on the list."""

    def add(mutation: Mutation) -> Mutation:
        ALL[mutation.__name__] = Fault(mutation, tuple(said.split(" or ")), seed)
        return mutation

    return add


@found_by("I13")
def the_epoch_is_ignored(patch: pytest.MonkeyPatch) -> None:
    for module in (reconcile, opening, closing):
        patch.setattr(module, "check_token", lambda snapshot, _: snapshot.opened)


@found_by("I2")
def a_wave_is_not_gated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wave_gate.WaveGate, "_commands", lambda *_: ())


@found_by("I2", seed=2)
def what_is_left_is_not_gated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(takeout, "_gate", lambda *_: None)


@found_by("lost what it had decided", seed=2)
def pushes_are_forced(patch: pytest.MonkeyPatch) -> None:
    real = Remote.push

    def push(self: Remote, repo: Any, updates: Sequence[Update]) -> bool:
        held = self.refs(repo=repo)
        return real(self, repo, [Update(u.ref, u.new, held.get(u.ref)) for u in updates])

    patch.setattr(Remote, "push", push)


@found_by("I8")
def a_merge_loses_a_file(patch: pytest.MonkeyPatch) -> None:
    real = merge.merge_tree

    def lossy(repo: Any, ours: str, theirs: str, generated: Sequence[str]) -> Any:
        tree, paths = real(repo, ours, theirs, generated)
        rows = repo.run("ls-tree", tree).out.splitlines() if tree else []
        kept = "".join(f"{row}\n" for row in rows if not row.endswith("\town"))
        return (repo.run("mktree", stdin=kept.encode()).out.strip(), paths) if tree else (tree, paths)

    patch.setattr(merge, "merge_tree", lossy)
    patch.setattr(wave_gate, "violations", lambda *_, **__: ())


@found_by("NotConserved")
def a_merge_loses_a_file_and_conservation_looks(patch: pytest.MonkeyPatch) -> None:
    looks = wave_gate.violations
    a_merge_loses_a_file(patch)
    patch.setattr(wave_gate, "violations", looks)


@found_by("I8", seed=3)
def a_conflict_is_merged_by_taking_our_side(patch: pytest.MonkeyPatch) -> None:
    real = merge.merge_tree

    def ours(repo: Any, tip: str, theirs: str, generated: Sequence[str]) -> Any:
        tree, paths = real(repo, tip, theirs, generated)
        return (tree, paths) if tree else (repo.line("rev-parse", f"{tip}^{{tree}}"), ())

    patch.setattr(merge, "merge_tree", ours)
    patch.setattr(wave_gate, "violations", lambda *_, **__: ())


@found_by("I8 or I3", seed=2)
def what_was_reverted_is_not_put_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "_put_back", lambda repo, tip, *_: tip)
    patch.setattr(wave_gate, "violations", lambda *_, **__: ())


@found_by("I1 or I3")
def what_needs_it_stays_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(takeout, "dependents", lambda *_: ())


@found_by("I4")
def the_first_is_to_blame(patch: pytest.MonkeyPatch) -> None:
    def run(self: Any) -> None:
        self.culprits.append(Culprit(self._left[0], (), (Finding(gate="commands", message="somebody it was"),)))

    patch.setattr(Search, "run", run)


@found_by("I10")
def names_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "names_to_withdraw", lambda *_: {})


@found_by("I4", seed=2)
def infrastructure_isolates(patch: pytest.MonkeyPatch) -> None:
    real = opening.settle_unfinished

    def settle(plan: Any, old: Any, ids: Sequence[str]) -> Any:
        new, lines = real(plan, old, ids)
        worse = {b: changed(r, state=State.ISOLATED) for b, r in new.branches.items() if r.state is State.UNFINISHED}
        return changed(new, branches={**new.branches, **worse}), lines

    for module in (opening, wave_job):
        patch.setattr(module, "settle_unfinished", settle)


@found_by("I7 or I10")
def the_ledger_forgets_what_runs(patch: pytest.MonkeyPatch) -> None:
    def decided(_: Any, new: Any) -> Any:
        return changed(new, branches={b: r for b, r in new.branches.items() if r.state is not State.RUNNING})

    patch.setattr(ledger, "decided", decided)
    patch.setattr(wave_outcome, "decided", lambda _, new: new)


def the_ledger_comes_without_its_head(patch: pytest.MonkeyPatch) -> None:
    """Not on the list: integration moves in the ledger's own push, so only a target that was cleaned up shows it.

    `test_recovery_needs_nothing_of_the_dead_worker` builds it in where the machine would need hours to meet it.
    """
    real = ledger.commit
    patch.setattr(ledger, "commit", lambda repo, tree, parents, *rest: real(repo, tree, parents[:1], *rest))


@found_by("I1", seed=3)
def a_later_failure_takes_the_integrated_out(patch: pytest.MonkeyPatch) -> None:
    real = snapshot._judged
    patch.setattr(snapshot, "_judged", lambda record, verdict: real(None, verdict))


@found_by("I9")
def a_second_attempt_takes_the_place_of_the_first(patch: pytest.MonkeyPatch) -> None:
    real = results.keep_attempt

    def keep(repo: Any, remote: Remote, phase: int, branch: str, number: int, commit: str) -> str:
        ref = f"refs/phaseplan/phase-{phase}/attempts/{branch}/1"
        remote.push(repo, [Update(ref, commit, remote.refs(repo=repo).get(ref))])
        return real(repo, remote, phase, branch, number, commit)

    patch.setattr(results, "keep_attempt", keep)
