"""Bring what earlier runs integrated to where this run begins: decide, revert, merge the base, gate, record.

It happens while the phase opens, before any branch starts, so that a branch that is taken out is built in this very
run. Where nothing changed it is one look at the refs: no commit, no container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from phaseplan.attempt.inputs import Images, outdated
from phaseplan.errors import Infrastructure, PhaseplanError
from phaseplan.gates.diff import gate_digest
from phaseplan.gates.workbench import Workbench
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger import run_history as nights
from phaseplan.ledger.records import BranchRecord, Due, Finding, State, Token, Verdict, changed, now
from phaseplan.ledger.status_log import Word, status_line
from phaseplan.ledger.write import Change, Snapshot, moved
from phaseplan.merging.reconcile import reconcile
from phaseplan.merging.undo import CannotUndo, Undone
from phaseplan.phase.due import Owed, dues, words
from phaseplan.phase.next_head import Forward
from phaseplan.phase.situation import Situation
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.repository.remote import ROUNDS, Remote, pause
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.gate import GateMemory
from phaseplan.wave.outcome import Isolation
from phaseplan.wave.search import Stopped


class NightRed(PhaseplanError):
    """Report that the run cannot begin: gates fail on its base with the integrated work, and no branch is to blame."""

    def __init__(self, phase: int, base: str, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        listed = "\n".join(f"- {finding}" for finding in findings)
        super().__init__(
            f"phase {phase} cannot begin on {base}; integration stays as it was, and nobody is isolated:\n{listed}\n"
            "Next: mend what the finding names, then Clear open_phase with Downstream on."
        )


@dataclass
class Renewal:
    """Renew integration once, at one start of the task.

    :param bench: runs gates on a commit.
    :param images: see `attempt.inputs`.
    :param gate_runs: how often the gates may run, all in all.
    """

    remote: Remote
    repo: GitRepo
    token: Token
    phase: int
    bench: Workbench
    images: Images
    gate_runs: int
    say: Callable[[str], None]
    _stuck: dict[str, str] = field(default_factory=dict)  # branches that cannot leave, and why not

    def run(self, snapshot: Snapshot | None = None) -> tuple[str, ...]:
        """Bring integration to the state in which the run begins. Doing it twice is doing it once.

        :param snapshot: what was read just now, to begin from.
        :return: status lines for the mirror.
        :raises NightRed: nothing changed but that the run is closed.
        :raises Stale: another run holds the ledger.
        """
        memory = GateMemory(self.gate_runs)
        for round_ in range(ROUNDS):
            seen = reconcile(self.repo, self.remote, self.phase, token=self.token, snapshot=snapshot)
            night, snapshot = Situation(self.repo, seen, self.images), None
            memory.rewind()
            try:
                change = self._change(night, memory)
            except Stopped as stopped:
                red = NightRed(self.phase, night.base_name, stopped.findings)
                closed = changed(night.run, closed=now(), complete=False, fault=str(stopped.findings[0]))
                record = nights.night(seen, closed)
                if not self._commit(night, Change(changed(night.ledger, run=closed), night=record)):
                    pause(round_)
                    continue
                raise red from None
            if change is None or self._commit(night, change):
                return change.status_lines if change else ()
            pause(round_)
        raise Infrastructure(f"others moved the ledger of phase {self.phase} {ROUNDS} times in a row; Clear open_phase")

    def _commit(self, night: Situation, change: Change) -> bool:
        after = moved(self.repo, self.remote, night.snapshot, change)
        if after is not None:
            reconcile(self.repo, self.remote, self.phase, snapshot=after)
        return after is not None

    def _change(self, night: Situation, memory: GateMemory) -> Change | None:
        """Compute what is to be written; None: nothing earlier is integrated, or all is written already."""
        owed = self._owed(night)
        if all(o.due.kind == "reuse" for o in owed.values()):
            return _written(night, owed, None, {})
        for line in words(owed):
            self.say(line)
        out = {b: _outdated(o) for b, o in owed.items() if o.due.kind == "build"}
        forward = Forward(night, self.bench, memory, dict(out))
        try:
            undone, head = forward.run()
        except CannotUndo as stuck:
            self._remember(night, out, stuck)
            return self._change(night, memory)
        for branch, isolation in forward.out.items():
            if branch not in out:
                self.say(f"{branch} is built anew: {isolation.reason}.")
        return _written(night, owed, (undone, head), forward.out)

    def _owed(self, night: Situation) -> dict[str, Owed]:
        """Decide what is due; branches that cannot leave stay, with the reason."""
        found = dues(night)
        for branch, why in self._stuck.items():
            if branch in found:
                reason = f"{found[branch].due.why}; but it cannot be taken out: {why}"
                found[branch] = Owed(Due(kind="gate" if night.moved else "reuse", why=reason))
        return found

    def _remember(self, night: Situation, out: Mapping[str, Isolation], stuck: CannotUndo) -> None:
        """Keep everything in that cannot leave without the stuck branch.

        :raises Stopped: it was to leave because a gate is red with it.
        """
        drag = [b for b in out if stuck.branch in night.closed([b])]
        if not drag:
            text = f"a branch that makes integration red cannot be taken out: {stuck}"
            raise Stopped("base", (Finding(gate="wave", message=text),))
        for branch in {*drag, *night.closed(drag)}:
            self._stuck[branch] = str(stuck)


def _outdated(owed: Owed) -> Isolation:
    why = owed.due.why
    return Isolation("outdated", why, owed.findings or (Finding(gate="inputs", message=f"taken out: {why}"),))


def _written(
    night: Situation, owed: Mapping[str, Owed], moved: tuple[Undone, str] | None, out: Mapping[str, Isolation]
) -> Change | None:
    """Make the ledger of a run that has begun; None if it is that already."""
    due = {b: o.due for b, o in owed.items()}
    due |= {b: Due(kind="build", why=isolation.reason) for b, isolation in out.items()}
    # What this run has decided before it was begun again still says what became of the branch tonight.
    due = {**due, **{b: d for b, d in night.run.due.items() if d.kind != "reuse" and b not in out}}
    records = dict(night.ledger.branches)
    lines: list[str] = []
    for branch, isolation in out.items():
        acts = moved[0].acts.get(branch) if moved else None
        records[branch] = _leaving(records[branch], isolation, acts)
        _tell(night.plan, branch, "OUTDATED", isolation.reason, lines)
    for branch, o in owed.items():
        if o.due.kind == "gate" and branch not in out:
            records[branch] = _gated(night, branch, records[branch])
            _tell(night.plan, branch, "GATED", o.due.why, lines)
    run = changed(night.run, due=due)
    integration = moved[1] if moved else night.ledger.integration
    ledger = changed(night.ledger, branches=records, integration=integration, run=run)
    return Change(ledger, tuple(lines)) if ledger != night.ledger else None


def _tell(plan: PhasePlan, branch: str, word: Word, why: str, lines: list[str]) -> None:
    if branch in plan.by_id:
        lines.append(status_line(plan, plan.by_id[branch], word, detail=why))


def _leaving(record: BranchRecord, isolation: Isolation, acts: tuple[str, str] | None) -> BranchRecord:
    """Mark a branch as out and pending: its task builds it anew in this run and is given the findings."""
    verdict = record.verdict and changed(record.verdict, findings=isolation.findings)
    return changed(
        record,
        state=State.PENDING,
        cause=isolation.cause,
        reason=isolation.reason,
        merge=acts[0] if acts else record.merge,
        revert=acts[1] if acts else None,
        rejected=0,
        verdict=verdict,
    )


def _gated(night: Situation, branch_id: str, record: BranchRecord) -> BranchRecord:
    """Record that a branch's gates, as they are now, have passed once more."""
    if record.verdict is None or branch_id not in night.plan.by_id:
        return record
    verdict, branch = record.verdict, night.plan.by_id[branch_id]
    return changed(record, gating=record.gating + 1, verdict=_again(night, branch, verdict, record.gating + 1))


def _again(night: Situation, branch: Branch, verdict: Verdict, gating: int) -> Verdict:
    """Keep the recorded inputs, with the new gates; if none of them has changed, under the current scheme."""
    now_ = night.fresh(branch, verdict)
    same = schemes.of(verdict.inputs) != schemes.CURRENT and not outdated(night.inputs(branch, verdict), verdict)
    kept = {**(now_ if same else verdict.inputs), "gates": now_["gates"], "version": now_["version"]}
    digest = gate_digest(night.plan, night.plan.by_id[verdict.branch], night.gates_of(verdict.branch))
    return changed(verdict, gating=gating, inputs=kept, gates=digest)
