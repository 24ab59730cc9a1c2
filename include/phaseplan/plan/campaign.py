"""Load all plans of one repository with their agent profiles; a fault in one plan never hides another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.engines import EngineEntry
from phaseplan.plan.lint.codes import CODES
from phaseplan.plan.lint.diagnostics import Diagnostic, Finding, in_order
from phaseplan.plan.lint.repair import blank, concerns, repair
from phaseplan.plan.lint.rules import check
from phaseplan.plan.lint.rules.agents import named
from phaseplan.plan.lint.rules.campaign import Member, cross_check
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.schema import M, findings, validate
from phaseplan.plan.lint.todos import todos
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.notifiers import NotifierProfile
from phaseplan.plan.yaml.load import Source, gc_paused, load, parse

_GROUPS = ("PP5", "PP6", "PP7")  # paths, agents, running
_NAMES = {"PP302", "PP303", "PP304", "PP305", "PP306", "PP307", "PP308", "PP309", "PP310"}
_UNKNOWN = {"PP505", "PP506"}  # a shared file's branches that do not exist have no place in any order
_LATER = {"PP206"}  # what is still to be filled in
_NO_MATTER = {code for code in CODES if code.startswith(_GROUPS)} - _UNKNOWN | _NAMES | _LATER  # to dependencies, times
NO_PATHS: frozenset[tuple[str | int, ...]] = frozenset()


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """One plan without errors, and the file it came from."""

    path: Path
    plan: PhasePlan


@dataclass(frozen=True)
class Campaign:
    """Hold the contents of the given files.

    `plans` are those without errors whose agents, if an agents file was given, are all in `profiles`;
    `diagnostics` is in order of file and line.
    """

    plans: tuple[LoadedPlan, ...]
    profiles: dict[str, AgentProfile]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        """Say whether any error keeps a plan from being carried out."""
        return any(d.is_error for d in self.diagnostics)


@dataclass(frozen=True)
class _Read:
    """Hold one plan file after reading: `plan` may be a repaired stand-in."""

    path: Path
    source: Source
    plan: PhasePlan | None
    touched: frozenset[tuple[str | int, ...]]
    problems: tuple[Diagnostic, ...]


def load_campaign(paths: Sequence[Path], agents: Path | None, notifiers: Path | None = None) -> Campaign:
    """Load plans and report all their errors, warnings and notes.

    :param notifiers: the operator's notifiers file; None: notifier names are not checked.
    """
    return _load(paths, agents, notifiers, advice=True)


def load_valid(paths: Sequence[Path], agents: Path | None, notifiers: Path | None = None) -> Campaign:
    """Load what the DAG factory needs: the plans without errors and their profiles, without computing advice."""
    return _load(paths, agents, notifiers, advice=False)


def load_reckonable(paths: Sequence[Path]) -> Campaign:
    """Load plans whose branches and dependencies are sound, for computing times, even if names, paths, agents or
    schedule are wrong. `diagnostics` has all errors, those that keep a plan out and those that do not.
    """
    return _load(paths, None, None, advice=False, harmless=harmless)


def harmless(diagnostic: Diagnostic) -> bool:
    """Say whether times and dependencies are right in spite of a diagnostic."""
    return not diagnostic.is_error or diagnostic.code in _NO_MATTER


def _load(
    paths: Sequence[Path],
    agents: Path | None,
    notifiers: Path | None,
    advice: bool,
    harmless: Callable[[Diagnostic], bool] = lambda d: not d.is_error,
) -> Campaign:
    with gc_paused():
        profiles, names, problems = load_profiles(agents)
        _, notifier_names, notifier_faults = load_notifiers(notifiers)
        problems.extend(notifier_faults)
        models = frozenset(name for name, profile in profiles.items() if profile.use)
        unnamed = {name: source.connection for name, p in profiles.items() if (source := p.unnamed_model)}
        known = partial(
            View,
            profiles=names,
            notifiers=notifier_names,
            models=models,
            unnamed=unnamed,
            described=profiles,
        )
        read = [_read(path, known, advice) for path in paths]
        for entry in read:
            problems.extend(entry.problems)
        problems.extend(_across(read, advice))
    bad = {d.file for d in problems if not harmless(d)}
    plans = [
        LoadedPlan(entry.path, blank(entry.plan, entry.touched, number))
        for number, entry in enumerate(read)
        if entry.plan and str(entry.path) not in bad and (agents is None or _has_agents(entry.plan, profiles))
    ]
    return Campaign(tuple(sorted(plans, key=lambda p: p.plan.phase)), profiles, in_order(problems))


def _has_agents(plan: PhasePlan, profiles: dict[str, AgentProfile]) -> bool:
    """Say whether every profile that a plan names could be read; if not, the agents file has the diagnostic."""
    return all(name in profiles for _, name in named(View(plan)))


def load_profiles(path: Path | None) -> tuple[dict[str, AgentProfile], frozenset[str] | None, list[Diagnostic]]:
    """Load the profiles of an agents file: valid ones by name, the names of all (None: unknown), diagnostics."""
    return _named(AgentProfile, path)


def load_notifiers(path: Path | None) -> tuple[dict[str, NotifierProfile], frozenset[str] | None, list[Diagnostic]]:
    """Load the notifiers of the operator's file: valid ones by name, the names of all (None: unknown), diagnostics."""
    return _named(NotifierProfile, path)


