"""Find contradictions outside the numbers: packages in one directory, gates that cannot fail, ties between phases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

from phaseplan.documents.importing.context import agents_of
from phaseplan.documents.importing.contradictions.disagreements import place
from phaseplan.documents.importing.draft import Draft, DraftWave
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.outline.model import Trouble
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.overlap import common_path

_BAD = re.compile(  # as a word of its own: `hideSecret` and `aria-invalid` are names that ought to be there
    r"(?<![\w-])(?:circular|cycl(?:e|ic)s?|errors?|fail(?:s|ed|ures?)?|panics?|todo|fixme|conflicts?|warn(?:s|ings?)?|unused|"
    r"vulnerab\w*|forbidden|races?|deprecated|missing|broken|leak(?:s|ed)?|invalid|secrets?|passwords?)(?![\w-])|<<<",
    re.IGNORECASE,
)
_FILE = re.compile(r"(?<![\w/])(?:[\w.-]+/)*[\w-]+\.(?!\.)\w{1,6}\s*$")
_GREP = re.compile(r"\s*(?:e|f|z|r)?grep\b(?P<rest>.*)", re.DOTALL)
_IDLE = re.compile(
    r"(?:git (?:status|log|branch|show)|git diff(?!.*(?:--exit-code|--quiet|--check))|ls|cat|pwd|true|find|tree|wc)\b",
    re.IGNORECASE,
)


def find(draft: Draft, others: Iterable[tuple[Path, PhasePlan]] = ()) -> Iterator[Trouble]:
    """Yield all of these contradictions.

    :param others: plans of other phases, with their files.
    """
    for wave in draft.waves:
        yield from _apart(draft, wave)
        for check in wave.statements.checks:
            why = fault(check.value)
            if why is not None:
                hint = (
                    "left out of validate, as a TODO"
                    if inverted(check.value)
                    else "kept; say what is to fail, for example make generate && git diff --exit-code"
                )
                yield Trouble("PP910", check.line, f"`{check.value}` {why}", hint)
    yield from _ties(draft, others)


def inverted(command: str) -> bool:
    """Say whether a command succeeds exactly when it finds something bad."""
    if re.search(r"&&|\|\||^\s*!|\bif\b", command):
        return False
    match = _GREP.fullmatch(re.split(r"(?<!\|)\|(?!\|)", command)[-1])
    if match is None or re.search(r"(?:^|\s)(?:-\w*[vL]\w*|--invert-match|--files-without-match)\b", match["rest"]):
        return False
    asks_one_file = _FILE.search(match["rest"]) and not re.search(r"TODO|FIXME|<<<", match["rest"], re.IGNORECASE)
    return _BAD.search(match["rest"]) is not None and not asks_one_file


def fault(command: str) -> str | None:
    """Return why a command is no gate; None if it may be one."""
    if inverted(command):
        return "passes when it finds what should not be there, and fails when it finds nothing"
    if re.search(r"(?:\|\||;)\s*(?:true|:|echo\b.*)\s*$", command):
        return "passes whatever comes before its last command"
    return "passes whatever it finds" if _IDLE.match(command) and not re.search(r"\||&&", command) else None


def _apart(draft: Draft, wave: DraftWave) -> Iterator[Trouble]:
    """PP909: report branches that are called separate and own one directory."""
    fact = next((s for s in wave.statements.apart if not agents_of(s.value)), None)
    if fact is None:
        return
    for one, other in combinations(wave.branches, 2):
        for own_path in one.owns:
            for other_path in other.owns:
                if common_path(own_path.value, other_path.value) is not None:
                    alike = [b for b in wave.branches if any(common_path(o.value, own_path.value) for o in b.owns)]
                    ids = ", ".join(b.id for b in alike)
                    text = f"`{fact.value[:80]}`, but {ids} of wave {wave.number} work in {own_path.value}"
                    yield Trouble(
                        "PP909",
                        fact.line,
                        f"{text} ({place(draft, other_path.line)})",
                        "give each its own files of the package",
                    )
                    return


def _ties(draft: Draft, others: Iterable[tuple[Path, PhasePlan]]) -> Iterator[Trouble]:
    """PP906: report a phase that calls itself independent of one that it depends on or blocks."""
    facts = draft.facts
    free = {phase: fact for fact in reversed(facts.independent) for phase in fact.value}
    for relation, tied in (("depends on", facts.depends), ("blocks", facts.blocks)):
        for fact in tied:
            for phase in fact.value:
                if phase in free and (draft.phase is None or phase != draft.phase.value):
                    text = f"it calls itself independent of phase {phase}, and {relation} it"
                    yield Trouble(
                        "PP906", free[phase].line, f"{text} ({place(draft, fact.line)})", "kept both; one is wrong"
                    )
    own = draft.phase.value if draft.phase else None
    for path, plan in others:
        if own is not None and plan.phase != own:
            yield from _other(own, free, facts.depends, path, plan)


def _other(
    own: int, free: dict[int, Said[tuple[int, ...]]], depends: list[Said[tuple[int, ...]]], path: Path, plan: PhasePlan
) -> Iterator[Trouble]:
    if plan.phase in free and (own in plan.depends_on or own in plan.blocks):
        tie = "depends on it" if own in plan.depends_on else "blocks it"
        yield Trouble(
            "PP906",
            free[plan.phase].line,
            f"phase {own} calls itself independent of phase {plan.phase}, which {tie} ({path.name})",
            "one of the two is wrong",
        )
    for fact in depends:
        if plan.phase in fact.value and own in plan.independent_from:
            yield Trouble(
                "PP906",
                fact.line,
                f"phase {own} depends on phase {plan.phase}, which calls itself independent of it ({path.name})",
                "one of the two is wrong",
            )
