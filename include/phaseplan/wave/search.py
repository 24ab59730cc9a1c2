"""Find the largest merge of a wave whose gates pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phaseplan.ledger.records import Fault, Finding
from phaseplan.merging.chain import Head, Merged
from phaseplan.merging.conflict_text import conflict_findings
from phaseplan.plan.task_names import integrate
from phaseplan.wave.context import Job
from phaseplan.wave.culprits import Culprit, Search
from phaseplan.wave.gate import GateMemory, Spent, Tried, WaveGate
from phaseplan.wave.outcome import BASE, Isolation


class Stopped(Exception):
    """Report that no merge of this wave can be published, and no branch is to be isolated. Never leaves integration."""

    def __init__(self, fault: Fault, findings: Sequence[Finding]) -> None:
        self.fault, self.findings = fault, tuple(findings)
        super().__init__(fault)


@dataclass
class WaveSearch:
    """Search a wave's heads for a merge whose gates pass.

    :param base: the head of a base that moved, if it did; it is in every merge.
    :param remaining: heads in merge order, of which culprits and what needs them are taken away.
    """

    job: Job
    memory: GateMemory
    base: Sequence[Head]
    remaining: list[Head]
    out: dict[str, Isolation] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    flaky: list[Finding] = field(default_factory=list)

    def run(self) -> tuple[Merged, Tried]:
        """Return the merge that may be published.

        :raises Stopped: there is none.
        """
        while True:
            gate = WaveGate(self.job, self.memory, self.base, self.remaining)
            if BASE in gate.merged.conflicted:
                conflict = gate.merged.conflicted[BASE]
                raise Stopped(
                    "conflict", conflict_findings(self.job.repo, "the new base", self.base[0].commit, conflict)
                )
            if not gate.merged.steps:
                return gate.merged, Tried(gate.merged.commit)
            tried = self._twice(gate, self.remaining)
            if not tried.findings:
                return gate.merged, tried
            self._search(gate, tried)

    def _twice(self, gate: WaveGate, heads: Sequence[Head]) -> Tried:
        """Run the gates, and again if they fail: a failure that does not repeat is flaky and counts as passed."""
        try:
            first = gate.tried(heads)
            again = gate.tried(heads, again=True) if first.findings else first
        except Spent:
            raise self._spent((), [h.id for h in heads]) from None
        if first.findings and not again.findings:
            self.flaky += first.findings
        return again

    def _search(self, gate: WaveGate, whole: Tried) -> None:
        bare = self._twice(gate, ())
        if bare.findings:
            raise Stopped("base", (_base_is_red(self.job, bare.findings), *bare.findings))
        heads = {head.id: head for head in self.remaining}

        def red(chosen: tuple[str, ...], *, again: bool = False) -> tuple[Finding, ...]:
            return gate.tried([heads[c] for c in chosen], again=again).findings

        search = Search(list(heads), {head.id: head.needs for head in self.remaining}, red)
        try:
            search.run()
        except Spent:
            raise self._spent(whole.findings, search.suspects, search.culprits) from None
        self.flaky += search.flaky
        for culprit in search.culprits:
            self.out[culprit.id] = _isolation(gate, heads, culprit)
        self.waiting |= search.waiting
        self.remaining = [head for head in self.remaining if head.id not in self.out and head.id not in self.waiting]

    def _spent(self, findings: Sequence[Finding], suspects: Sequence[str], culprits: Sequence[Culprit] = ()) -> Stopped:
        known = [*self.out, *(c.id for c in culprits)]
        found = f" It is red with {', '.join(known)}, who are not isolated yet." if known else ""
        text = (
            f"{self.memory.limit} gate runs did not settle who makes the wave red, so nobody is isolated.{found} "
            f"Still suspected: {', '.join(suspects)}. Raise `gate_runs` in section [phaseplan] "
            f"(AIRFLOW__PHASEPLAN__GATE_RUNS) and Clear {integrate(self.job.wave.wave)}"
        )
        return Stopped("search", (*findings, Finding(gate="wave", message=text)))


def _base_is_red(job: Job, findings: Sequence[Finding]) -> Finding:
    text = (
        f"the base itself ({job.old[:12]}) is red, without any branch of this wave, so no branch is at fault: "
        f"{_first_line(findings)}. Mend {job.run.base_name} and Clear open_phase. Where the command only makes sense "
        f"after the wave, change it in the plan so that it is green before the wave too"
    )
    return Finding(gate="wave", message=text)


def _first_line(findings: Sequence[Finding]) -> str:
    """Return one line: the command that failed, and the last line it wrote, which mostly says why."""
    lines = [line.strip() for line in str(findings[0]).split("\n") if line.strip()] if findings else []
    return " ".join(dict.fromkeys([*lines[:1], *lines[-1:]]))[:300]


def _isolation(gate: WaveGate, heads: dict[str, Head], culprit: Culprit) -> Isolation:
    """Describe a culprit. The commits are in the worker's repository only, so the words are what stays of them."""
    green = gate.tried([heads[c] for c in culprit.without]).head[:12]
    red = gate.tried([heads[c] for c in (*culprit.without, culprit.id)]).head[:12]
    first, commit = _first_line(culprit.findings), heads[culprit.id].commit[:12]
    merged = ", ".join(gate.merge([heads[c] for c in culprit.without]).ids) or "nothing else"
    text = f"the wave's gates are green on {green} without {culprit.id} (merged: {merged}) and red on {red} with it"
    reason = f"the wave gate is red with its commit {commit} and green without: {first}"
    return Isolation("wave_gate", reason, (*culprit.findings, Finding(gate="wave", message=text)))
