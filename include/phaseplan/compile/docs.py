"""What a phase's page in Airflow says: the wave table and the graph."""

from __future__ import annotations

from include.phaseplan.plan.mermaid import flowchart
from include.phaseplan.plan.model import PhasePlan, Wave


def doc_md(plan: PhasePlan, *, limited: bool) -> str:
    """Markdown for the DAG's documentation.

    :param limited: whether a pool enforces max_parallel_agents.
    """
    parts = [
        f"# Phase {plan.phase}: {plan.title}",
        _facts(plan, limited),
        "| Wave | Branch | Title | Lines | Needs |\n|---|---|---|---|---|",
    ]
    parts[-1] += "".join(_rows(wave) for wave in plan.waves)
    parts.append(f"```mermaid\n{flowchart(plan)}\n```")
    parts.append(
        "A red branch: read its log, then Clear it with *Downstream* on and *Only failed* off. "
        f"From a terminal: `./phaseplan status {plan.phase}`, `./phaseplan reintegrate {plan.phase} BRANCH`."
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
    return f"Depends on {needs}; blocks {blocks}. Base `{plan.base}`; {bound}."


def _rows(wave: Wave) -> str:
    """Short names: Airflow shows the page in a narrow box."""
    return "".join(
        f"\n| {wave.wave} {wave.title} | {b.id} {b.slug} | {b.title} | {b.lines} | {', '.join(b.depends_on) or '-'} |"
        for b in wave.branches
    )
