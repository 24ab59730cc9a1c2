"""Check wave numbers: distinct and ascending. Gaps are fine."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View


def distinct_numbers(view: View) -> Iterator[Finding]:
    """PP404: report two waves with the same number."""
    numbers: set[int] = set()
    for i, wave in enumerate(view.plan.waves):
        if wave.wave in numbers:
            yield Finding("PP404", ("waves", i, "wave"), f"there are two waves {wave.wave}", "number them 1, 2, 3")
        numbers.add(wave.wave)


def ascending_numbers(view: View) -> Iterator[Finding]:
    """PP405: report waves whose numbers do not ascend in the file, which is the order of their run."""
    waves = view.plan.waves
    for i in range(1, len(waves)):
        if waves[i].wave < waves[i - 1].wave:
            message = f"wave {waves[i].wave} stands after wave {waves[i - 1].wave}"
            yield Finding(
                "PP405", ("waves", i, "wave"), message, "waves run in the order of the file; sort or renumber them"
            )
