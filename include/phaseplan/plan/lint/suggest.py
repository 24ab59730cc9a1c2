"""Suggest the nearest of the names that would have been right: `did you mean`."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the most similar of `names`, or None if none is similar."""
    import difflib  # only ever needed when something is wrong

    options = list(names)
    by_lower = {option.lower(): option for option in reversed(options)}
    close = difflib.get_close_matches(name.lower()[:200], by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def hint(name: str, names: Iterable[str], kind: str) -> str | None:
    """Write a hint for an unknown `name`: the nearest one, or the possible names."""
    options = list(names)
    near = nearest(name, options)
    if near is not None:
        return f"did you mean `{near}`?"
    if not options:
        return None
    shown = ", ".join(options[:8]) + (", ..." if len(options) > 8 else "")
    return f"{kind}: {shown}"
