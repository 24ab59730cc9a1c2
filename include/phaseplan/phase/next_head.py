"""Compute the next integration commit of a repeated run: revert what is rebuilt, merge the new base, gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from phaseplan.gates.workbench import GateFailed, Workbench
from phaseplan.ledger.records import Finding, changed, now
from phaseplan.merging.chain import Conflict, Head, Merged, chain_merge
from phaseplan.merging.conflict_text import conflict_findings
from phaseplan.merging.conservation import literal, violations
from phaseplan.merging.regenerate import remade, remakable
from phaseplan.merging.undo import Undone, undo
from phaseplan.merging.workspace import head_of, union_checks, union_paths
from phaseplan.phase.situation import Situation
from phaseplan.plan.graph import merge_order
from phaseplan.wave.context import Job
from phaseplan.wave.gate import GateMemory, Key, Spent, Tried
from phaseplan.wave.outcome import BASE, Isolation
from phaseplan.wave.search import Stopped, WaveSearch


@dataclass
class Forward:
    """Search for a head whose gates pass.

    :param out: by branch, why it leaves; grows as the base and the gates object. It holds every branch that needs one
        in it.
    """

    night: Situation
    bench: Workbench
    memory: GateMemory
    out: dict[str, Isolation] = field(default_factory=dict)
    flaky: list[Finding] = field(default_factory=list)

    def run(self) -> tuple[Undone, str]:
        """Return what was reverted, and the head, on which every gate has passed.

        :raises Stopped: there is no such head, and no branch is known to be at fault.
        :raises CannotUndo: a branch cannot leave.
        """
        while True:
            undone = undo(self.night.repo, self.night.plan, self.night.head, tuple(self.out))
            merged = self._with_base(undone.commit)
            if isinstance(merged, Conflict):
                self._blame_for(merged)
                continue
            sides = {**undone.sides, **merged.sides}
            try:
                head = remade(self.night.repo, self.night.plan, merged.commit, sides, self.bench)
                findings = self._twice(head)
            except GateFailed as failed:
                findings = failed.findings
            if not findings:
                return undone, head
            self._blame(findings)

    @property
    def rest(self) -> list[str]:
        """List the integrated branches that stay, in merge order."""
        return [b for b in merge_order(self.night.plan) if b in self.night.inside and b not in self.out]

    @property
    def commands(self) -> tuple[str, ...]:
        """Return the branches' own gate commands and the validations of every wave that has a branch in."""
        waves = {self.night.plan.wave_of[b] for b in self.rest}
        validations = [c for wave in self.night.plan.waves if wave.wave in waves for c in wave.validation]
        return tuple(dict.fromkeys([*self.night.plan.gates.commands, *validations])) if self.rest else ()

    def _with_base(self, tip: str) -> Merged | Conflict:
        """Merge the run's base into `tip` if it moved."""
        night, plan = self.night, self.night.plan
        if not night.moved:
            return Merged(tip)
        parted = night.repo.run("merge-base", night.run.base, tip, ok=(0, 1)).out.split()
        base = Head(BASE, night.run.base, night.run.base_name, parted[0] if parted else night.run.base)
        merged = chain_merge(night.repo, tip, [base], union=union_paths(plan), generated=remakable(plan))
        if merged.conflicted:
            return merged.conflicted[BASE]
        exempt = (*remakable(plan), *(literal(p) for p in union_paths(plan)))
        if broken := violations(night.repo, tip, merged.commit, [base], exempt=exempt):
            raise Stopped("conflict", broken)
        return merged

    def _blame_for(self, conflict: Conflict) -> None:
        """Take out the branches that changed what the base changed too: they are built anew on top of it."""
        night = self.night
        findings = conflict_findings(night.repo, night.base_name, night.run.base, conflict)
        guilty = [b for b in conflict.opponents if b in self.rest]
        if not guilty:
            raise Stopped("conflict", findings)
        where = ", ".join(conflict.paths[:3])
        why = f"{night.base_name} changed what it changed too, and the two do not merge: {where}"
        self._leave({b: Isolation("outdated", why, findings) for b in guilty})

    def _twice(self, head: str) -> tuple[Finding, ...]:
        """Run the gates, and again if they fail: a failure that does not repeat is flaky and counts as passed."""
        shared = [p for p in union_paths(self.night.plan) if p in self.night.tree(head)]
        commands = (*union_checks(self.night.plan, shared), *self.commands) if self.rest else ()
        if not commands:
            return ()
        key = Key(head, commands, bare=False)
        title = f"integration at {head[:12]}, as this run begins"

        def run() -> Tried:
            self.memory.runs += 1
            return Tried(head, self.bench.run(self.night.repo, head, commands, title=title))

        try:
            first = self.memory.ask(key, run, again=False)
            again = self.memory.ask(key, run, again=True) if first.findings else first
        except Spent:
            text = "there is no gate run left to find out who makes integration red; raise `gate_runs` in [phaseplan]"
            raise Stopped("search", (Finding(gate="wave", message=text),)) from None
        if first.findings and not again.findings:
            self.flaky += first.findings
        return again.findings

    def _blame(self, findings: Sequence[Finding]) -> None:
        """Find the guilty branches: merge all anew onto the base, wave by wave, as if for the first time."""
        head: str | None = None
        guilty: dict[str, Isolation] = {}
        for wave in self.night.plan.waves:
            heads = self._heads(wave.wave, guilty)
            if not heads:
                continue
            ledger = changed(self.night.ledger, integration=head)
            job = Job(
                repo=self.night.repo,
                snapshot=self.night.snapshot,
                plan=self.night.plan,
                run=self.night.run,
                wave=wave,
                bench=self.bench,
                began=now(),
                ledger=ledger,
                lines=(),
                unfinished=(),
                always=self.night.plan.gates.commands,
            )
            search = WaveSearch(job, self.memory, (), heads)
            merged, tried = search.run()
            self.flaky += search.flaky
            guilty |= search.out | _conflicts(self.night, merged.conflicted)
            head = tried.head
        if not guilty:
            raise Stopped("base", (_nobody(self.night, head), *findings))
        self._leave(guilty)

    def _heads(self, wave: int, guilty: Mapping[str, Isolation]) -> list[Head]:
        """Return the heads of a wave's branches that stay and need no guilty branch."""
        plan, found = self.night.plan, list[Head]()
        away = {b for g in guilty for b in self.night.closed([g])}
        for branch_id in self.rest:
            if plan.wave_of[branch_id] == wave and branch_id not in away:
                same_wave = tuple(d for d in plan.by_id[branch_id].depends_on if plan.wave_of[d] == wave)
                found.append(replace(head_of(plan, self.night.inside[branch_id]), needs=same_wave))
        return found

    def _leave(self, guilty: Mapping[str, Isolation]) -> None:
        """Take out guilty branches with everything that needs them.

        :raises Stopped: a branch that the run is not about would have to leave.
        """
        night = self.night
        if strange := [b for b in night.closed(tuple(guilty)) if b not in night.chosen]:
            reasons = "; ".join(f"{b}: {isolation.reason}" for b, isolation in guilty.items())
            text = f"{reasons}. {strange[0]} would have to leave too and is not selected: run the phase whole"
            raise Stopped("base", (Finding(gate="wave", message=text),))
        for branch_id, isolation in guilty.items():
            self.out[branch_id] = isolation
            for needing in night.needing(branch_id):
                why = f"it needs {branch_id}, which is built anew"
                self.out.setdefault(needing, Isolation("outdated", why, (Finding(gate="inputs", message=why),)))


def _conflicts(night: Situation, conflicted: Mapping[str, Conflict]) -> dict[str, Isolation]:
    heads = {b: verdict.commit or verdict.base for b, verdict in night.inside.items()}
    return {
        b: Isolation("conflict", str(conflict), conflict_findings(night.repo, b, heads[b], conflict))
        for b, conflict in conflicted.items()
    }


def _nobody(night: Situation, head: str | None) -> Finding:
    text = (
        f"integration is red, and its branches merged anew onto {night.base_name} are green ({(head or '')[:12]}): "
        "what is red was pushed to integration by hand, or is left of an earlier plan. Mend it there, "
        "then Clear open_phase with Downstream on"
    )
    return Finding(gate="wave", message=text)
