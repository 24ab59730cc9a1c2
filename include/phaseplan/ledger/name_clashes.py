"""Find names that git cannot store side by side: `x` and `x/y`, and on some machines `X` and `x`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from phaseplan.ledger import refs
from phaseplan.ledger.records import Verdict
from phaseplan.plan.model import Branch, PhasePlan


def in_the_way(name: str, heads: Iterable[str], *, folded: bool = False) -> str | None:
    """Find the ref that keeps git from making `name`, which does not exist yet.

    :param folded: the target takes upper and lower case for the same.
    """
    wanted = _fold(name, folded)
    for other in sorted(heads):
        there = _fold(other, folded)
        if there.startswith(f"{wanted}/") or wanted.startswith(f"{there}/"):
            return other
        if folded and there == wanted and other != name:
            return other
    return None


def clashes(
    plan: PhasePlan, wanted: Iterable[str], heads: Mapping[str, str], *, folded: bool = False
) -> dict[str, str]:
    """List the names that a phase will have to make, each with the branch of the target that is in its way.

    :param wanted: ids of the branches that may be built.
    """
    names = [refs.integration(plan.phase), *(f"refs/heads/{plan.by_id[b].branch}" for b in wanted)]
    found = {}
    for name in names:
        if name not in heads and (other := in_the_way(name, heads, folded=folded)) is not None:
            found[name] = other
    for branch in (plan.by_id[b].branch for b in wanted):
        found |= _later(f"refs/heads/{branch}", heads, folded)
    return found


def _later(name: str, heads: Iterable[str], folded: bool) -> dict[str, str]:
    """Find folders in the place of a later attempt's name: `x-v2/...` where `x-v2` may have to be."""
    own = re.compile(re.escape(_fold(name, folded)) + r"-v[1-9][0-9]*")
    found = {}
    for other in heads:
        steps = other[len(name) :].split("/")
        if len(steps) > 1 and own.fullmatch(_fold(other[: len(name)] + steps[0], folded)):
            found[other[: len(name)] + steps[0]] = other
    return found


def name_of(branch: Branch, verdict: Verdict) -> str:
    """Return the ref under which a passed attempt is, or is to be, published."""
    return f"refs/heads/{verdict.name or refs.public_name(branch, verdict.attempt)}"


def _fold(name: str, folded: bool) -> str:
    return name.casefold() if folded else name
