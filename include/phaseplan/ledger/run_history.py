"""Derive what each run did to each branch, when the run ends, and keep it in the ledger as one line per run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from phaseplan.ledger.last_event import untouched
from phaseplan.ledger.money.budgets import obstacle, shared_budgets
from phaseplan.ledger.money.spending import costs_in, total
from phaseplan.ledger.money.usage import fields_of, summed
from phaseplan.ledger.records import BranchRecord, Deed, Night, RunRecord, State, Verdict, What, changed, moment
from phaseplan.ledger.rulings import DEEDS, RULINGS, ruling_of
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.digest import sha256
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.repository.objects import read_objects
from phaseplan.repository.repo import GitRepo
from phaseplan.text.clean import clean
from phaseplan.text.shown import GUTTER

log = logging.getLogger(__name__)

FILE = "history.jsonl"
DONE: tuple[What, ...] = ("built", "reused", "gated", "rebuilt")  # deeds after which a branch is integrated
_SHORT = 10  # characters of an id
_WORDS = 160  # characters of a reason
_FLAKY = 5  # findings of one run
#: No task of an ended run works any more: what still runs is unfinished.
_OUT: dict[State, What] = {**DEEDS, State.RUNNING: DEEDS[State.UNFINISHED]}


def night(snapshot: Snapshot, run: RunRecord | None = None) -> Night:
    """Describe what the ledger's run has come to: a pure function of the snapshot.

    :param run: the run as it is about to be written; None: as the ledger has it.
    :raises Bug: the phase was never opened.
    """
    ledger, opened = snapshot.folded(), snapshot.require_open()
    run = run or opened.run
    costs = costs_in(snapshot, run.id)
    return Night(
        run=run.id,
        epoch=run.epoch,
        opened=run.opened,
        closed=run.closed,
        base=_short(run.base),
        base_name=run.base_name,
        plan=_short(run.plan),
        rebuild=run.rebuild,
        start=run.start,
        complete=run.complete,
        fault=_line(run.fault),
        integration=_short(ledger.integration) or None,
        deeds={
            branch.id: changed(
                _deed(snapshot, opened.plan, run, branch),
                usage=summed(cost.usage for cost in costs.get(branch.id, ())),
            )
            for branch in opened.plan
        },
        flaky=tuple(
            _line(f"wave {number}: {finding}")
            for number, wave in sorted(ledger.waves.items())
            if wave.run == run.id
            for finding in wave.flaky
        )[:_FLAKY],
        seconds=_seconds(run.opened, run.closed),
        **fields_of(total(cost for of_branch in costs.values() for cost in of_branch)),
        budgets=tuple(map(str, shared_budgets(snapshot))),
    )


def abandoned(snapshot: Snapshot, run_id: str) -> Night | None:
    """Describe the run before as a night if it never closed; None: it did, or it is this very run, or there is none.

    :param run_id: the run that opens the phase now.
    """
    run = snapshot.run
    if run is None or run.closed is not None or run.id == run_id:
        return None
    return night(snapshot)


def continued(nights: Sequence[Night], new: Night) -> Night:
    """Continue the night that the same run has closed with before: what was built in it stays built."""
    before = next((n for n in nights if n.run == new.run), None)
    if before is None:
        return new
    deeds = {b: _better(before.deeds.get(b), deed) for b, deed in new.deeds.items()}
    opened = min(before.opened, new.opened)
    flaky = tuple(dict.fromkeys((*before.flaky, *new.flaky)))[:_FLAKY]
    return changed(new, opened=opened, seconds=_seconds(opened, new.closed), deeds=deeds, flaky=flaky)


def tells_more(nights: Sequence[Night], new: Night) -> bool:
    """Say whether a night holds more than the newest line of its run; a new closing time does not count."""
    before = next((n for n in nights if n.run == new.run), None)
    times = {"closed": None, "seconds": None, "epoch": 0}
    return before is None or changed(before, **times) != changed(new, **times)


def nights_of(repo: GitRepo, ledger_commit: str | None) -> tuple[Night, ...]:
    """Read the runs that a ledger knows to have ended, oldest first; of several lines of a run the newest counts."""
    found: dict[str, Night] = {}
    for number, line in enumerate(_text(repo, ledger_commit).decode("utf-8", "replace").split("\n"), 1):
        if (made := _parsed(line, number)) is not None:
            found.pop(made.run, None)
            found[made.run] = made
    return tuple(found.values())


def history(repo: GitRepo, ledger_commit: str | None, new: Night | None) -> dict[str, str]:
    """Write the history of the next ledger commit; return `{FILE: object id}`, empty where there is none.

    What is there is never rewritten, and read only where a line is added.
    """
    if new is not None:
        text = _text(repo, ledger_commit) + as_line(new)
        return {FILE: repo.run("hash-object", "-w", "--no-filters", "--stdin", stdin=text).out.strip()}
    if ledger_commit is None:
        return {}
    held = repo.run("rev-parse", "--verify", "--quiet", f"{ledger_commit}:{FILE}", ok=(0, 1, 128))
    return {FILE: held.out.strip()} if held.code == 0 else {}


def as_line(new: Night) -> bytes:
    """Write a night as its line: no spaces, no field that has its default."""
    data = {"version": new.version, **new.model_dump(mode="json", exclude_defaults=True)}
    return (json.dumps(data, separators=(",", ":"), ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _text(repo: GitRepo, ledger_commit: str | None) -> bytes:
    name = f"{ledger_commit}:{FILE}"
    return (read_objects(repo, [name])[name] or b"") if ledger_commit else b""


def _parsed(line: str, number: int) -> Night | None:
    try:
        return Night.model_validate_json(line) if line else None
    except ValidationError:  # of another version: the rest is worth reading
        log.warning("Line %d of the ledger's %s cannot be read and is left out.", number, FILE)
        return None


def _deed(snapshot: Snapshot, plan: PhasePlan, run: RunRecord, branch: Branch) -> Deed:
    record = snapshot.folded().branches.get(branch.id)
    if run.fault or (run.branches and branch.id not in run.branches):
        return _facts(plan, record, "untouched", "")
    if record is not None and record.state is State.INTEGRATED:
        return _integrated(snapshot, plan, run, branch, record)
    if record is not None and record.state in _OUT:
        why = untouched(snapshot, branch.id) or record.reason
        why = why or ("started, and no result came back" if record.state is State.RUNNING else "")
        failed = _judged_in(run, record) and record.verdict is not None and record.verdict.outcome == "failed"
        cause = "failed" if failed else record.cause  # the ledger goes on to say what first took it out
        return changed(_facts(plan, record, _OUT[record.state], why), cause=cause)
    if (needed := snapshot.first_cause(branch.id)) is not None:
        return _facts(plan, record, "blocked", f"needs {needed}, which is {snapshot.state(needed)}")
    if record is not None and _owed(run, branch, record):
        return _facts(plan, record, "waiting", f"to be rebuilt: {run.due[branch.id].why}")
    budget = obstacle(snapshot, branch.id)
    unbuilt = str(budget) if budget else "was not built"
    return _facts(plan, record, "waiting", "passed, and is not merged" if record else unbuilt)


def _owed(run: RunRecord, branch: Branch, record: BranchRecord) -> bool:
    """Say whether a run took a branch out to build it anew, and never came to it."""
    due = run.due.get(branch.id)
    return record.state is State.PENDING and due is not None and due.kind == "build"


def _judged_in(run: RunRecord, record: BranchRecord) -> bool:
    return record.verdict is not None and record.verdict.run == run.id


def _integrated(snapshot: Snapshot, plan: PhasePlan, run: RunRecord, branch: Branch, record: BranchRecord) -> Deed:
    """Describe what a run did about a branch that is in now."""
    newest = snapshot.verdicts.get(branch.id, (None,))[-1]
    if newest is not None and newest.run == run.id and newest.attempt > record.attempt:
        return _lost(plan, record, newest)
    due = run.due.get(branch.id)
    why = due.why if due else ""
    if _made_by(snapshot, run, branch, record):
        again = due is not None and (due.kind != "reuse" or _was_in(snapshot, run, branch, record))
        return _facts(plan, record, "rebuilt" if again else "built", why if again else "")
    if _judged_in(run, record):
        return _facts(plan, record, "gated", "its gates changed")
    if due is not None and due.kind == "gate":
        return _facts(plan, record, "gated", why)
    if due is not None and due.kind == "build":
        return _facts(plan, record, "waiting", f"to be rebuilt: {why}")
    return _facts(plan, record, "reused", "")


def _lost(plan: PhasePlan, record: BranchRecord, newest: Verdict) -> Deed:
    """Describe an attempt of this run that did not replace the earlier one, which stays in."""
    rejected = newest.outcome == "passed" and record.rejected == newest.attempt
    what = RULINGS["conflict"].deed if rejected else ruling_of(newest.outcome).deed
    deed = _facts(
        plan, changed(record, verdict=newest, attempt=newest.attempt, commit=newest.commit), what, record.reason
    )
    return changed(deed, cause="conflict" if rejected else "failed" if what == "isolated" else None)


def _made_by(snapshot: Snapshot, run: RunRecord, branch: Branch, record: BranchRecord) -> bool:
    """Say whether a run made the attempt that is in; gating it once more does not make it."""
    claim = snapshot.started.get(branch.id, {}).get(record.attempt)
    first = record.verdict is not None and record.verdict.gating == 1 and record.verdict.run == run.id
    return first or (claim is not None and claim.run == run.id)


def _was_in(snapshot: Snapshot, run: RunRecord, branch: Branch, record: BranchRecord) -> bool:
    """Say whether an earlier run had passed an earlier attempt."""
    verdicts = snapshot.verdicts.get(branch.id, ())
    return any(v.run != run.id and v.outcome == "passed" and v.attempt < record.attempt for v in verdicts)


def _facts(plan: PhasePlan, record: BranchRecord | None, what: What, why: str) -> Deed:
    verdict = record.verdict if record else None
    waves = [wave.validation for wave in plan.waves]
    return Deed(
        what=what,
        why=_line(why),
        attempt=record.attempt if record else 0,
        commit=_short(record.commit if record else None),
        key=_short(verdict.key if verdict else ""),
        gates=_short(sha256([verdict.gates, waves])) if verdict else "",
        base=_short(verdict.base if verdict else ""),
    )


def _better(before: Deed | None, new: Deed) -> Deed:
    kept = before is not None and new.what == "reused" and before.attempt == new.attempt
    return changed(before, usage=new.usage) if before is not None and kept and before.what in DONE else new


def _short(sha: str | None) -> str:
    return (sha or "")[:_SHORT]


def _line(text: str) -> str:
    """Bring a reason, which may come from an agent, to one short line without control characters."""
    words = clean(" ".join(text.replace(f"\n{GUTTER}", "\n").split()))
    return words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"


def _seconds(opened: str, closed: str | None) -> float | None:
    return round((moment(closed) - moment(opened)).total_seconds(), 1) if closed else None


def count(deeds: Iterable[Deed], *what: What) -> int:
    """Count the deeds that are of one of these kinds."""
    return sum(deed.what in what for deed in deeds)
