"""Check budgets that branches share: something counts what they use, and no branch may use more by itself."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.budget import Budget
from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View

_UNITS = ("tokens", "usd")


def counted(view: View) -> Iterator[Finding]:
    """PP606: report agents whose use of a model a shared budget cannot hold."""
    used = {branch.agent or view.plan.agent for _, branch in view.places}
    named = {name: view.described[name] for name in sorted(filter(None, used)) if name in view.described}
    free = [name for name, profile in named.items() if profile.provider is None]
    if view.plan.budget is None:
        return
    if free and len(free) == len(named):
        advice = "give a profile a `use:` with the secret `key`, which puts a gateway before its model"
        yield Finding("PP606", ("budget",), "no agent of this plan has a gateway: nothing is counted", advice)
        return
    for name in free:
        yield Finding("PP606", ("budget",), f"agent `{name}` has no gateway: what it uses is not counted")
    dollars = any(limit and limit.usd is not None for limit in (view.plan.budget.phase, view.plan.budget.night))
    for name, profile in named.items():
        if dollars and profile.provider is not None and not profile.has_price:
            advice = f"write `prices: {{{profile.model}: {{input: 3, output: 15}}}}` into the profile"
            unknown = f"the price of {profile.model}, of agent `{name}`, is not known: no budget in dollars holds it"
            yield Finding("PP606", ("budget",), unknown, advice)


def not_below_a_branch(view: View) -> Iterator[Finding]:
    """PP607: report a branch that may use more than all together."""
    shared = view.plan.budget
    for path, branch in view.places if shared else ():
        profile = view.described.get(branch.agent or view.plan.agent or "")
        own = branch.budget or (profile.budget if profile else None)
        for kind in ("phase", "night"):
            limit = getattr(shared, kind)
            if own and limit and (unit := _more(own, limit)):
                place: Path = (*path, "budget", unit) if branch.budget else ("budget", kind, unit)
                yield Finding("PP607", place, f"{branch.id} may use {own}, and the whole {kind} {limit}")


def _more(own: Budget, limit: Budget) -> str:
    """Return the unit in which a budget is larger than another; empty: none."""
    pairs = ((unit, getattr(own, unit), getattr(limit, unit)) for unit in _UNITS)
    return next((unit for unit, given, most in pairs if given is not None and most is not None and given > most), "")
