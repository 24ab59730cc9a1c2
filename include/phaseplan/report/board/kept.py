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
class KeptPages:
    """Hold pages by all that they depend on, the latest last."""

    _pages: OrderedDict[Hashable, tuple[float, bytes]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, made: Callable[[], str]) -> bytes:
        """Return a page, made by one of those who ask for it at the same time.

        :param key: changes whenever the page would.
        """
        with self._lock:
            at, page = self._pages.pop(key, (0.0, b""))
            if not page or time.monotonic() - at > _OLDEST:
                at, page = time.monotonic(), made().encode()
            self._pages[key] = (at, page)
            while len(self._pages) > _MOST:
                self._pages.popitem(last=False)
            return page
