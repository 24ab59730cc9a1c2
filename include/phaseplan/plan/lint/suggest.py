"""`did you mean`: the nearest of the names that would have been right."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The most similar of `known`, or None when nothing is similar."""
    import difflib  # only ever needed when something is wrong

    options = list(known)
    by_lower = {option.lower(): option for option in reversed(options)}
    close = difflib.get_close_matches(name.lower()[:200], by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def hint(name: str, known: Iterable[str], kind: str) -> str | None:
    """A hint for an unknown `name`: the nearest one, or what there is to choose from."""
    options = list(known)
    near = nearest(name, options)
    if near is not None:
        return f"did you mean `{near}`?"
    if not options:
        return None
    shown = ", ".join(options[:8]) + (", ..." if len(options) > 8 else "")
    return f"{kind}: {shown}"
