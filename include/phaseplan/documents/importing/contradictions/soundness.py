"""Find contradictions of ties and places: packages in one directory, independence of a phase that is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.documents.importing.context import agents_of
from phaseplan.documents.importing.contradictions.trouble import clash
from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.outline.model import At, Group, Trouble
from phaseplan.plan.patterns.overlap import common_path

if TYPE_CHECKING:
    from phaseplan.plan.model import PhasePlan

Others = Iterable[tuple[Path, "PhasePlan"]]


def find(draft: Draft, others: Others = ()) -> Iterator[Trouble]:
    """Yield all of these contradictions.

    :param others: plans of other phases, with their files.
    """
    for group in draft.part.groups:
        yield from _apart(draft, group)
    yield from _ties(draft, others)


def _apart(draft: Draft, group: Group) -> Iterator[Trouble]:
    """PP909: report branches that are called separate and own one directory."""
    fact = next((s for s in draft.facts.wave(group.number).apart if not agents_of(s.value)), None)
    pairs = (
        (own, other)
        for one, another in combinations(group.units, 2)
        for own in one.owns
        for other in another.owns
        if common_path(own.value, other.value) is not None
    )
    own, other = next(pairs, (None, None)) if fact else (None, None)
    if fact is not None and own is not None and other is not None:
        alike = (u.id for u in group.units if any(common_path(o.value, own.value) for o in u.owns))
        text = f"`{fact.value[:80]}`, but {', '.join(alike)} of wave {group.number} work in {own.value}"
        yield clash(draft, "PP909", fact.line, text, other.line, "give each its own files of the package")


def _ties(draft: Draft, others: Others) -> Iterator[Trouble]:
    """PP906: report a phase that calls itself independent of one that it depends on or blocks."""
    part = draft.part
    own = part.number.value if part.number else None
    free = {tie.value: tie.line for tie in reversed(part.independent)}
    for relation, ties in (("depends on", part.depends), ("blocks", part.blocks)):
        for tie in ties:
            if tie.value is not None and tie.value in free:
                text = f"it calls itself independent of phase {tie.value}, and {relation} it"
                yield clash(draft, "PP906", free[tie.value], text, tie.line, "kept both; one is wrong")
    for path, plan in others:
        if own is not None and plan.phase != own:
            yield from _other(own, free, part.depends, path, plan)


def _other(
    own: int, free: dict[int | None, int], depends: list[At[int | None]], path: Path, plan: PhasePlan
) -> Iterator[Trouble]:
    hint = "one of the two is wrong"
    if plan.phase in free and (own in plan.depends_on or own in plan.blocks):
        tie = "depends on it" if own in plan.depends_on else "blocks it"
        text = f"phase {own} calls itself independent of phase {plan.phase}, which {tie} ({path.name})"
        yield Trouble("PP906", free[plan.phase], text, hint)
    for need in depends:
        if plan.phase == need.value and own in plan.independent_from:
            text = f"phase {own} depends on phase {plan.phase}, which calls itself independent of it ({path.name})"
            yield Trouble("PP906", need.line, text, hint)
