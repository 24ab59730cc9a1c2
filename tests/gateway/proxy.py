"""A company's proxy: CONNECT and absolute addresses, with or without a login, by HTTP or by TLS."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_OK = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class Proxy:
    """The server, and the first lines of what it was asked.

    :param names: where it leads a name; other names lead nowhere.
    :param status: what it answers instead; 0: it does what it is asked.
    :param inside: address of the machine that has all names.
    """

    names: dict[str, int]
    login: str = ""
    status: int = 0
    url: str = ""
    inside: str = "127.0.0.1"
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def answer(self, peer: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (part := peer.recv(65536)):
                return
            head += part
        text = head.partition(b"\r\n\r\n")[0].decode()
        self.asked.append(text.splitlines()[0])
        self.heads.append(text)
        wanted = base64.b64encode(self.login.encode()).decode()
        status = self.status or (407 if self.login and f"basic {wanted}".lower() not in text.lower() else 0)
        method, target, _ = text.splitlines()[0].split()
        if method != "CONNECT":
            body = b"by proxy" if not status else b"no"
            peer.sendall(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status or 200, len(body), body))
        elif status or target not in self.names:
            peer.sendall(b"HTTP/1.1 %d No\r\ncontent-length: 6\r\n\r\nsecret" % (status or 502))
        else:
            with socket.create_connection((self.inside, self.names[target])) as other:
                peer.sendall(_OK)
                other.sendall(head.partition(b"\r\n\r\n")[2])
                back = threading.Thread(target=_carry, args=(other, peer))
                back.start()
                _carry(peer, other)
                back.join()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def serving(proxy: Proxy, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Proxy]:
    """Serve, on loopback if nothing else is said, until the end of the context."""
    server = socket.create_server((host, 0), backlog=64)
    proxy.url = f"{'https' if tls else 'http'}://{host}:{server.getsockname()[1]}"

    def one(peer: socket.socket) -> None:
        with suppress(OSError), peer if tls is None else tls.wrap_socket(peer, server_side=True) as spoken:
            proxy.answer(spoken)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
