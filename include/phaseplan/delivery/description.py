"""Write title and description of a pull request from plan and ledger; nothing that others wrote acts in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.ledger.money.spending import spending
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.text.markdown import harmless, title

_END = "<!-- /phaseplan -->"
_MOST = 50_000  # characters: GitHub takes 65,536, and people write around it
_ROWS = 300  # branches in the table
_COMMANDS = 30
_FINDINGS = 3  # of one branch


def title_of(plan: PhasePlan) -> str:
    """Return the title."""
    return title(f"Phase {plan.phase}: {plan.title}")


def description_of(snapshot: Snapshot, plan: PhasePlan, work: str) -> str:
    """Return our part of the description, between two marks by which it is found again."""
    parts = [mark_of(plan.phase, work), *_parts(snapshot, plan)]
    text = "\n\n".join(parts)
    return f"{text[:_MOST].rpartition(chr(10))[0] if len(text) > _MOST else text}\n\n{_END}"


def mark_of(phase: int, work: str) -> str:
    """Return the line that our part begins with."""
    return f"<!-- phaseplan phase-{phase} work:{work} -->"


def work_in(phase: int, description: str) -> str:
    """Return which work a description of ours is about; empty: it is not ours, or of another phase."""
    match = re.search(rf"<!-- phaseplan phase-{phase} work:([0-9a-f]{{16}}) -->", description)
    return match[1] if match else ""


def replaced(before: str, new: str, phase: int) -> str:
    """Put our part into a description: what people wrote around it stays."""
    text = before.replace("\r\n", "\n")
    begin = re.search(rf"<!-- phaseplan phase-{phase} work:[0-9a-f]{{16}} -->", text)
    if begin is None:
        return f"{text.rstrip()}\n\n{new}" if text.strip() else new
    _, mark, after = text[begin.start() :].partition(_END)
    return text[: begin.start()] + new + (after if mark else "")


def _parts(snapshot: Snapshot, plan: PhasePlan) -> Iterator[str]:
    run = snapshot.require_open().run
    count = sum(1 for _ in plan)
    yield f"**Phase {plan.phase}: {harmless(plan.title)}** is complete: {count} branches, merged and gated together."
    yield _facts(snapshot, plan)
    rows = [_row(snapshot, plan, branch) for branch in plan]
    more = [f"\n\nand {len(rows) - _ROWS} more branches"] if len(rows) > _ROWS else []
    head = "| Branch | What | Agent | Attempt | Lines | Verdict |\n|---|---|---|---|---|---|"
    yield "\n".join([head, *rows[:_ROWS], *more])
    if remarks := [line for branch in plan for line in _remarks(snapshot, branch)][:_ROWS]:
        yield "\n".join(["What the gates noted:", *remarks])
    yield "\n".join(["How it was tested, each command in a fresh container without network:", *_tests(plan)])
    yield f"Run `{re.sub(r'[^A-Za-z0-9_.:+-]', '?', run.id)}` wrote this part; the next run writes it anew."


def _facts(snapshot: Snapshot, plan: PhasePlan) -> str:
    ledger = snapshot.require_open().ledger
    lines = [f"- commit {ledger.integration or ''}, on top of {ledger.run.base if ledger.run else ''}"]
    if spent := spending(snapshot, plan).phase:
        lines.append(f"- used in all runs: {harmless(str(spent))}")
    return "\n".join(lines)


def _row(snapshot: Snapshot, plan: PhasePlan, branch: Branch) -> str:
    record = snapshot.record(branch.id)
    verdict = record.verdict if record else None
    agent = ("a person" if verdict.source == "person" else verdict.agent) if verdict else ""
    state = str(record.state) if record else "pending"
    cells = (
        branch.id,
        branch.title,
        agent,
        f"{record.attempt if record else 0} of {plan.attempts}" if agent != "a person" else "",
        str(verdict.lines) if verdict and verdict.lines else "",
        f"{state}, {len(verdict.findings)} findings" if verdict and verdict.findings else state,
    )
    return f"| {' | '.join(harmless(cell, 120) for cell in cells)} |"


def _remarks(snapshot: Snapshot, branch: Branch) -> Iterator[str]:
    record = snapshot.record(branch.id)
    verdict: Verdict | None = record.verdict if record else None
    words = [*map(str, verdict.findings), *verdict.notes] if verdict else []
    for text in words[:_FINDINGS]:
        yield f"- {harmless(branch.id)}: {harmless(text)}"
    if len(words) > _FINDINGS:
        yield f"- {harmless(branch.id)}: and {len(words) - _FINDINGS} more"


def _tests(plan: PhasePlan) -> Iterator[str]:
    """List the commands that every branch, and every wave after its merge, has passed."""
    listed = [f"- each branch: {harmless(command)}" for command in plan.gates.commands]
    for wave in plan.waves:
        listed += [f"- wave {wave.wave}, merged: {harmless(command)}" for command in wave.validation]
    yield from listed[:_COMMANDS]
    if len(listed) > _COMMANDS:
        yield f"- and {len(listed) - _COMMANDS} more commands"
    if plan.gates.max_lines:
        yield f"- each branch: at most {plan.gates.max_lines} added lines"
    yield f"- each branch: paths {'owned' if plan.gates.ownership == 'enforce' else 'not checked'}, no hostile content"