def load_engines(path: Path | None) -> tuple[dict[str, EngineEntry], frozenset[str] | None, list[Diagnostic]]:
    """Load the engines of the operator's file: valid ones by name, the names of all (None: unknown), diagnostics."""
    return _named(EngineEntry, path)


def _named(model: type[M], path: Path | None) -> tuple[dict[str, M], frozenset[str] | None, list[Diagnostic]]:
    """Load a file that maps names to values of one model."""
    if path is None:
        return {}, None, []
    source = load(path)
    problems = list(source.diagnostics)
    if source.data is None:
        return {}, None, problems
    valid: dict[str, M] = {}
    for name, data in source.data.items():
        value, errors = validate(model, data)
        if value is not None:
            valid[name] = value
        for finding in findings(model, data, errors):
            inside = Finding(finding.code, (name, *finding.path), finding.message, finding.hint, finding.on_key)
            problems.append(source.locations.diagnose(source.file, inside))
    return valid, frozenset(source.data), problems


def _read(path: Path, view: Callable[[PhasePlan], View], advice: bool) -> _Read:
    """Read one plan file and report all its own problems at once."""
    return _checked(path, load(path), view, advice)


def lint_text(file: str, text: str) -> tuple[Diagnostic, ...]:
    """Report the errors of a plan that is in no file."""
    return in_order(_checked(Path(file), parse(file, text), View, advice=False).problems)


def _checked(path: Path, source: Source, view: Callable[[PhasePlan], View], advice: bool) -> _Read:
    """Report all problems of a plan that was read."""
    if source.data is None:
        return _Read(path, source, None, NO_PATHS, source.diagnostics)
    plan, errors = validate(PhasePlan, source.data)
    raw = findings(PhasePlan, source.data, errors)
    touched = NO_PATHS
    if errors:
        plan, touched = repair(PhasePlan, source.data, errors)
    if plan is not None:
        raw.extend(f for f in check(view(plan), advice) if not concerns(f, touched))
    problems = (source.locations.diagnose(source.file, finding) for finding in raw)
    todo_comments = todos(source.file, source.text) if advice else ()
    return _Read(path, source, plan, touched, (*source.diagnostics, *problems, *todo_comments))


def _across(read: list[_Read], advice: bool) -> list[Diagnostic]:
    """Check the plans against each other; a plan without a readable phase is skipped."""
    members = [
        Member(i, entry.plan)
        for i, entry in enumerate(read)
        if entry.plan is not None and ("phase",) not in entry.touched
    ]
    unknown = len(members) < len(read)  # a missing phase may be in the file that cannot be read
    out: list[Diagnostic] = []
    for index, finding in cross_check(members, advice and not unknown):
        entry: Any = read[index]
        if not concerns(finding, entry.touched):
            out.append(entry.source.locations.diagnose(entry.source.file, finding))
    return out
