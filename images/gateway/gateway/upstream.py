"""Open connections to the outside: straight, or through the proxy that the policy names."""

import asyncio
import ipaddress
import ssl
from urllib.parse import urlsplit

import h11

from gateway.wire import CHUNK, Lost, Wire

_CONNECT = 15.0  # seconds
_PATIENCE = 60.0  # seconds for which a proxy may be silent before it has answered
#: What follows from a status of the proxy.
_ADVICE = {407: ", so it does not take our login", 403: ", so it does not let this host be reached"}


class Untrusted(Exception):
    """A server's certificate is not one that this gateway trusts."""


class Upstream:
    """The way out.

    :param policy: see `gateway.policy`.
    :param login: base64 of `name:password` for the proxy; empty: it wants none.
    """

    def __init__(self, policy, login):
        self.context = _context(policy.ca)
        url = urlsplit(policy.proxy or "")
        self._host, self._tls = url.hostname or "", url.scheme == "https"
        self._port = url.port or (443 if self._tls else 80) if self._host else 0
        self._direct = [_Direct(text) for text in policy.no_proxy]
        self.credential = [(b"proxy-authorization", f"Basic {login}".encode())] if login else []

    @property
    def name(self):
        """Return what the proxy is called in messages."""
        return f"the proxy {self._host}:{self._port}"

    def proxied(self, host, port):
        """Say whether a host is reached through the proxy."""
        return bool(self._host) and not any(entry.covers(host, port) for entry in self._direct)

    async def reach(self, host, port, *, tls):
        """Return a reader and a writer to a host, through the proxy where it is for that host.

        :param tls: whether the host is spoken to by TLS, which ends here.
        :raises Lost: there is no connection; the words say why.
        :raises Untrusted: another server is there.
        """
        context = self.context if tls else None
        if not self.proxied(host, port):
            return await _opened(host, port, context)
        reader, writer = await self.tunnel(host, port)
        if context:
            try:
                async with asyncio.timeout(_CONNECT):
                    await writer.start_tls(context, server_hostname=host)
            except ssl.SSLCertVerificationError as error:
                writer.close()
                raise Untrusted(error.verify_message) from None
            except (OSError, TimeoutError) as error:
                writer.close()
                raise Lost(f"no TLS through {self.name}: {_words(error)}") from None
        return reader, writer

    async def dial(self):
        """Return a reader and a writer to the proxy itself."""
        try:
            return await _opened(self._host, self._port, self.context if self._tls else None)
        except Lost as error:
            raise Lost(f"{self.name} cannot be reached: {error}") from None

    async def tunnel(self, host, port):
        """Ask the proxy for a connection to a host; return its reader and writer.

        :raises Lost: it gives none; of its answer only the status is told, for an agent may read the words.
        """
        reader, writer = await self.dial()
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        wire = Wire(h11.CLIENT, reader, writer, _PATIENCE)
        try:
            head = [(b"host", named.encode()), *self.credential]
            await wire.send(h11.Request(method="CONNECT", target=named.encode(), headers=head), h11.EndOfMessage())
            while isinstance(event := await wire.receive(), h11.InformationalResponse):
                continue
            if not isinstance(event, h11.Response):
                raise Lost(f"{self.name} closed without an answer")
            if event.status_code // 100 != 2:
                raise Lost(f"{self.name} answers {event.status_code}{_ADVICE.get(event.status_code, '')}")
        except BaseException:
            wire.close(abort=True)
            raise
        return reader, writer


class _Direct:
    """An entry of no_proxy: a host with all below it, an address, a network, or * for everything."""

    def __init__(self, text):
        name, _, port = text.strip().lower().rpartition(":") if text.count(":") == 1 else (text.strip().lower(), "", "")
        self._port = int(port) if port.isdecimal() else 0
        self._name = name.removeprefix("*.").strip(".")
        try:
            self._network = ipaddress.ip_network(name.strip("[]"), strict=False)
        except ValueError:
            self._network = None

    def covers(self, host, port):
        if self._port not in (0, port):
            return False
        if self._name == "*":
            return True
        if self._network is None:
            return host == self._name or host.endswith(f".{self._name}")
        try:
            return ipaddress.ip_address(host) in self._network
        except ValueError:
            return False


async def _opened(host, port, context):
    try:
        async with asyncio.timeout(_CONNECT):
            return await asyncio.open_connection(host, port, ssl=context, limit=CHUNK)
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(error.verify_message) from None
    except TimeoutError:
        raise Lost(f"no connection within {_CONNECT:g} s") from None
    except OSError as error:
        raise Lost(_words(error)) from None


def _words(error):
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _context(ca):
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return context
