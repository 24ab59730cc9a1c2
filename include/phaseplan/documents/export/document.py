"""Write the document of one plan, section by section, in the style of the founding document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phaseplan.documents.export.settings import listable, plain, scriptable, settings
from phaseplan.documents.export.text import as_yaml, bullets, fence, lasting, words
from phaseplan.documents.importing.document import import_text
from phaseplan.forecast.analysis import Analysis, WaveFacts, analyse
from phaseplan.forecast.drawing.mermaid import flowchart
from phaseplan.plan.lint.schema import validate
from phaseplan.plan.model import Branch, PhasePlan, Wave
from phaseplan.plan.yaml.load import parse
from phaseplan.text.markdown import code, table


def markdown(plan: PhasePlan, whole: bool = True) -> str:
    """Write the document of a plan; importing that of one that lints without errors gives the same plan.

    If sections would be misread, such as a title `Phase 1`, the whole plan is in *Plan Settings*, which an import reads
    before all other sections.

    :param whole: False: names, titles or paths are still missing, and stay so.
    """
    if not whole:
        return document(plan, {})
    text = document(plan, settings(plan))
    return text if _read(text) == plan else document(plan, plain(plan))


def _read(text: str) -> PhasePlan | None:
    """Return the plan that a document imports as; None if there is none."""
    plan_text = import_text("plan.md", text).text
    data = parse("plan.yaml", plan_text).data if plan_text is not None else None
    return validate(PhasePlan, data)[0] if data is not None else None


def document(plan: PhasePlan, remaining_settings: dict[str, Any]) -> str:
    """Write the document, with everything that its sections do not hold in *Plan Settings*."""
    facts = analyse(plan)
    parts = [
        f"# Phase {plan.phase}{_titled(plan.title)}\n",
        "## Executive Summary\n",
        _summary(plan),
        "## Dependencies\n",
        *_dependencies(plan),
        "## Dependency Graph\n",
        fence("mermaid", flowchart(plan)),
        "## Wave Summary Table\n",
        _waves(plan, facts),
        "## Detailed Wave Plans\n",
        *(part for i, wave in enumerate(plan.waves) for part in _wave(plan, wave, facts.waves[i])),
        *_validation(plan),
        *_blocks(plan),
        *_notes("## Notes\n", plan.notes),
    ]
    if remaining_settings:
        parts += ["## Plan Settings\n", fence("yaml", as_yaml(remaining_settings))]
    return "\n".join(parts)


def _titled(title: str) -> str:
    return f": {words(title)}" if title.strip() else ""


def _summary(plan: PhasePlan) -> str:
    lines = [
        ("Phase", words(plan.title) or str(plan.phase)),
        ("Total Branches", str(len(plan.by_id))),
        ("Optimal Waves", str(len(plan.waves))),
        ("Max Parallel Agents", str(plan.max_parallel_agents)),
        *_promised(plan),
    ]
    return "".join(f"**{key}**: {value}  \n" for key, value in lines)


def _promised(plan: PhasePlan) -> Iterator[tuple[str, str]]:
    """Return the two claims that a summary begins with; all claims are in a section of their own."""
    claims = plan.claims
    if claims and claims.duration:
        beside = f" (vs {lasting(claims.sequential)} sequential)" if claims.sequential else ""
        yield "Estimated Duration", lasting(claims.duration) + beside
    if claims and claims.reduction:
        yield "Parallelization Efficiency", f"{words(claims.reduction)} time reduction"


def _dependencies(plan: PhasePlan) -> Iterator[str]:
    yield "### Phase-Level Dependencies\n"
    lists = (("Depends On", plan.depends_on), ("Blocks", plan.blocks), ("Independent From", plan.independent_from))
    yield "".join(f"- **{name}**: {', '.join(f'Phase {p}' for p in phases) or 'None'}\n" for name, phases in lists)
    if plan.claims and plan.claims.critical_path:
        yield "### Critical Path\n"
        yield f"- Internal: {' → '.join(map(words, plan.claims.critical_path))}\n"


def _waves(plan: PhasePlan, facts: Analysis) -> str:
    head = ("Wave", "Branches", "Max Parallel Agents", "Dependencies", "Total Lines")
    return table(head, ([str(f.wave), _ids(f.branches), str(f.agents), _needed(f), str(f.lines)] for f in facts.waves))


def _needed(facts: WaveFacts) -> str:
    return ", ".join(f"Wave {n}" for n in facts.needs_waves) or "None"


def _ids(ids: tuple[str, ...]) -> str:
    return ", ".join(map(words, ids)) or "None"


def _wave(plan: PhasePlan, wave: Wave, facts: WaveFacts) -> Iterator[str]:
    yield f"### Wave {wave.wave}{_titled(wave.title)}\n"
    lines = [("Start Condition", _condition(plan, wave))]
    lines += [("Duration", lasting(wave.duration, days=False))] if wave.duration else []
    lines += [("Agents Required", str(facts.agents))]
    lines += [("Conflict Risk", wave.conflict_risk.upper())] if wave.conflict_risk else []
    yield "".join(f"**{key}**: {value}  \n" for key, value in lines)
    yield "#### Agent Assignments\n"
    yield _agents(wave)
    yield "#### File Ownership\n"
    yield table(("ID", "Owned Paths"), ([words(b.id), ", ".join(map(code, b.owns))] for b in wave.branches))
    yield from _notes("#### Notes\n", wave.notes)


def _condition(plan: PhasePlan, wave: Wave) -> str:
    before = [other.wave for other in plan.waves[: plan.waves.index(wave)]]
    if not before:
        return "Immediate"
    return f"Wave {before[-1]} complete" if plan.start == "wave" else "Each branch when its dependencies are complete"


def _agents(wave: Wave) -> str:
    head = ["Agent", "ID", "Branch", "Focus Area", "Lines", "Dependencies"]
    timed = any(branch.duration for branch in wave.branches)
    rows = [_agent(branch) for branch in wave.branches]
    if timed:
        head.append("Duration")
        for row, branch in zip(rows, wave.branches, strict=True):
            row.append(lasting(branch.duration, days=False) if branch.duration else "-")
    return table(head, rows)


def _agent(branch: Branch) -> list[str]:
    label, title = words(branch.agent_label), words(branch.title)
    return [
        label,
        words(branch.id),
        code(branch.branch) if branch.branch else "",
        title,
        str(branch.lines),
        _ids(branch.depends_on),
    ]


def _notes(heading: str, notes: tuple[str, ...]) -> list[str]:
    """Write notes as a list, if a list can hold them; else they are among the settings."""
    return [heading, bullets(notes)] if notes and listable(notes) else []


def _validation(plan: PhasePlan) -> Iterator[str]:
    waves = [wave for wave in plan.waves if wave.validation and scriptable(wave.validation)]
    if waves:
        yield "## Post-Wave Validation\n"
    for wave in waves:
        yield f"### Wave {wave.wave} Validation\n"
        yield fence("bash", "\n".join(wave.validation))


def _blocks(plan: PhasePlan) -> Iterator[str]:
    """Write the parts of a plan that are exact values for a machine."""
    values = plain(plan)
    sections = (
        ("Quality Gates", "gates"),
        ("Shared Files", "shared_files"),
        ("Generated Files", "generated_files"),
        ("Claims", "claims"),
    )
    for title, key in sections:
        if key in values:
            yield f"## {title}\n"
            yield fence("yaml", as_yaml({key: values[key]}))
