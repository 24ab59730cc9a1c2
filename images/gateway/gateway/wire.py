"""Read and write one HTTP/1.1 connection through h11, with bounded memory and bounded silence."""

import asyncio
from contextlib import suppress

import h11

HEAD = 64 << 10  # bytes of a request line or status line with all headers
CHUNK = 64 << 10  # bytes read or written at once
_DISCARD = 5.0  # seconds for the rest of a body that is not wanted


class Lost(Exception):
    """The other side is gone, is silent, or does not speak HTTP.

    :param status: what a server answers to it.
    """

    def __init__(self, words, status=400):
        super().__init__(words)
        self.status = status


class Wire:
    """A connection, as its server or as its client.

    :param silence: seconds without a byte after which it counts as lost.
    """

    def __init__(self, role, reader, writer, silence):
        self.reader, self.writer, self.silence = reader, writer, silence
        self.http = h11.Connection(role, max_incomplete_event_size=HEAD)

    @property
    def gone(self):
        """Say whether the other side has closed; what it sent before does not count."""
        return self.reader.at_eof() or self.reader.exception() is not None or self.writer.is_closing()

    async def receive(self):
        """Return the next event of h11.

        :raises Lost: there is none.
        """
        try:
            while (event := self.http.next_event()) is h11.NEED_DATA:
                if self.http.they_are_waiting_for_100_continue:
                    await self.send(h11.InformationalResponse(status_code=100, headers=[]))
                async with asyncio.timeout(self.silence):
                    data = await self.reader.read(CHUNK)
                self.http.receive_data(data)
        except TimeoutError:
            raise Lost(f"silent for {self.silence:g} s", 408) from None
        except h11.RemoteProtocolError as error:
            raise Lost(f"no HTTP: {error}", error.error_status_hint) from None
        except OSError as error:
            raise Lost(error.strerror or type(error).__name__) from None
        return event

    async def send(self, *events):
        """Write events at once, at the other side's pace.

        :raises Lost: it takes nothing more.
        """
        await self.write(b"".join([self.http.send(event) or b"" for event in events]))

    async def write(self, data):
        """Write bytes, at the other side's pace."""
        try:
            self.writer.write(data)
            async with asyncio.timeout(self.silence):
                await self.writer.drain()
        except TimeoutError:
            raise Lost(f"took nothing for {self.silence:g} s") from None
        except OSError as error:
            raise Lost(error.strerror or type(error).__name__) from None

    async def next_cycle(self):
        """Make ready for the next request; say whether this connection can have one."""
        if self.http.their_state is h11.SEND_BODY:  # closed at once, a reset would eat our answer
            await self._discard()
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True

    async def _discard(self):
        with suppress(TimeoutError):
            async with asyncio.timeout(_DISCARD):
                while self.http.their_state is h11.SEND_BODY:
                    await self.receive()

    def close(self, abort=False):
        """Close; abort drops what is not written yet, so that a cut answer is not taken for a whole one."""
        if abort:
            self.writer.transport.abort()
        else:
            self.writer.close()
