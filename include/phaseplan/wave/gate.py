"""Gate the merges of a wave, and remember the result of every merge tried so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phaseplan.errors import PhaseplanError
from phaseplan.gates.workbench import GateFailed
from phaseplan.ledger.records import Finding
from phaseplan.merging.chain import Head, Merged, chain_merge
from phaseplan.merging.conservation import literal, touched, union_dropped, violations
from phaseplan.merging.regenerate import remakable
from phaseplan.merging.workspace import regenerated, union_checks, union_paths
from phaseplan.repository.objects import read_objects
from phaseplan.wave.context import Job
from phaseplan.wave.outcome import BASE

GATE_RUNS = 60  # how often one `integrate` may gate, where nobody sets it


class NotConserved(PhaseplanError):
    """The merge lost or invented something. Nothing was published."""

    def __init__(self, wave: int, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        listed = "; ".join(str(f) for f in findings[:5])
        super().__init__(f"wave {wave}: the merge is not what its branches did, so nothing was published: {listed}")


class Spent(Exception):
    """Report that no gate run is left. Never leaves integration."""


@dataclass(frozen=True)
class Tried:
    """Hold a merge and its findings. `head`: the merge with its generated files made again, if that worked."""

    head: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Key:
    """Hold what a gate run is remembered by. `bare`: the base itself is gated, with no merge onto it."""

    commit: str
    commands: tuple[str, ...]
    bare: bool


class GateMemory:
    """Remember every gate run of one `integrate`: after a lost race for the ledger no commit is gated again.

    A passed commit stays passed; of a failed one every run is kept, so that a later round gets the same answers in
    turn.

    :param limit: how many gate runs there may be.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.runs = limit, 0
        self._seen: dict[Key, list[Tried]] = {}
        self._told: dict[Key, int] = {}

    def rewind(self) -> None:
        """Replay remembered results from the first one, after a lost ledger race."""
        self._told.clear()

    def ask(self, key: Key, run: Callable[[], Tried], *, again: bool) -> Tried:
        """Return the result of gating `key`, from memory if possible.

        :param again: a further run of what was red.
        :raises Spent: it would take one more run than there may be.
        """
        if (green := self._green(key)) is not None:
            return green
        seen = self._seen.setdefault(key, [])
        at = min(len(seen), self._told.get(key, 0) + again)
        if at == len(seen):
            if self.runs >= self.limit:
                raise Spent
            seen.append(run())
        self._told[key] = at
        return seen[at]

    def _green(self, key: Key) -> Tried | None:
        """Find a passed run of the same commit under more commands: it counts for these too."""
        for other, seen in self._seen.items():
            same = (other.commit, other.bare) == (key.commit, key.bare) and other.commands != key.commands
            if same and set(key.commands) <= set(other.commands) and not seen[-1].findings:
                return seen[-1]
        return None


class WaveGate:
    """Merge and gate subsets of a wave's heads, all with the same commands.

    :param whole: the heads whose merge says which validations there are.
    """

    def __init__(self, job: Job, memory: GateMemory, base: Sequence[Head], whole: Sequence[Head]) -> None:
        self.job, self._memory, self._base = job, memory, tuple(base)
        self.merged = self.merge(whole)
        self._whole = [h for h in (*base, *whole) if h.id in self.merged.ids]

    def merge(self, heads: Sequence[Head]) -> Merged:
        """Merge heads onto integration, and onto a base that moved."""
        return chain_merge(
            self.job.repo,
            self.job.old,
            [*self._base, *heads],
            union=union_paths(self.job.plan),
            generated=remakable(self.job.plan),
            judged={v.commit: v.branch for vs in self.job.snapshot.verdicts.values() for v in vs if v.commit},
        )

    def tried(self, heads: Sequence[Head], *, again: bool = False) -> Tried:
        """Merge and gate some heads; none: the bare base.

        :raises NotConserved: the merge lost something.
        :raises Infrastructure: the gates could not be run.
        """
        merged = self.merge(heads)
        merged_heads = [h for h in (*self._base, *heads) if h.id in merged.ids]
        commands = self._commands(merged.commit, merged_heads)
        key = Key(
            merged.commit, commands, bare=merged.commit == self.job.old and not {h.id for h in heads} & {*merged.ids}
        )
        return self._memory.ask(key, lambda: self._run(merged, merged_heads, key), again=again)

    def _run(self, merged: Merged, heads: Sequence[Head], key: Key) -> Tried:
        job = self.job
        try:
            head = regenerated(job.repo, job.plan, merged, heads, job.bench)
        except GateFailed as failed:
            self._memory.runs += 1
            return Tried(merged.commit, failed.findings)
        if head != job.old:
            self._conserved(head, heads)
            if dropped := union_dropped(job.repo, union_paths(job.plan), head, heads):
                return Tried(head, dropped)
        if not key.commands or (head == job.old and not key.bare):
            return Tried(head)
        self._memory.runs += 1
        return Tried(head, job.bench.run(job.repo, head, key.commands, title=self._title(heads)))

    def _title(self, heads: Sequence[Head]) -> str:
        return f"wave {self.job.wave.wave} ({', '.join(h.id for h in heads) or 'the bare base'})"

    def _conserved(self, head: str, heads: Sequence[Head]) -> None:
        exempt = (*remakable(self.job.plan), *(literal(p) for p in union_paths(self.job.plan)))
        if broken := violations(self.job.repo, self.job.old, head, heads, exempt=exempt):
            raise NotConserved(self.job.wave.wave, broken)

    def _commands(self, commit: str, heads: Sequence[Head]) -> tuple[str, ...]:
        """Return union checks, the commands of every gating, then the validations of every wave with a branch in the
        merge."""
        plan = self.job.plan
        waves = {plan.wave_of[h.id] for h in self._whole if h.id != BASE} | {self.job.wave.wave}
        validations = [command for w in plan.waves if w.wave in waves for command in w.validation]
        return (*dict.fromkeys((*self._checks(commit, heads), *self.job.always)), *validations)

    def _checks(self, commit: str, heads: Sequence[Head]) -> list[str]:
        """Return checks of the union paths that the whole merge touches, if this merge has such a file."""
        shared = [s for s in self.job.plan.shared_files if s.merge == "union" and s.check]
        if not shared:
            return []
        paths = _touched(self.job, self._whole)
        own = _touched(self.job, heads)
        there = read_objects(self.job.repo, [f"{commit}:{s.path}" for s in shared])
        found = {s.path for s in shared if s.path in own or there[f"{commit}:{s.path}"] is not None}
        return union_checks(self.job.plan, found & paths)


def _touched(job: Job, heads: Sequence[Head]) -> set[str]:
    return {path for work in touched(job.repo, heads).values() for path in work}
