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
        said = "; ".join(str(f) for f in findings[:5])
        super().__init__(f"wave {wave}: the merge is not what its branches did, so nothing was published: {said}")


class Spent(Exception):
    """No gate run is left. Never leaves integration."""


@dataclass(frozen=True)
class Tried:
    """A merge and what its gates said. `head`: the merge with its generated files made again, where that worked."""

    head: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Key:
    """What a gate run is remembered by. `bare`: the base itself, which is gated although nothing is merged onto it."""

    commit: str
    commands: tuple[str, ...]
    bare: bool


class GateMemory:
    """What every gate run of one `integrate` came to: a lost race for the ledger gates nothing again.

    A green commit stays green; of a red one every run is kept, so that a later round is told the same in turn.

    :param limit: how many gate runs there may be.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.runs = limit, 0
        self._seen: dict[Key, list[Tried]] = {}
        self._told: dict[Key, int] = {}

    def rewind(self) -> None:
        """Begin a new round: tell from the start."""
        self._told.clear()

    def ask(self, key: Key, run: Callable[[], Tried], *, again: bool) -> Tried:
        """What came of gating `key`, from memory where that will do.

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
        """What is green under more commands is green under these."""
        for other, seen in self._seen.items():
            same = (other.commit, other.bare) == (key.commit, key.bare) and other.commands != key.commands
            if same and set(key.commands) <= set(other.commands) and not seen[-1].findings:
                return seen[-1]
        return None


class WaveGate:
    """Merges and gates subsets of a wave's heads, all with the same commands.

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
        :raises Infrastructure: nobody can say what the gates think of it.
        """
        merged = self.merge(heads)
        mine = [h for h in (*self._base, *heads) if h.id in merged.ids]
        commands = self._commands(merged.commit, mine)
        key = Key(
            merged.commit, commands, bare=merged.commit == self.job.old and not {h.id for h in heads} & {*merged.ids}
        )
        return self._memory.ask(key, lambda: self._run(merged, mine, key), again=again)

    def _run(self, merged: Merged, mine: Sequence[Head], key: Key) -> Tried:
        job = self.job
        try:
            head = regenerated(job.repo, job.plan, merged, mine, job.bench)
        except GateFailed as failed:
            self._memory.runs += 1
            return Tried(merged.commit, failed.findings)
        if head != job.old:
            self._conserved(head, mine)
            if dropped := union_dropped(job.repo, union_paths(job.plan), head, mine):
                return Tried(head, dropped)
        if not key.commands or (head == job.old and not key.bare):
            return Tried(head)
        self._memory.runs += 1
        return Tried(head, job.bench.run(job.repo, head, key.commands, title=self._title(mine)))

    def _title(self, mine: Sequence[Head]) -> str:
        return f"wave {self.job.wave.wave} ({', '.join(h.id for h in mine) or 'the bare base'})"

    def _conserved(self, head: str, mine: Sequence[Head]) -> None:
        exempt = (*remakable(self.job.plan), *(literal(p) for p in union_paths(self.job.plan)))
        if broken := violations(self.job.repo, self.job.old, head, mine, exempt=exempt):
            raise NotConserved(self.job.wave.wave, broken)

    def _commands(self, commit: str, mine: Sequence[Head]) -> tuple[str, ...]:
        """Union checks, what is always asked, then the validations of every wave that has a branch in the merge."""
        plan = self.job.plan
        waves = {plan.wave_of[h.id] for h in self._whole if h.id != BASE} | {self.job.wave.wave}
        validations = [command for w in plan.waves if w.wave in waves for command in w.validation]
        return (*dict.fromkeys((*self._checks(commit, mine), *self.job.always)), *validations)

    def _checks(self, commit: str, mine: Sequence[Head]) -> list[str]:
        """Checks of the union paths that the whole merge touches, where the merge in hand has such a file."""
        shared = [s for s in self.job.plan.shared_files if s.merge == "union" and s.check]
        if not shared:
            return []
        paths = _touched(self.job, self._whole)
        own = _touched(self.job, mine)
        there = read_objects(self.job.repo, [f"{commit}:{s.path}" for s in shared])
        found = {s.path for s in shared if s.path in own or there[f"{commit}:{s.path}"] is not None}
        return union_checks(self.job.plan, found & paths)


def _touched(job: Job, heads: Sequence[Head]) -> set[str]:
    return {path for work in touched(job.repo, heads).values() for path in work}
