"""Keep what an agent left that its HEAD does not show under a ref of its own, and report where it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from phaseplan.containers.collect import Collected, beside_words
from phaseplan.gates.nothing import WROTE_NOTHING
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import keep_first
from phaseplan.ledger.records import Finding, changed

if TYPE_CHECKING:
    from phaseplan.attempt.harvested import Harvest
    from phaseplan.attempt.job import View


def keep(view: View, attempt: int, collected: Collected) -> tuple[Finding, ...]:
    """Keep what came back beside the work; return findings that say where it is, only in the volume, or lost."""
    job = view.job
    told = [*(_left(collected, said) for said in collected.left), *(_gone(said) for said in collected.gone)]
    left = tuple(Finding(gate="kept", message=said) for said in told)
    if collected.beside is None:
        return left
    ref = refs.beside(view.plan.phase, view.branch.id, attempt)
    kept = keep_first(job.repo, job.remote, ref, collected.beside)
    job.remote.see(job.repo, {ref: kept})  # the only other copy goes with the volume
    return (_finding(ref, beside_words(job.repo, kept)), *left)


def found(view: View, attempt: int) -> tuple[Finding, ...]:
    """Return the finding about such work of an attempt that an earlier process has collected."""
    job, ref = view.job, refs.beside(view.plan.phase, view.branch.id, attempt)
    commit = job.repo.rev(ref)
    return () if commit is None else (_finding(ref, beside_words(job.repo, commit)),)


def told_truly(harvest: Harvest, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Correct the diff's findings: "wrote nothing" stays only for an agent that wrote nothing at all."""
    if not harvest.kept_volume and not any(finding.informs for finding in harvest.findings):
        return tuple(findings)
    said = "nothing of what it wrote is in its commit, which is the same tree as its base: see what became of it"
    return tuple(changed(f, message=said) if f.message == WROTE_NOTHING else f for f in findings)


def _finding(ref: str, words: str) -> Finding:
    told = f"not part of the work, and kept in the target repository under {ref}: {words}"
    return Finding(gate="kept", message=told)


def _left(collected: Collected, words: str) -> str:
    return f"not part of the work, and only in volume {collected.kept_volume} of the Docker engine: {words}"


def _gone(words: str) -> str:
    return f"not part of the work, and gone with the agent's container: {words}"
