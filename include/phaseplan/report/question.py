"""Write what a person is shown who is asked to approve, in Markdown. What plans and agents wrote is code in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from phaseplan.ledger.approval.approvals import OPENING, WHOLE, approval, members, of_wave
from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.records import State
from phaseplan.ledger.run import selection
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan, Wave
from phaseplan.report.status import BranchStatus, PhaseStatus, build_status
from phaseplan.text.markdown import code, table

_FINDINGS = 3  # of one branch
_CUT = 300  # characters of one finding or reason
_ROWS = 60  # branches in the table; the board has them all
_code = partial(code, cell=False)


@dataclass(frozen=True)
class Links:
    """Hold the addresses of pages of ours; empty: there is none."""

    board: str
    branch: Callable[[str], str]


@dataclass(frozen=True)
class Question:
    """Hold what is asked: one line, and what a person has to know to answer."""

    subject: str
    body: str


def question(snapshot: Snapshot, point: str, links: Links) -> Question:
    """Write the question of one point, of a phase as it is now."""
    plan, status = snapshot.require_open().plan, build_status(snapshot)
    asked = approval(snapshot, point)
    parts = [
        f"**Your last answer could not be taken:** {_code(asked.again)}" if asked and asked.again else "",
        _head(snapshot, plan, status, point),
        _table(plan, status, members(plan, point), links) if point != OPENING else _opening(snapshot, plan),
        "\n".join(_findings(status, members(plan, point))),
        "\n".join(_risks(plan, point)),
        _cost(plan, status, point),
        _choices(plan, point),
        f"[The phase on the board]({links.board})" if links.board else "",
    ]
    what = "begin" if point == OPENING else "approve"
    return Question(f"Phase {plan.phase}: {what} {point}?", "\n\n".join(part for part in parts if part))


def _head(snapshot: Snapshot, plan: PhasePlan, status: PhaseStatus, point: str) -> str:
    ids = members(plan, point)
    done = sum(status.branches[b].state is State.INTEGRATED for b in ids)
    where = f" at {_code(status.integration[:12])}" if status.integration else ""
    run = snapshot.require_open().run
    if point == OPENING:
        return f"Phase {plan.phase} {_code(plan.title)} is open on base {_code(run.base_name)}, {_code(run.base[:12])}."
    return f"Phase {plan.phase} {_code(plan.title)}, {point}: {done} of {len(ids)} branches are integrated{where}."


def _opening(snapshot: Snapshot, plan: PhasePlan) -> str:
    """List what agents would build."""
    chosen = selection(plan, snapshot.require_open().run)
    due = [b for b in chosen if snapshot.state(b) is not State.INTEGRATED]
    rows = [[str(plan.wave_of[b]), b, code(plan.by_id[b].title), code(_agent(plan, b))] for b in due[:_ROWS]]
    more = f"\nand {len(due) - _ROWS} more" if len(due) > _ROWS else ""
    return (
        f"Agents would build {len(due)} of {len(chosen)} branches:\n\n"
        + table(["wave", "branch", "title", "agent"], rows)
        + more
    )


def _agent(plan: PhasePlan, branch: str) -> str:
    return plan.profile_of(plan.by_id[branch]) or "none"


def _table(plan: PhasePlan, status: PhaseStatus, ids: tuple[str, ...], links: Links) -> str:
    rows = [_row(plan, status.branches[b], b, links) for b in ids[:_ROWS]]
    more = f"\nand {len(ids) - _ROWS} more" if len(ids) > _ROWS else ""
    return table(["branch", "title", "state", "attempt", "agent", "lines", "used"], rows) + more


def _row(plan: PhasePlan, branch: BranchStatus, branch_id: str, links: Links) -> list[str]:
    address = links.branch(branch_id)
    most = f" of {plan.gates.max_lines}" if plan.gates.max_lines else ""
    return [
        f"[{branch_id}]({address})" if address else branch_id,
        code(branch.title),
        str(branch.state),
        str(branch.attempt or "-"),
        code(_agent(plan, branch_id)),
        f"{branch.lines}{most}",
        str(spent_of(branch) or "-"),
    ]


def _findings(status: PhaseStatus, ids: tuple[str, ...]) -> Iterator[str]:
    """Yield what gates found, what else is to be known, and why branches are out."""
    for branch_id in ids:
        branch = status.branches[branch_id]
        lines = [str(f) for f in branch.findings[:_FINDINGS]] + list(branch.notes[:_FINDINGS])
        if branch.state is not State.INTEGRATED:
            lines.insert(0, branch.reason or str(branch.state))
        yield from (f"- {branch_id}: {_code(line[:_CUT])}" for line in lines)
    for number, wave in status.waves.items():
        if any(status.branches[b].wave == number for b in ids):
            yield from (f"- wave {number}: {_code(str(finding)[:_CUT])}" for finding in wave.findings[:_FINDINGS])


def _risks(plan: PhasePlan, point: str) -> Iterator[str]:
    """Yield the risks that the plan names."""
    for wave in plan.waves:
        if wave.conflict_risk and point in (of_wave(wave.wave), WHOLE, OPENING):
            yield f"- risk of conflicts in wave {wave.wave}, the plan says: {wave.conflict_risk}"
    claims = plan.claims
    for name, risk in (claims.risks if claims else {}).items():
        done = claims.mitigations.get(name) if claims else None
        yield f"- risk {_code(name)}: {risk}" + (f"; against it: {_code(done)}" if done else "")


def _cost(plan: PhasePlan, status: PhaseStatus, point: str) -> str:
    budgets = "".join(f"; {name}: {budget}" for name, budget in status.budgets.items()) if point == OPENING else ""
    wave = next((status.waves[w.wave] for w in plan.waves if of_wave(w.wave) == point), None)
    parts = [f"wave: {spent_of(wave)}"] if wave is not None and wave.usage else []
    parts += [f"all runs of the phase: {spent_of(status)}"] if status.usage else []
    return f"Used of models: {', '.join(parts)}." if parts else budgets.removeprefix("; ")


def _choices(plan: PhasePlan, point: str) -> str:
    """Say what each answer does."""
    if point == OPENING:
        return "**Approve**: agents begin. **Do not begin**: the run ends here; nothing is built."
    return (
        f"**Approve**: {_next(plan, point)}. **Send back**: say in `words` what is to be different; `branches` (none: "
        "all of them) and what needs them are built again in a new run, and their agents read your words. "
        "**Isolate**: `branches` are taken out by reverts, what needs them is blocked, and the others are approved."
    )


def _next(plan: PhasePlan, point: str) -> str:
    following = next((w for w in plan.waves if point == _before(plan, w)), None)
    if point == WHOLE or following is None:
        last = "phase" in plan.approve.at if plan.approve else False
        return "you are asked about the phase" if last and point != WHOLE else "the phase is complete"
    count = len(following.branches)
    return f"wave {following.wave} begins, with {count} {'branch' if count == 1 else 'branches'}"


def _before(plan: PhasePlan, wave: Wave) -> str:
    earlier = [w.wave for w in plan.waves if w.wave < wave.wave]
    return of_wave(max(earlier)) if earlier else ""
