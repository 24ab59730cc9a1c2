"""Find what an outline says that cannot be right: names of another phase or wave, names given twice, idle gates."""

from __future__ import annotations

from phaseplan.documents.importing.words import slug
from phaseplan.documents.outline.commands import fault, inverted
from phaseplan.documents.outline.model import Group, Outline, Part, Trouble, Unit

KEPT = "kept; say what is to fail, for example make generate && git diff --exit-code"


def check(outline: Outline) -> None:
    """Add what is found to the outline's troubles."""
    first: dict[str, Unit] = {}
    for part in outline.parts:
        for group in part.groups:
            for command in group.checks:
                if (why := fault(command.value)) is not None:
                    hint = "left out of validate, as a TODO" if inverted(command.value) else KEPT
                    outline.troubles.append(Trouble("PP910", command.line, f"`{command.value}` {why}", hint))
            for unit in group.units:
                _name(outline, part, group, unit, first)


def _name(outline: Outline, part: Part, group: Group, unit: Unit, first: dict[str, Unit]) -> None:
    if unit.name is None:
        return
    name, line = unit.name.value, unit.name.line
    phase, wave, _ = slug(name)
    if wave is not None and group.word in ("wave", "phase") and wave != group.number:
        where = unit.wave.line if unit.wave else group.line
        message = f"the name of {unit.id}, {name}, says wave {wave}; it is in wave {group.number} (line {where})"
        outline.troubles.append(Trouble("PP903", line, message, f"took wave {group.number}; the name stays"))
    if phase is not None and part.number is not None and phase != part.number.value:
        message = f"the name of {unit.id}, {name}, says phase {phase}; this is phase {part.number.value}"
        outline.troubles.append(Trouble("PP903", line, message, "the name stays"))
    other = first.setdefault(name, unit)
    if other is not unit:
        message = f"{unit.id} and {other.id} have one git name, {name}"
        outline.troubles.append(Trouble("PP913", line, message, "give each its own"))
