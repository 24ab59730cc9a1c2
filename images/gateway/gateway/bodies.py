"""Take in request bodies, which are kept until they are answered, in bounded memory."""

import asyncio
from contextlib import asynccontextmanager

import h11

from gateway.headers import value_of

LONGEST = 64 << 20  # bytes of one body, and of all that are held at a time


class TooLong(Exception):
    """A body is longer than the gateway lets through."""


class Bodies:
    """The bodies of the calls under way. One that does not fit beside the others waits."""

    def __init__(self, most=LONGEST):
        self._most = self._free = most
        self._room = asyncio.Condition()

    @asynccontextmanager
    async def of(self, wire, headers):
        """Yield the body of a request that is being received.

        :raises TooLong: it is longer than all room there is.
        :raises Lost: it does not come to its end.
        """
        length = value_of(headers, b"content-length")
        size = int(length) if length else self._most if value_of(headers, b"transfer-encoding") else 0
        if size > self._most:
            raise TooLong
        await self._take(size)
        try:
            body = bytearray()
            while isinstance(event := await wire.receive(), h11.Data):
                body += event.data
                if len(body) > self._most:
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
