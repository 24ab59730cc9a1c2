"""Make values when they are asked for: a task about one branch parses its own records, not those of all branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lazily(Mapping[K, V]):
    """A mapping of which each value is made once, at the first question; two with equal values are equal."""

    def __init__(self, makers: Mapping[K, Callable[[], V]]) -> None:
        self._makers, self._made = makers, dict[K, V]()

    def __getitem__(self, key: K) -> V:
        if key not in self._made:
            self._made[key] = self._makers[key]()
        return self._made[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __repr__(self) -> str:
        return repr(dict(self))
