"""Write the page of a phase in Airflow: the wave table and the graph."""

from __future__ import annotations

import re
import textwrap

from phaseplan.plan.model import DEPENDENCIES, Branch, PhasePlan, Wave
from phaseplan.text.program import PROGRAM

WIDTH = 48  # characters of code that fit into Airflow's box for documentation
_NAME = 30  # characters a branch may take before what it needs
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|])")


def doc_md(plan: PhasePlan, *, limited: bool, board: str = "") -> str:
    """Write Markdown for the DAG's documentation.

    :param limited: whether a pool enforces max_parallel_agents.
    :param board: address of the phase on the board; empty: this Airflow does not know its own.
    """
    parts = [
        f"# Phase {plan.phase}: {_cell(plan.title)}",
        *([f"[The phase on the board]({board})"] if board else []),
        _facts(plan, limited),
        f"```text\n{_drawing(plan)}\n```",
        "| Wave | Branch | Title | Lines | Needs |\n|---|---|---|---|---|",
    ]
    parts[-1] += "".join(_rows(wave) for wave in plan.waves)
    parts.append(
        "A red branch: read its log, then Clear it with *Downstream* on and *Only failed* off. "
        f"From a terminal: `{PROGRAM} status {plan.phase}`, `{PROGRAM} reintegrate {plan.phase} BRANCH`."
    )
    return "\n\n".join(parts)


def _facts(plan: PhasePlan, limited: bool) -> str:
    needs = ", ".join(f"phase {p}" for p in plan.depends_on) or "nothing"
    blocks = ", ".join(f"phase {p}" for p in plan.blocks) or "nothing"
    bound = (
        f"at most {plan.max_parallel_agents} agents at once"
        if limited
        else f"the limit of {plan.max_parallel_agents} agents is **not enforced**: the Phaseplan plugin is not loaded"
    )
    base = f"what {needs} integrated" if plan.base_name == DEPENDENCIES else f"`{plan.base_name}`"
    return f"Depends on {needs}; blocks {blocks}. Base: {base}; {bound}."


def _rows(wave: Wave) -> str:
    """Write the rows of the table with short names: Airflow shows the page in a narrow box."""
    return "".join(
        f"\n| {wave.wave} {_cell(wave.title)} | {b.id} {b.slug} | {_cell(b.title)} | {b.lines or '-'} "
        f"| {', '.join(b.depends_on) or '-'} |"
        for b in wave.branches
    )


def _cell(text: str) -> str:
    """Escape a plan's words inside a table: neither a new cell nor markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _drawing(plan: PhasePlan) -> str:
    """Draw waves, branches, and what each needs, in plain text: Airflow draws no mermaid."""
    names = min(_NAME, max(len(f"├─ {b.id} {b.slug}") for b in plan))
    return "\n\n".join(_drawn_wave(wave, names) for wave in plan.waves)


def _drawn_wave(wave: Wave, names: int) -> str:
    head = f"Wave {wave.wave}: {wave.title}" if wave.title else f"Wave {wave.wave}"
    lines = [textwrap.shorten(head, WIDTH, placeholder=" …")]
    for branch in wave.branches:
        lines += _drawn_branch(branch, names, last=branch is wave.branches[-1])
    return "\n".join(lines)


def _drawn_branch(branch: Branch, names: int, *, last: bool) -> list[str]:
    name = f"{'└' if last else '├'}─ {branch.id} {branch.slug}"
    name = name if len(name) <= names else f"{name[: names - 1]}…"
    needs = textwrap.wrap(" ".join(branch.depends_on), WIDTH - names - 4) or [""]
    below = " " if last else "│"
    first = f"{name:<{names}}  ◄ {needs[0]}" if needs[0] else name
    return [first, *(f"{below:<{names}}    {line}" for line in needs[1:])]
