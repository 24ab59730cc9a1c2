"""Let an agent reach the hosts of its profile: CONNECT, and plain HTTP."""

import asyncio
from urllib.parse import urlsplit

import h11

from gateway import headers
from gateway.addresses import Refused, Unresolved, split
from gateway.answers import sentence
from gateway.upstream import Untrusted
from gateway.wire import CHUNK, Lost, Wire

_CONNECT = 15.0  # seconds
_SILENCE = 900.0
_PLAIN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # of plain HTTP, what a proxy is asked


class Forward:
    """The side of the gateway that the agent takes for its proxy."""

    def __init__(self, egress, account, upstream):
        self._egress, self._account, self._upstream = egress, account, upstream

    async def serve(self, wire, request):
        """Answer one request."""
        method, target = request.method.decode(), request.target.decode("ascii", "replace")
        if method == "CONNECT":
            place = split(target, 443)
        else:
            place = _place(target)
        if place is None:
            await sentence(wire, 400, "this is a proxy for CONNECT host:port and for http://host/... requests")
            return
        reached, by_proxy = await self._reach(wire, method, *place)
        if reached is None:
            return
        try:
            if method == "CONNECT":
                await _tunnel(wire, *reached)
            else:
                credential = self._upstream.credential if by_proxy else None
                other = Wire(h11.CLIENT, *reached, _SILENCE)
                if words := await _plain(wire, request, other, credential):
                    await self._missed(wire, *place, words)
        finally:
            reached[1].close()

    async def _reach(self, wire, method, host, port):
        """Connect to the address that was checked, or to the proxy, which looks the name up; say which.

        :return: None instead of a connection if there is none; the agent was told so then.
        """
        try:
            rule = self._egress.rule(host, port)
            if not rule.private and self._upstream.proxied(host, port):
                if method == "CONNECT":
                    return await self._upstream.tunnel(host, port), True
                if method not in _PLAIN:  # TRACE would bring the proxy's login back
                    await sentence(wire, 405, f"{method} is not sent through {self._upstream.name}")
                    return None, True
                return await self._upstream.dial(), True
            address = await self._egress.address(host, port)
            async with asyncio.timeout(_CONNECT):
                return await asyncio.open_connection(address, port, limit=CHUNK), False
        except Refused as error:
            await self._account.refuse(f"{host}:{port}", str(error))
            await sentence(wire, 403, str(error))
        except (Unresolved, Untrusted, Lost) as error:
            await self._missed(wire, host, port, str(error))
        except (OSError, TimeoutError) as error:
            words = getattr(error, "strerror", None) or type(error).__name__
            await self._missed(wire, host, port, f"{host}:{port} cannot be reached: {words}")
        return None, False

    async def _missed(self, wire, host, port, words):
        await self._account.miss(f"{host}:{port}", words)
        await sentence(wire, 502, words)


def _place(target):
    try:
        url = urlsplit(target)
        if url.scheme != "http" or not url.hostname:
            return None
        return url.hostname.rstrip(".").lower(), url.port or 80
    except ValueError:
        return None


async def _tunnel(wire, reader, writer):
    """Carry bytes both ways until both sides have ended."""
    while isinstance(await wire.receive(), h11.Data | h11.EndOfMessage) and wire.http.their_state is h11.SEND_BODY:
        continue
    await wire.send(h11.Response(status_code=200, reason=b"Connection established", headers=[]))
    early, _ = wire.http.trailing_data
    writer.write(early)
    async with asyncio.TaskGroup() as both:
        both.create_task(_carry(wire.reader, writer))
        both.create_task(_carry(reader, wire.writer))


async def _carry(reader, writer):
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def _plain(wire, request, other, credential):
    """Pass one request on and its answer back, both as they come; return in words why there is none.

    :param credential: header for the proxy that `other` is; None: it is the host itself.
    """
    url = urlsplit(request.target.decode("ascii"))
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    head = [(name, value) for name, value in headers.passed(request.headers) if name != b"host"]
    head += [(b"host", url.netloc.rpartition("@")[2].encode()), (b"connection", b"close")]
    if headers.value_of(request.headers, b"transfer-encoding"):
        head.append((b"transfer-encoding", b"chunked"))
    if credential is not None:
        path = f"http://{url.netloc.rpartition('@')[2]}{path}"
        head += credential
    try:
        await other.send(h11.Request(method=request.method, target=path.encode(), headers=head))
        while isinstance(event := await wire.receive(), h11.Data):
            await other.send(event)
        await other.send(h11.EndOfMessage())
        while isinstance(event := await other.receive(), h11.InformationalResponse):
            continue
        if not isinstance(event, h11.Response):
            raise Lost("closed without an answer")
    except Lost as error:
        return f"{url.netloc.rpartition('@')[2]} did not answer: {error}"  # without its login: people read this
    try:
        await wire.send(h11.Response(status_code=event.status_code, headers=headers.passed(event.headers)))
        while isinstance(event := await other.receive(), h11.Data):
            await wire.send(event)
        await wire.send(h11.EndOfMessage())
    except Lost:
        wire.close(abort=True)
        raise
