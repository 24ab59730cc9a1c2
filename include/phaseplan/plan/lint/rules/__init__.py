"""What must hold between the values of one plan. A rule is a function from a view to findings.

`ERRORS` decide whether a plan can be carried out; `ADVICE` is only computed when a person reads it.
Rules of several plans are in `rules.campaign`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules import (
    agents,
    approvals,
    budgets,
    case,
    commands,
    delivery,
    dependencies,
    gitnames,
    ids,
    notifiers,
    overlap,
    paths,
    repository,
    reserved,
    running,
    shared,
    waves,
)
from phaseplan.plan.lint.rules.view import View

Rule = Callable[[View], Iterator[Finding]]

ERRORS: tuple[Rule, ...] = (
    ids.unique_ids,
    ids.usable_ids,
    ids.unique_tasks,
    gitnames.valid_names,
    gitnames.unique_names,
    gitnames.no_directory_clash,
    gitnames.no_version_clash,
    gitnames.not_reserved,
    reserved.not_another_name,
    dependencies.known_branches,
    dependencies.acyclic,
    dependencies.earlier_waves,
    waves.distinct_numbers,
    waves.ascending_numbers,
    paths.valid_patterns,
    paths.inside_repository,
    paths.valid_regexes,
    shared.known_branches,
    shared.declared_once,
    shared.owner_comes_first,
    agents.known_profiles,
    agents.every_branch_has_a_profile,
    notifiers.known_notifiers,
    delivery.possible_delivery,
    running.valid_schedule,
    repository.usable_repository,
)
ADVICE: tuple[Rule, ...] = (
    agents.told_what_to_build,
    approvals.has_effect,
    agents.model_is_named,
    budgets.counted,
    budgets.not_below_a_branch,
    case.git_names_apart,
    dependencies.listed_once,
    case.paths_apart,
    commands.sees_changes,
    overlap.owned_once,
    overlap.honest_risk,
    repository.no_password,
    running.cron_with_dependencies,
    running.enough_agents,
)


def check(view: View, advice: bool) -> Iterator[Finding]:
    """Yield all findings about one plan."""
    for rule in (*ERRORS, *ADVICE) if advice else ERRORS:
        yield from rule(view)
