"""Keep pages that were made a moment ago: ten viewers of one phase look at one page."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

_MOST = 24  # pages; one of 500 branches has a third of a megabyte
_OLDEST = 60.0  # seconds, after which words such as `3 hours ago` are written anew


@dataclass
class _Page:
    """Hold a page; its lock is held while it is made, and no other page waits for that."""

    made_at: float = float("-inf")
    content: bytes = b""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class KeptPages:
    """Hold pages by all that they depend on, the latest last."""

    _pages: OrderedDict[Hashable, _Page] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, made: Callable[[], str]) -> bytes:
        """Return a page; where several viewers ask at the same time, it is made once.

        :param key: changes whenever the page would.
        """
        page = self._page(key)
        with page.lock:
            if time.monotonic() - page.made_at > _OLDEST:
                page.content = made().encode()
                page.made_at = time.monotonic()
            return page.content

    def _page(self, key: Hashable) -> _Page:
        with self._lock:
            page = self._pages.pop(key, None) or _Page()
            self._pages[key] = page
            while len(self._pages) > _MOST:
                self._pages.popitem(last=False)
            return page
