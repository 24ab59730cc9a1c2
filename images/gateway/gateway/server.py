"""Accept connections and hand their requests on, one after the other."""

import asyncio
from contextlib import suppress

import h11

from gateway.answers import sentence
from gateway.reverse import Gone
from gateway.talk import say
from gateway.wire import CHUNK, Lost, Wire

_MOST = 256  # connections at a time
_SILENCE = 300.0  # seconds


class Server:
    """One port."""

    def __init__(self, serve):
        self._serve = serve
        self._open = set()
        self._server = None

    async def listen(self, host, port):
        """Begin to accept; return the port."""
        # Of two sockets that may use a port again, the system may choose the same one for both.
        again = port != 0
        self._server = await asyncio.start_server(self._accept, host, port, limit=CHUNK, reuse_address=again)
        return self._server.sockets[0].getsockname()[1]

    async def close(self):
        """End every connection at once, and wait until what it has cost is counted."""
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        wire = Wire(h11.SERVER, reader, writer, _SILENCE)
        if len(self._open) >= _MOST:
            wire.close(abort=True)
            return
        self._open.add(task)
        try:
            await self._requests(wire)
        except (Gone, asyncio.CancelledError):
            wire.close(abort=True)
        except Lost as error:
            with suppress(Lost, h11.LocalProtocolError):
                await sentence(wire, error.status, f"this request cannot be read: {error}")
        except Exception as error:  # one call must not end the others; its text may hold anything
            say(f"a call failed inside the gateway: {_place(error)}")
            wire.close(abort=True)
        finally:
            self._open.discard(task)
            wire.close()

    async def _requests(self, wire):
        while isinstance(event := await wire.receive(), h11.Request):
            await self._serve(wire, event)
            if wire.http.our_state is h11.SWITCHED_PROTOCOL or not await wire.next_cycle():
                return


def _place(error):
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    where = f" in {last.tb_frame.f_code.co_name}, line {last.tb_lineno}" if last else ""
    return f"{type(error).__name__}{where}"
