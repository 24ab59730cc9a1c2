"""Compare a night with the one before, and tell what is new in a few lines of plain text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.records import Deed, Night, What
from phaseplan.ledger.run_history import DONE
from phaseplan.ledger.run_note import WORDS, counts

_NEW: tuple[What, ...] = ("built", "rebuilt")  # work that was not there the night before
_LINES = 20  # branches that are named


def is_news(night: Night, before: Night | None) -> bool:
    """Say whether anything is another than the night before: new work, a branch's state, or how the phase stands."""
    if before is None or (night.complete, bool(night.fault)) != (before.complete, bool(before.fault)):
        return True
    if night.deeds.keys() != before.deeds.keys() or night.flaky:
        return True
    return any(_changed(deed, before.deeds[branch]) for branch, deed in night.deeds.items())


def news(title: str, night: Night, before: Night | None) -> str:
    """Write a night as a digest: how the phase stands, what is new, and what is still out.

    :param title: what the phase is called.
    """
    done = sum(deed.what in DONE for deed in night.deeds.values())
    state = "complete" if night.complete else "could not begin" if night.fault else "not complete"
    lines = [f"{title}: {state}, {done} of {len(night.deeds)} branches integrated ({counts(night)})"]
    if night.fault:
        lines.append(night.fault)
    branches = list(_branches(night, before))
    lines += [f"- {line}" for line in branches[:_LINES]]
    lines += [f"- and {len(branches) - _LINES} more"] if len(branches) > _LINES else []
    lines += [f"- flaky gate of {finding}" for finding in night.flaky]
    lines += [f"- {budget}" for budget in night.budgets]
    if (spent := spent_of(night)) is not None:
        lines.append(f"Used in this run: {spent}.")
    return "\n".join(lines)


def _branches(night: Night, before: Night | None) -> Iterator[str]:
    """Tell of branches that changed first, then of those that are out as they were."""
    known = before.deeds if before else {}
    fresh = {b: d for b, d in night.deeds.items() if b not in known or _changed(d, known[b])}
    for branch, deed in fresh.items():
        was = known.get(branch)
        if deed.what in DONE and deed.what not in _NEW and was is None:
            continue  # a first look at a phase that has gone on for long: what is in is counted above
        from_ = f" (was {WORDS[was.what]})" if was is not None and _state(was) != _state(deed) else ""
        yield f"{branch} {WORDS[deed.what]}{from_}" + (f": {deed.why}" if deed.why else "")
    for branch, deed in night.deeds.items():
        if branch not in fresh and deed.what not in DONE:
            yield f"{branch} still {WORDS[deed.what]}" + (f": {deed.why}" if deed.why else "")


def _changed(deed: Deed, was: Deed) -> bool:
    return deed.what in _NEW or _state(deed) != _state(was)


def _state(deed: Deed) -> str:
    """Return what counts as one state: a branch that is in is in, however it came there."""
    return "in" if deed.what in DONE else deed.what
