"""Take in request bodies, which are kept until they are answered, in bounded memory."""

import asyncio
from contextlib import asynccontextmanager

import h11

from gateway.headers import value_of

LONGEST = 64 << 20  # bytes of one body, and of all that are held at a time
_LEAST = 4 << 20
_OURS = 40 << 20  # bytes of memory that are not for bodies
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class TooLong(Exception):
    """A body is longer than the gateway lets through."""


def room(limits=_LIMITS):
    """Return how many bytes of bodies fit into the memory that this container has, twice: one may be copied."""
    for path in limits:
        try:
            with open(path, encoding="ascii") as file:
                return max(_LEAST, min(LONGEST, (int(file.read()) - _OURS) // 2))
        except (OSError, ValueError):  # another kind of kernel, or no limit
            continue
    return LONGEST


class Bodies:
    """The bodies of the calls under way. One that does not fit beside the others waits."""

    def __init__(self, most):
        self.most = self._free = most
        self._room = asyncio.Condition()

    @asynccontextmanager
    async def of(self, wire, headers):
        """Yield the body of a request that is being received.

        :raises TooLong: it is longer than all the room there is.
        :raises Lost: it does not come to its end.
        """
        length = value_of(headers, b"content-length")
        size = int(length) if length else self.most if value_of(headers, b"transfer-encoding") else 0
        if size > self.most:
            raise TooLong
        await self._take(size)
        try:
            body = bytearray()
            while isinstance(event := await wire.receive(), h11.Data):
                body += event.data
                if len(body) > self.most:
                    raise TooLong
            await self._give(size - len(body))
            size = len(body)
            yield body
        finally:
            await self._give(size)

    async def _take(self, size):
        async with self._room:
            await self._room.wait_for(lambda: self._free >= size)
            self._free -= size

    async def _give(self, size):
        async with self._room:
            self._free += size
            self._room.notify_all()
