"""Add up what a phase and a night have used and reserved, and reserve for one more attempt. Pure (decision 038)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from phaseplan.errors import Infrastructure, PhaseplanError
from phaseplan.ledger.money.usage import UNITS, Allowance, Source, Unit, Usage, summed
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import State, Verdict
from phaseplan.ledger.run import selection
from phaseplan.ledger.snapshot import Claim, Snapshot
from phaseplan.plan.budget import Budget, amount

_LEAST = 100  # part of a budget of which nothing is begun any more: an agent would not come far with less
#: States of branches for which part of a budget is set aside.
_TO_COME = (State.PENDING, State.UNFINISHED)


class BudgetHeld(Infrastructure):
    """An attempt would begin when others end: they hold what is left of a budget."""


class BudgetSpent(PhaseplanError):
    """An attempt cannot begin: a budget is spent, and no attempt of this run holds any of it."""


@dataclass(frozen=True)
class SharedBudget:
    """Hold one budget that several branches share, and what has become of it.

    :param used: what gateways have counted.
    :param usd: what is known of its price, attempt by attempt.
    :param lost: reservations of attempts that ran and whose gateways' records are lost: they count in full.
    :param held: reservations of attempts without a verdict, by branch.
    :param awaited: branches of those that this run ends, one way or another.
    """

    name: Literal["phase", "night"]
    limit: Budget
    used: Usage = field(default_factory=Usage)
    usd: float = 0.0
    lost: tuple[Allowance, ...] = ()
    held: Mapping[str, Allowance] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()

    def spent(self, unit: Unit) -> float:
        """Return what is used in one unit."""
        return (self.used.tokens if unit == "tokens" else self.usd) + _sum(self.lost, unit)

    def free(self, unit: Unit) -> float:
        """Return what may still be reserved in one unit that is limited; 0 where it is too little to begin with."""
        limit = getattr(self.limit, unit)
        left = limit - self.spent(unit) - _sum(self.held.values(), unit)
        return float(left) if left > 0 and left * _LEAST >= limit else 0.0

    def over(self, unit: Unit) -> bool:
        """Say whether nothing is left of it, even if all that is reserved comes back."""
        limit = getattr(self.limit, unit)
        return bool((limit - self.spent(unit)) * _LEAST < limit)

    @property
    def units(self) -> tuple[Unit, ...]:
        """Return the units that are limited."""
        return tuple(unit for unit in UNITS if getattr(self.limit, unit) is not None)

    @property
    def share(self) -> float:
        """Return how much of it is used, in the unit that is nearest to its end."""
        return max(self.spent(unit) / float(getattr(self.limit, unit)) for unit in self.units)

    @property
    def title(self) -> str:
        """Name it with its limits."""
        return f"the {self.name}'s budget of {self.limit}"

    @property
    def next_step(self) -> str:
        """Say what a person does who wants more of it."""
        again = "start another run, or raise" if self.name == "night" else "raise"
        return f"{again} `budget` in the plan, then Clear open_phase with Downstream on"

    @property
    def figures(self) -> str:
        """Say what is used and reserved of it."""
        used = {unit: self.spent(unit) if unit in self.units else None for unit in UNITS}
        held = {unit: _sum(self.held.values(), unit) if unit in self.units else None for unit in UNITS}
        words = f"{_amount(used)} used"
        words += f", {_amount(held)} reserved by {', '.join(self.held)}" if self.held else ""
        words += f", in this {len(self.lost)} attempts in full whose record is lost" if self.lost else ""
        unpriced = self.used.unpriced if "usd" in self.units else ""
        return words + (f", price of {unpriced} unknown" if unpriced else "")

    def __str__(self) -> str:
        return f"{self.share:.0%} of {self.title}: {self.figures}"


@dataclass(frozen=True)
class _Attempt:
    branch: str
    run: str
    usage: Usage | None = None
    lost: Allowance | None = None
    held: Allowance | None = None


def shared_budgets(snapshot: Snapshot, beginning: str = "") -> tuple[SharedBudget, ...]:
    """Return the budgets that the branches of a phase share: the phase's first, then the night's; often none.

    :param beginning: a branch of which an attempt is about to begin, so that none of its earlier ones can still run.
    """
    if isinstance(snapshot.opened, Unopened) or (budget := snapshot.opened.plan.budget) is None:
        return ()
    run, attempts = snapshot.opened.run.id, list(_attempts(snapshot, beginning))
    night = [attempt for attempt in attempts if attempt.run == run]
    found = (_shared(snapshot, "phase", budget.phase, attempts), _shared(snapshot, "night", budget.night, night))
    return tuple(budget for budget in found if budget)


def _shared(
    snapshot: Snapshot, name: Literal["phase", "night"], limit: Budget | None, attempts: list[_Attempt]
) -> SharedBudget | None:
    if limit is None:
        return None
    opened = snapshot.require_open()
    chosen = selection(opened.plan, opened.run)
    coming = {b for b in chosen if snapshot.state(b) is not State.INTEGRATED}
    held = {attempt.branch: attempt.held for attempt in attempts if attempt.held}
    own = {attempt.branch for attempt in attempts if attempt.run == opened.run.id}
    lost = tuple(attempt.lost for attempt in attempts if attempt.lost)
    usages = [attempt.usage for attempt in attempts if attempt.usage]
    used, usd = summed(usages) or Usage(), sum(usage.usd for usage in usages)
    return SharedBudget(name, limit, used, usd, lost, held, frozenset(held.keys() & (coming | own)))


def _attempts(snapshot: Snapshot, beginning: str) -> Iterator[_Attempt]:
    """Yield every attempt that has used something, or may."""
    for branch_id in sorted({*snapshot.started, *snapshot.verdicts}):
        claims, judged = snapshot.started.get(branch_id, {}), dict[int, list[Verdict]]()
        for verdict in snapshot.verdicts.get(branch_id, ()):
            judged.setdefault(verdict.attempt, []).append(verdict)
        newest = max({*claims, *judged}) if branch_id != beginning else 0
        for number in sorted({*claims, *judged}):
            kept = number in snapshot.attempts.get(branch_id, {})
            yield _attempt(branch_id, claims.get(number), judged.get(number, []), number == newest, kept)


def _attempt(branch: str, claim: Claim | None, verdicts: list[Verdict], newest: bool, kept: bool) -> _Attempt:
    """Describe one attempt: of several gatings of its work, which all name its usage, one counts.

    Without a verdict only the newest attempt of a branch can still run. One that left no work has never run.
    """
    allowance = claim.allowance if claim else None
    run = claim.run if claim else verdicts[0].run
    if verdicts:
        usage = next((v.usage for v in verdicts if v.usage is not None), None)
        began = any(v.outcome != "blocked" or v.exit_code is not None for v in verdicts)
        return _Attempt(branch, run, usage, lost=allowance if began and usage is None else None)
    if newest:
        return _Attempt(branch, run, held=allowance)
    return _Attempt(branch, run, lost=allowance if kept else None)


def reserve(snapshot: Snapshot, branch_id: str, own: Budget | None) -> Allowance | None:
    """Decide what an attempt that is about to begin may use; None where its branch shares no budget.

    That is what its own budget has left, as far as it is free in the shared ones; without a budget of its own, what is
    free divided by the branches that are still to come.

    :param own: what is left of the branch's own budget.
    :raises BudgetSpent, BudgetHeld: nothing is free.
    """
    shared = shared_budgets(snapshot, branch_id)
    if not shared or not counted(snapshot, branch_id):
        return None
    check(branch_id, shared)
    limits: dict[Unit, tuple[float | None, Source]] = {}
    for unit in UNITS:
        given = getattr(own, unit) if own else None
        found: list[tuple[float, Source]] = [] if given is None else [(given, "branch")]
        for budget in shared:
            if unit in budget.units:
                parts = 1 if given is not None else _parts(snapshot, budget, branch_id)
                found.append((budget.free(unit) / parts, budget.name))
        limits[unit] = min(found, key=lambda limit: limit[0], default=(None, "branch"))
    (tokens, tokens_of), (usd, usd_of) = limits["tokens"], limits["usd"]
    whole = None if tokens is None else max(int(tokens), 1 if tokens > 0 else 0)
    return Allowance(tokens=whole, usd=usd, tokens_of=tokens_of, usd_of=usd_of)


def check(branch_id: str, shared: tuple[SharedBudget, ...]) -> None:
    """Look whether something is free in every budget.

    :raises BudgetSpent: nothing is, and nothing will be in this run.
    :raises BudgetHeld: nothing is until an attempt that runs has ended.
    """
    empty = [budget for budget in shared if not all(budget.free(unit) for unit in budget.units)]
    for budget in empty:
        if not budget.awaited:
            raise BudgetSpent(
                f"{branch_id} is not begun: {budget.title} is spent ({budget.figures}). Next: {budget.next_step}"
            )
    for budget in empty:
        others = ", ".join(sorted(budget.awaited))
        raise BudgetHeld(f"{branch_id} waits for {others} to end: nothing of {budget.title} is free ({budget.figures})")


def obstacle(snapshot: Snapshot, branch_id: str) -> BudgetSpent | BudgetHeld | None:
    """Return what keeps an attempt of a branch from beginning in the shared budgets; None: nothing does."""
    shared = shared_budgets(snapshot, branch_id)
    try:
        if shared and counted(snapshot, branch_id):
            check(branch_id, shared)
    except (BudgetSpent, BudgetHeld) as error:
        return error
    return None


def counted(snapshot: Snapshot, branch_id: str) -> bool:
    """Say whether a gateway counts what a branch uses."""
    opened = snapshot.require_open()
    name = opened.run.agent or opened.plan.profile_of(opened.plan.by_id[branch_id])
    profile = opened.pinned.profiles.get(name or "")
    return profile is not None and profile.provider is not None


def _parts(snapshot: Snapshot, budget: SharedBudget, branch_id: str) -> int:
    """Count the branches among which what is free is divided: this one, and those that are still to come."""
    opened = snapshot.require_open()
    ids = [branch.id for branch in opened.plan] if budget.name == "phase" else selection(opened.plan, opened.run)
    coming = {b for b in ids if snapshot.state(b) in _TO_COME and b not in budget.held and counted(snapshot, b)}
    return len(coming | {branch_id})


def _sum(allowances: Iterable[Allowance], unit: Unit) -> float:
    return sum(getattr(allowance, unit) or 0 for allowance in allowances)


def _amount(values: Mapping[Unit, float | None]) -> str:
    tokens = values["tokens"]
    return amount(None if tokens is None else int(tokens), values["usd"])
