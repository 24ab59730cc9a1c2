"""Wave numbers: distinct and ascending. Gaps are fine."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View


def distinct_numbers(view: View) -> Iterator[Finding]:
    """PP404."""
    seen: set[int] = set()
    for i, wave in enumerate(view.plan.waves):
        if wave.wave in seen:
            yield Finding("PP404", ("waves", i, "wave"), f"there are two waves {wave.wave}", "number them 1, 2, 3")
        seen.add(wave.wave)


def ascending_numbers(view: View) -> Iterator[Finding]:
    """PP405: waves run in the order of the file, so their numbers must say the same."""
    waves = view.plan.waves
    for i in range(1, len(waves)):
        if waves[i].wave < waves[i - 1].wave:
            said = f"wave {waves[i].wave} stands after wave {waves[i - 1].wave}"
            yield Finding(
                "PP405", ("waves", i, "wave"), said, "waves run in the order of the file; sort or renumber them"
            )
