"""Define one proposal, and the state of a plan file between proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from phaseplan.forecast.improving.edits import Edit, apply
from phaseplan.forecast.simulation.network import connect, gather
from phaseplan.forecast.simulation.schedule import run, shared
from phaseplan.plan.lint.diagnostics import Path
from phaseplan.plan.lint.repair import blank, repair
from phaseplan.plan.lint.schema import validate
from phaseplan.plan.model import Branch, PhasePlan, Start
from phaseplan.plan.spans import text as time_text
from phaseplan.plan.yaml.load import Source, parse

Kind = Literal["edges", "paths", "shared", "waves", "split", "start", "agents"]
KINDS: tuple[Kind, ...] = ("edges", "paths", "shared", "waves", "split", "start", "agents")


@dataclass(frozen=True)
class Draft:
    """Hold a plan file as it would be: its text, and what it means."""

    source: Source
    text: str
    plan: PhasePlan

    def changed(self, edits: Sequence[Edit], meant: PhasePlan) -> Draft | None:
        """Return the draft after some edits; None if the new text does not mean exactly what it should."""
        draft = draft_of(self.source.file, apply(self.text, edits))
        return draft if draft is not None and draft.plan.model_dump() == meant.model_dump() else None


@dataclass(frozen=True)
class Proposal:
    """One way to make a plan better. `draft` None: in words only, for a person to carry out."""

    kind: Kind
    title: str
    why: tuple[str, ...]
    gain: str
    draft: Draft | None = None
    snippet: str = ""  # YAML to start from, where there are only words


def draft_of(file: str, text: str) -> Draft | None:
    """Parse a text as a draft; None if it is no plan."""
    source = parse(file, text)
    if source.data is None or source.diagnostics:
        return None
    plan, errors = validate(PhasePlan, source.data)
    if errors:  # what is still to be filled in changes no time
        plan, touched = repair(PhasePlan, source.data, errors)
        plan = blank(plan, touched, 0) if plan is not None else None
    return None if plan is None else Draft(source, text, plan)


def with_branch(plan: PhasePlan, path: Path, branch: Branch) -> PhasePlan:
    """Replace the branch at `("waves", i, "branches", j)` of a plan."""
    i, j = int(path[1]), int(path[3])
    branches = (*plan.waves[i].branches[:j], branch, *plan.waves[i].branches[j + 1 :])
    wave = plan.waves[i].model_copy(update={"branches": branches})
    return plan.with_(waves=(*plan.waves[:i], wave, *plan.waves[i + 1 :]))


def makespan(plan: PhasePlan, start: Start | None = None, agents: int | None = None) -> float:
    """Simulate a plan; return seconds to its end, by default with its own agents and start mode."""
    work = gather([plan])
    return run(work, connect(work, start), shared(work, agents or plan.max_parallel_agents)).makespan


def faster(before: float, after: float) -> str:
    """Describe what a change of the makespan gains."""
    if after >= before:
        return f"ends after {time_text(after)} as before"
    share = f"{100 * (1 - after / before):.0f} % sooner"
    return f"ends after {time_text(after)} instead of {time_text(before)}, {share}"
