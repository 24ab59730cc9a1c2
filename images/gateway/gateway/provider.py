"""Ask the provider: connections that are used again, its address, the real key."""

import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from gateway import headers
from gateway.decoding import Packed, Plain, Unknown, Unreadable, decoder
from gateway.faults import status_of
from gateway.upstream import Untrusted
from gateway.wire import CHUNK, Lost, Wire

__all__ = ["Answer", "Provider", "Untrusted"]

_IDLE = 20.0  # seconds for which a connection is kept
_KEPT = 16  # connections
_ERROR = 64 << 10  # bytes of an error that are kept
_VERSION = re.compile(r"/v\d\w*$")


@dataclass
class Answer:
    """An answer whose head has come.

    :param body: of an error, whole or its beginning; None if the body is still to be read from `wire`.
    """

    status: int
    headers: list
    wire: Wire
    unpack: Plain | Packed | Unknown
    body: bytes | None = None

    @property
    def meaning(self):
        """Return the status, or the one that an error really means."""
        return status_of(self.status, self.body) if self.body is not None else self.status


class Provider:
    """The provider of the attempt's model."""

    def __init__(self, policy, key, upstream):
        url = urlsplit(policy.base_url)
        self.name = url.netloc
        self._host, self._base = url.hostname, url.path.rstrip("/")
        self._tls, self._upstream = url.scheme == "https", upstream
        self._port = url.port or (443 if self._tls else 80)
        self._key, self._credential = key, headers.credential(policy.kind, key)
        self._silence = policy.silence
        self._idle = []

    async def ask(self, method, target, given, body):
        """Ask once, and return the answer when its head is there.

        :raises Lost: no head came.
        :raises Untrusted: another server is at its address.
        :raises Unreadable: it is packed in a way that is not known.
        """
        while self._idle:
            since, wire = self._idle.pop()
            if wire.gone or time.monotonic() - since > _IDLE:
                wire.close()
                continue
            try:
                return await self._exchange(wire, method, target, given, body)
            except Lost:
                continue  # the provider closed it while it was idle
        return await self._exchange(await self._connect(), method, target, given, body)

    async def release(self, wire):
        """Keep a connection whose answer has come to its end."""
        if len(self._idle) < _KEPT and await wire.next_cycle():
            self._idle.append((time.monotonic(), wire))
        else:
            wire.close()

    async def _connect(self):
        reader, writer = await self._upstream.reach(self._host, self._port, tls=self._tls)
        return Wire(h11.CLIENT, reader, writer, self._silence)

    async def _exchange(self, wire, method, target, given, body):
        try:
            await self._send(wire, method, target, given, body)
            while isinstance(event := await wire.receive(), h11.InformationalResponse):
                continue
            if not isinstance(event, h11.Response):
                raise Lost("closed without an answer")
            answer = _answer(event, wire)
            if answer.status >= 300:
                await self._take(answer)
            elif answer.unpack.fault:
                raise Unreadable(answer.unpack.fault)
            return answer
        except BaseException:
            wire.close(abort=True)
            raise

    async def _send(self, wire, method, target, given, body):
        own = [(b"host", self.name.rpartition("@")[2].encode()), (b"accept-encoding", b"identity"), self._credential]
        if method == "POST":
            own.append((b"content-length", str(len(body)).encode()))
        path = target
        if _VERSION.search(self._base):  # the address has its version in it, and the agent says one too
            path = "/" + target.split("/", 2)[2]
        request = h11.Request(method=method, target=(self._base + path).encode(), headers=own + headers.asked(given))
        await wire.send(request)
        view = memoryview(body)
        try:
            for begin in range(0, len(body), CHUNK):
                await wire.send(h11.Data(data=view[begin : begin + CHUNK]))
            await wire.send(h11.EndOfMessage())
        except Lost:
            if wire.reader.exception() is not None:
                raise
            # It may have answered before it had read everything.

    async def _take(self, answer):
        """Read an error to its end, and keep its beginning, which ends with no part of the key."""
        body, redactor = bytearray(), headers.Redactor(self._key)
        while isinstance(event := await answer.wire.receive(), h11.Data):
            if len(body) < _ERROR:
                for piece in answer.unpack.feed(event.data):
                    body += redactor.feed(piece)[: _ERROR - len(body)]
        answer.body = bytes(body + redactor.rest()[: _ERROR - len(body)])
        await self.release(answer.wire)


def _answer(event, wire):
    """Return an answer of which the head has come, as one that is not packed."""
    unpack = decoder(headers.value_of(event.headers, b"content-encoding"))
    dropped = (b"content-encoding", b"content-length") if unpack.packed else ()
    return Answer(event.status_code, [pair for pair in event.headers if pair[0] not in dropped], wire, unpack)
