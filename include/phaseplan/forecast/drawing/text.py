"""Draw plans as text: phases, waves, branches, and what each waits for; 100 columns are enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from phaseplan.forecast.drawing.words import size, span
from phaseplan.plan.model import PhasePlan, Wave
from phaseplan.text.clean import clean

WIDTH = 100
_SLUG = 34  # columns for a branch's short name
_ID = 8


def text(plans: Sequence[PhasePlan]) -> str:
    """Write all plans, in the order given, one blank line between them."""
    return "\n".join("".join(f"{line}\n" for line in _phase(plan)) for plan in plans)


def _phase(plan: PhasePlan) -> Iterator[str]:
    yield _between(f"Phase {plan.phase}  {clean(plan.title)}", size(plan))
    if plan.depends_on:
        yield _fit(f"│ waits for phase {', '.join(map(str, plan.depends_on))}")
    for i, wave in enumerate(plan.waves):
        last = i == len(plan.waves) - 1
        yield "│"
        yield _between(f"{'└' if last else '├'}─ Wave {wave.wave}  {clean(wave.title)}".rstrip(), span(wave.duration))
        yield from _branches(wave, " " if last else "│")


def _branches(wave: Wave, rail: str) -> Iterator[str]:
    for branch in wave.branches:
        lines = f"{branch.lines:>5} lines" if branch.lines else " " * 11
        needs = f"  ← {', '.join(map(clean, branch.depends_on))}" if branch.depends_on else ""
        name = set_cell_size(_fit(clean(branch.slug or branch.title), _SLUG), _SLUG)
        yield _fit(f"{rail}    {clean(branch.id):<{_ID}}{name} {lines}{needs}".rstrip())


def _between(left: str, right: str) -> str:
    """Make a line with text at either end; the left one is cut if both do not fit."""
    left = _fit(left, WIDTH - len(right) - 2)
    return f"{left}{' ' * (WIDTH - cell_len(left) - len(right))}{right}".rstrip()


def _fit(words: str, width: int = WIDTH) -> str:
    """Cut text to a number of columns; a cut text ends in an ellipsis."""
    return words if cell_len(words) <= width else set_cell_size(words, width - 1) + "…"
