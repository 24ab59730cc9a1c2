"""Reach an engine by the ssh program of this machine, with the keys and hosts that its configuration has.

The Docker client's own way needs a library for ssh even where it runs the program.
"""

from __future__ import annotations

import socket
import subprocess
import threading
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

_QUIET = (
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=20",
    "-o",
    "ServerAliveInterval=30",
    "-T",
)  # a question to nobody would wait for ever
_FORWARD = ("docker", "system", "dial-stdio")


def command(url: str) -> list[str]:
    """Return the command that connects its own input and output with the engine's socket."""
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    return ["ssh", *_QUIET, *user, *port, "--", str(parts.hostname), *_FORWARD]


class _Connection(HTTPConnection):
    """Speak HTTP with a program instead of a host."""

    def __init__(self, argv: list[str], timeout: Any) -> None:
        super().__init__("localhost", timeout=timeout)
        self._argv = argv

    def connect(self) -> None:
        """Start the program with one end of a pair of sockets, and keep the other.

        It ends when the last user of that end closes it: a response may go on after this connection is closed.
        """
        own, its = socket.socketpair()
        with its:
            process = subprocess.Popen(self._argv, stdin=its.fileno(), stdout=its.fileno(), start_new_session=True)
        threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie
        own.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
        self.sock = own


class _Pool(HTTPConnectionPool):
    """Make such connections."""

    def __init__(self, argv: list[str], timeout: float) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=10)
        self._argv = argv

    def _new_conn(self) -> _Connection:
        return _Connection(self._argv, self.timeout.connect_timeout)


class SshAdapter(HTTPAdapter):
    """Send every request of a session over ssh.

    :param url: `ssh://user@host:port` of the engine's machine.
    :param timeout: seconds of silence after which it counts as gone.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._pool = _Pool(command(url), timeout)
        super().__init__()

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Return the one pool, whatever the address."""
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> str:
        """Return the path of a request: no proxy is asked."""
        return str(request.path_url)

    def close(self) -> None:
        """Close all connections, by which their programs end."""
        self._pool.close()
        super().close()
