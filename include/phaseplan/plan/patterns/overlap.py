"""Find a path that two gitignore patterns both match, as an example of their overlap.

Both patterns become sequences (of path parts, and each part of characters) and are walked together, breadth
first over pairs of positions, so the cost is the product of their lengths whatever the stars do.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache

_CHARACTERS = "x0_-.aA" + "".join(chr(c) for c in range(33, 127) if chr(c) != "/")
_TOKEN = re.compile(r"\\.|\[[!^]?\]?[^]]*\]|\*+|.", re.DOTALL)


def common_path(one: str, other: str) -> str | None:
    """Return a path that both patterns match, or None. Negated patterns match nothing here."""
    if one.startswith("!") or other.startswith("!") or not _prefixes_meet(_prefix(one), _prefix(other)):
        return None
    common_parts = _meet(_parts(one), _parts(other), "**", _common_part)
    return None if common_parts is None else "/".join(common_parts)


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[str, ...]:
    """Split a pattern into path parts; a directory's last part stands for its contents.

    gitignore lets `x.go` be a directory as well; authors do not mean that, so a name with an extension
    is a file here.
    """
    inside = pattern.endswith("/")
    extension = "." in pattern.rsplit("/", 1)[-1].lstrip(".")
    parts = [part for part in pattern.strip("/").split("/") if part]
    if "/" not in pattern.rstrip("/"):
        parts.insert(0, "**")
    if parts[-1] == "**":
        return (*parts, "*", "**", "*") if inside else (*parts, "*")
    return (*parts, "**", "*") if inside else tuple(parts) if extension else (*parts, "**")


@lru_cache(maxsize=4096)
def _prefix(pattern: str) -> str:
    """Return the text that every match begins with; empty for a pattern without an anchor."""
    if "/" not in pattern.rstrip("/"):
        return ""
    return re.split(r"[*?\[\\]", pattern.lstrip("/"), maxsplit=1)[0].rstrip("/")


def _prefixes_meet(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _common_part(one: str, other: str) -> str | None:
    """Return a name that two parts both match."""
    if one == other and not re.search(r"[*?\[\\]", one):
        return one
    met = _meet(_TOKEN.findall(one), _TOKEN.findall(other), "*", _common_character)
    return None if met is None else "".join(met) or "x"


@lru_cache(maxsize=4096)
def _common_character(one: str, other: str) -> str | None:
    """Return a character that two tokens both match."""
    first, second = _regex(one), _regex(other)
    literals = "".join(token[-1] for token in (one, other) if not token.startswith(("[", "?")))
    return next((c for c in literals or _CHARACTERS if first.fullmatch(c) and second.fullmatch(c)), None)


@lru_cache(maxsize=4096)
def _regex(token: str) -> re.Pattern[str]:
    if token == "?":
        return re.compile("[^/]")
    if token.startswith("[") and len(token) > 2:
        body = token[1:-1]
        negated = body[0] in "!^"
        inner = (body[1:] if negated else body).replace("[", "\\[").replace("]", "\\]")
        try:
            return re.compile(f"[{'^' if negated else ''}{inner}]")
        except re.error:
            return re.compile(r"(?!)")
    return re.compile(re.escape(token[-1]))


def _meet(
    one: Sequence[str], other: Sequence[str], star: str, common: Callable[[str, str], str | None]
) -> list[str] | None:
    """Return the shortest sequence that both match; `star` matches any number of items, also none."""
    todo: deque[tuple[int, int, tuple[str, ...]]] = deque([(0, 0, ())])
    visited = {(0, 0)}
    while todo:
        i, j, written = todo.popleft()
        if i == len(one) and j == len(other):
            return list(written)
        for step in _steps(one, other, i, j, star, common):
            if step[:2] not in visited:
                visited.add(step[:2])
                todo.append((step[0], step[1], written if step[2] is None else (*written, step[2])))
    return None


def _steps(
    one: Sequence[str], other: Sequence[str], i: int, j: int, star: str, common: Callable[[str, str], str | None]
) -> list[tuple[int, int, str | None]]:
    """List where the walk can go from one pair of positions, and what each step writes."""
    steps: list[tuple[int, int, str | None]] = []
    first = one[i] if i < len(one) else None
    second = other[j] if j < len(other) else None
    stars = (_is_star(first, star), _is_star(second, star))
    if stars[0]:
        steps.append((i + 1, j, None))
        if second is not None and not stars[1] and (text := common(second, second)) is not None:
            steps.append((i, j + 1, text))
    if stars[1]:
        steps.append((i, j + 1, None))
        if first is not None and not stars[0] and (text := common(first, first)) is not None:
            steps.append((i + 1, j, text))
    if first is not None and second is not None and not any(stars) and (both := common(first, second)) is not None:
        steps.append((i + 1, j + 1, both))
    return steps


def _is_star(item: str | None, star: str) -> bool:
    return item is not None and (item == star or (star == "*" and item.strip("*") == ""))
